"""Work the desk does by the clock."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from torget.desk.watchdog import watch


@app.periodic(cron="* * * * *")
@app.task(name="desk.watchdog", queueing_lock="desk.watchdog", pass_context=False)
def watchdog(timestamp: int) -> None:
    """Look for what stands still."""
    watch(at=timezone.now())
