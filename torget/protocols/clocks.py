"""Times as others write them, read in one place for all channels; and how far a stranger's clock is believed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

# Farther from the receipt than this a time is what its sender claims. A mail server tries for five days at most
# (RFC 5321 §4.5.4.1), and the first reading of a network or feed goes a week back.
FAR = timedelta(days=8)
_AHEAD = timedelta(hours=1)  # honest clocks are minutes ahead; who writes no zone may be an hour
_MOST_CHARS = 120
# Nobody means these; at the ends of the calendar a time cannot even be told in another zone.
_EARLIEST, _LATEST = 1000, 3000
_LONGEST_OFFSET = timedelta(hours=14)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan",
            "feb fév fev",
            "mar mär mrz",
            "apr avr",
            "may mai maj mei",
            "jun juin",
            "jul juil",
            "aug aoû aou",
            "sep",
            "oct okt",
            "nov",
            "dec des dez déc",
        ),
        1,
    )
    for name in names.split()
}
# By name only where a name has one meaning; IST and CST have several. Offsets in hours.
_ZONES = {
    **dict.fromkeys(("z", "utc", "ut", "gmt", "wet"), 0.0),
    **dict.fromkeys(("cet", "met", "mez", "bst", "west"), 1.0),
    **dict.fromkeys(("cest", "mest", "mesz", "eet"), 2.0),
    **dict.fromkeys(("eest", "msk"), 3.0),
    "ast": -4.0,
    "edt": -4.0,
    "est": -5.0,
    "cdt": -5.0,
    "mdt": -6.0,
    "mst": -7.0,
    "pdt": -7.0,
    "pst": -8.0,
    "akst": -9.0,
    "hst": -10.0,
    "nst": -3.5,
    "jst": 9.0,
}
# Words that stand around a time and change nothing of it.
_FILLING = re.compile(
    r"(?:mon|tue|wed|thu|fri|sat|sun|tues|wednes|thurs|satur|man|tir|tirs|ons|tor|tors|fre|lør|søn|mån|tys|lau|laur)"
    r"(?:day|dag)?|kl|klokken|klokka|at|den|the|um|uhr|of|t"
)

_DIGITS = re.compile(r"[+-]?\d{4,19}(?:\.\d{1,9})?")
_JSON_DATE = re.compile(r"/?date\((-?\d{4,19})(?:[+-]\d{4})?\)/?")
# Who writes dates the Scandinavian or German way and no zone means the clock on the wall here.
_CENTRAL = ZoneInfo("Europe/Oslo")
_WRITTEN_HERE = re.compile(
    r"\b(?:kl|klokken|klokka|uhr|mai|okt|des|dez|januar|februar|mars|juni|juli|oktober|desember)\b"
    r"|\b(?:man|tir|tirs|ons|tor|tors|fre|lør|lørs|søn|mån|tys|lau|laur|sun)(?:dag)?\b(?<!\bsun)|\d\.\s?\d{1,2}\.\s?\d{2}"
)
_COMMENT = re.compile(r"\([^()]*\)")
_MONTH = r"(?P<month>[a-zæøåäöüéû]{3,10})"
_YEAR = r"(?P<year>\d{4}|\d{2})"
_DATES = [
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)(?P<year>\d{4})[-/.](?P<number>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)",
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[.,\s-]{{1,3}}{_MONTH}[.,\s-]{{1,3}}{_YEAR}(?!\d|:)",
        rf"{_MONTH}[.\s]{{1,2}}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[,\s]{{1,2}}(?P<year>\d{{4}})(?!\d)",
        rf"(?<!\d)(?P<day>\d{{1,2}})\.\s?(?P<number>\d{{1,2}})\.\s?{_YEAR}(?!\d)",
        r"(?<!\d)(?P<first>\d{1,2})[/-](?P<second>\d{1,2})[/-](?P<year>\d{4})(?!\d)",
    )
]
_ASCTIME = re.compile(rf"{_MONTH}\s+(?P<day>\d{{1,2}})\s(?P<between>.*\s)(?P<year>\d{{4}})\s*$")
_TIME = re.compile(
    r"(?<!\d)(?P<hour>\d{1,2})(?P<sign>[:.])(?P<minute>\d{2})(?:(?P=sign)(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?m\b\.?)?"
)
_HOUR = re.compile(r"(?<!\d)(?P<hour>\d{1,2})\s*(?P<half>[ap]\.?m\b\.?)")
_OFFSET = re.compile(
    r"(?:utc|gmt|z)?\s*(?P<sign>[+\u2212-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?(?!\d)"
)
_PLACE = re.compile(r"[a-z]+/[a-z_]+(?:/[a-z_]+)?")
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Believed:
    """When something is taken to have been said; `claimed_at` is what its sender says, where that is not believed."""

    at: datetime
    claimed_at: datetime | None = None


def believed(said_at: datetime | None, received_at: datetime) -> Believed:
    """A time from outside beside the one we know: one far from the receipt is only what its sender claims.

    Nothing is said in the future; a clock less than an hour ahead is not worth a word.
    """
    if said_at is None or not _EARLIEST < said_at.year < _LATEST:
        return Believed(received_at)
    if said_at > received_at:
        return Believed(received_at, said_at if said_at - received_at > _AHEAD else None)
    if received_at - said_at > FAR:
        return Believed(received_at, said_at)
    return Believed(said_at)


def when(value: Any) -> datetime | None:
    """A point in time, aware and in UTC, of whatever a stranger's program wrote; None when it cannot be told.

    Read are RFC 3339 and ISO 8601, RFC 5322 with zones by offset or name, C's asctime, JavaScript's, AM and PM, dates
    with month names in English, Norwegian, Swedish, Danish and German, and numbers since 1970 in seconds, milli-, micro-
    or nanoseconds. What tells no zone is UTC, or our own time when it is written as people here write. A zone nobody
    can be sure of gives None: no time is better than a wrong one.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _of_number(value)
    if not isinstance(value, str) or not 0 < len(text := value.strip()) <= _MOST_CHARS:
        return None
    try:
        moment = _read(text)
        at = moment.astimezone(UTC) if moment else None
        return at if at and _EARLIEST < at.year < _LATEST else None
    except (ValueError, OverflowError):
        return None


def _of_number(number: float) -> datetime | None:
    """Since 1970, in the unit its size tells: seconds reach 10^11 in the year 5138."""
    for power in (11, 14, 17, 20):
        if abs(number) < 10**power:
            seconds = number / 10 ** (power - 11)
            # Below is no time but a count, or nothing: 10^8 is 1973.
            return datetime.fromtimestamp(seconds, UTC) if seconds >= 10**8 else None
    return None


def _read(text: str) -> datetime | None:
    if _DIGITS.fullmatch(text):
        return _compact(text) or _of_number(float(text))
    low = text.casefold()
    if milliseconds := _JSON_DATE.fullmatch(low):
        return _of_number(int(milliseconds[1]))
    try:
        return _placed(datetime.fromisoformat(text))
    except ValueError:
        zone = _CENTRAL if _WRITTEN_HERE.search(low) else UTC
        return _worded(_COMMENT.sub(" ", low), zone)


def _placed(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _compact(text: str) -> datetime | None:
    """20261130, 202611300900, 20261130090000: dates without signs between."""
    shape = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}.get(len(text))
    if shape is None or text[:2] not in {"19", "20"}:
        return None
    try:
        return _placed(datetime.strptime(text, shape))  # noqa: DTZ007 - placed in its zone
    except ValueError:
        return None


def _worded(text: str, zone: tzinfo) -> datetime | None:
    """A date, the time of day behind it or before it, and the zone among what is left."""
    half = bool(re.search(r"\d\s*[ap]\.?m\b", text))
    day, rest = _date_in(text, half=half)
    if day is None:
        return None
    clock = _TIME.search(rest) or _HOUR.search(rest)
    if clock is None:
        # "…T9" and the like: a time there is, but not one we can read.
        return day.replace(tzinfo=zone) if not re.search(r"\d", rest) else None
    named_zone = _zone_in(f"{rest[: clock.start()]} {rest[clock.end() :]}", zone)
    at = day + _time_of(clock)
    return at.replace(tzinfo=named_zone) if named_zone else None


def _date_in(text: str, *, half: bool) -> tuple[datetime | None, str]:
    """The day, and the text without it."""
    for pattern in _DATES:
        if (hit := pattern.search(text)) and (day := _day(hit.groupdict(), half=half)):
            return day, f"{text[: hit.start()]} {text[hit.end() :]}"
    hit = _ASCTIME.search(text)
    if hit and (day := _day(hit.groupdict(), half=half)):
        return day, f"{text[: hit.start()]} {hit['between']}"
    return None, text


def _day(groups: Mapping[str, str | None], *, half: bool) -> datetime | None:
    year = int(groups["year"] or 0)
    if len(groups["year"] or "") == 2:  # RFC 5322 §4.3, as POSIX parts them
        year += 2000 if year < 69 else 1900
    number, day = int(groups.get("number") or 0), int(groups.get("day") or 0)
    if groups.get("month"):
        number = _month(str(groups["month"]))
    elif groups.get("first"):
        first, second = int(groups["first"] or 0), int(groups["second"] or 0)
        # Only Americans write AM and PM and the month first; else a number beyond twelve must tell.
        if half or second > 12:
            number, day = first, second
        elif first > 12:
            number, day = second, first
    try:
        return datetime(year, number, day)  # noqa: DTZ001 - its zone is put on when it is known
    except ValueError:
        return None


def _month(word: str) -> int:
    return _MONTHS.get(word[:4], 0) or _MONTHS.get(word[:3], 0)


def _time_of(clock: re.Match[str]) -> timedelta:
    groups = clock.groupdict()
    hour, minute = int(groups["hour"]), int(groups.get("minute") or 0)
    second = min(int(groups.get("second") or 0), 59)  # a leap second is the last of its minute
    if half := groups.get("half"):
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    if hour > 24 or minute > 59:
        raise ValueError("no time of day")
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _zone_in(text: str, zone: tzinfo) -> tzinfo | None:
    """The zone told beside the time; the given one when none is, None when it is one nobody can be sure of."""
    if place := _PLACE.search(text):
        return _zone_of_place(place[0])
    if offset := _OFFSET.search(text):
        away = timedelta(hours=int(offset["hours"]), minutes=int(offset["minutes"] or 0))
        if away > _LONGEST_OFFSET:
            return None
        return timezone(away if offset["sign"] == "+" else -away)
    words = [word for word in _WORD.findall(text) if not _FILLING.fullmatch(word)]
    if not words:
        return zone
    hours = _ZONES.get(words[0]) if len(words) == 1 else None
    return None if hours is None else timezone(timedelta(hours=hours))


def _zone_of_place(name: str) -> tzinfo | None:
    written = "/".join("_".join(map(str.capitalize, part.split("_"))) for part in name.split("/"))
    try:
        return ZoneInfo(written)
    except (ValueError, KeyError, OSError):
        return None
