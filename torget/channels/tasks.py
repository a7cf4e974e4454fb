"""What is done with accounts by the clock."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from torget.channels import sysmail  # noqa: F401 - its job is found by being imported here
from torget.channels.upkeep import examine_due


@app.periodic(cron="*/10 * * * *")
@app.task(name="channels.examine", queueing_lock="channels.examine", pass_context=False)
def examine_accounts(timestamp: int) -> None:
    """See how the accounts are: the healthy once a day, the ailing every ten minutes."""
    examine_due(at=timezone.now())
