"""When a delivery that did not arrive is tried again."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from random import uniform

from torget.adapters.activitypub.inbox_deliveries import WAITS_SECONDS
from torget.channels.http import Response

LONGEST_RETRY_AFTER = timedelta(days=1)


def due_again(attempts: int, at: datetime) -> datetime | None:
    """When a delivery is tried again after so many attempts, a little apart from the others; None: it is given up."""
    if attempts > len(WAITS_SECONDS):
        return None
    return at + timedelta(seconds=WAITS_SECONDS[attempts - 1] * uniform(0.8, 1.2))  # noqa: S311 - only to spread them


def asked_to_wait(answer: Response, at: datetime) -> datetime | None:
    """Until when a server asks us to wait (RFC 9110 §10.2.3), if it does; a day at most."""
    header = answer.headers.get("retry-after", "")
    if answer.status not in {429, 503} or not header:
        return None
    if header.isascii() and header.isdigit():
        return at + min(timedelta(seconds=int(header[:6])), LONGEST_RETRY_AFTER)
    try:
        return min(parsedate_to_datetime(header), at + LONGEST_RETRY_AFTER)
    except (ValueError, TypeError):
        return None
