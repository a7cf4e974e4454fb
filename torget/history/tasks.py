"""Sealing history every minute."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from torget.history.seal import seal


@app.periodic(cron="* * * * *")
@app.task(name="history.seal", queueing_lock="history.seal", pass_context=False)
def seal_history(timestamp: int) -> None:
    """Seal what was written since the last minute."""
    seal(at=timezone.now())
