"""What is done with accounts by the clock."""

from __future__ import annotations

import logging

from django.utils import timezone
from procrastinate.contrib.django import app

from torget.channels import sysmail  # noqa: F401 - its job is found by being imported here
from torget.channels.account_health import examine_due
from torget.channels.timestamping import NotStamped, stamp

log = logging.getLogger(__name__)


@app.periodic(cron="*/10 * * * *")
@app.task(name="channels.examine", queueing_lock="channels.examine", pass_context=False)
def examine_accounts(timestamp: int) -> None:
    """See how the accounts are: the healthy once a day, the ailing every ten minutes."""
    examine_due(at=timezone.now())


@app.periodic(cron="5 5 * * *")
@app.task(name="channels.stamp_seal", queueing_lock="channels.stamp_seal", pass_context=False)
def stamp_seal(timestamp: int) -> None:
    """Each morning: have the newest seal stamped, where an authority is set."""
    try:
        stamp(at=timezone.now())
    except NotStamped as fault:
        log.error("%s", fault)
