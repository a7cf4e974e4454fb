"""A random key that lives for a day: what is hashed with it names nobody once the day is over, to us neither.

Shared by all processes as one row of an unlogged table: it is in no backup and in no write-ahead log.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime

from django.utils import timezone
from django.utils.crypto import salted_hmac

from torget.people.models import DayKey


def name_of_the_day(purpose: str, *parts: str, at: datetime) -> str:
    """A name that is the same all day and that nobody can turn back or reckon again afterwards."""
    text = "\x00".join(parts)
    return salted_hmac(
        f"{purpose} of the day", text, secret=_key(timezone.localdate(at))
    ).hexdigest()


def _key(today: date) -> bytes:
    row = DayKey.objects.filter(on=today).first()
    if row is None:
        # The first of a new day destroys the key of the day before, if the clock has not done it.
        destroy(before=today)
        fresh = DayKey(on=today, key=secrets.token_bytes(32))
        DayKey.objects.bulk_create([fresh], ignore_conflicts=True)
        row = DayKey.objects.get(on=today)  # another process may have been faster
    return bytes(row.key)


def destroy(*, before: date) -> int:
    """Destroy the keys of days gone by; how many."""
    return DayKey.objects.filter(on__lt=before).delete()[0]
