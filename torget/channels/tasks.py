"""What is done with accounts by the clock."""

from __future__ import annotations

import logging
from datetime import datetime

from torget.channels import sysmail  # noqa: F401 - its job is found by being imported here
from torget.channels.timestamping import NotStamped, stamp

log = logging.getLogger(__name__)


def stamp_seal(*, at: datetime) -> None:
    """Each morning: have the newest seal stamped, where an authority is set."""
    try:
        stamp(at=at)
    except NotStamped as fault:
        log.error("%s", fault)
