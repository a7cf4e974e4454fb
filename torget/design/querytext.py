"""What an address asks for (numbers, times, where a page begins), read so that nothing written there is a fault of ours."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils.dateparse import parse_datetime

MOST_DIGITS = 18  # what the database's largest whole number certainly holds
_FIRST_YEAR, _LAST_YEAR = 1900, 2999


def number(text: str) -> int | None:
    """A whole number from 0, in plain digits; None for everything else."""
    plain = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if plain else None


def moment(text: str) -> datetime | None:
    """A point in time with its zone, in UTC, of a year people live in; None for everything else."""
    try:
        # A plus in an address arrives as a space.
        at = parse_datetime(text.replace(" ", "+")) if len(text) <= 40 else None
        if at is None or at.tzinfo is None or not _FIRST_YEAR <= at.year <= _LAST_YEAR:
            return None
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def mark(text: str) -> tuple[datetime | None, int] | None:
    """Where a page begins: after this time (None: after those that have one) and id, "<time>_<id>"; None for none."""
    at, line, row = text.rpartition("_")
    pk, time = number(row), moment(at)
    if not line or pk is None or (at and time is None):
        return None
    return time, pk
