"""What the house does by the clock: forgetting by the rules of every room."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from torget.people.retention import forget_all


@app.periodic(cron="40 * * * *")
@app.task(name="config.forget", queueing_lock="config.forget", pass_context=False)
def forget_by_rule(timestamp: int) -> None:
    """Each hour: what every room's rules say is forgotten, in batches with a bound."""
    forget_all(at=timezone.now())
