"""Invitations and answers to them that come by mail (RFC 5545, RFC 5546, RFC 6047)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import Calendar

from torget.protocols.mail.values import Invitation
from torget.protocols.plaintext import clean, one_line

_MOST_CHARS = 200_000
_MOST_SHOWN = 10
_MOST_FILES = 5
_MOST_EVENTS = 500
_EARLIEST, _LATEST = 1000, 3000
_MOST_DESCRIPTION = 5_000
_EVENT = re.compile(
    r"^BEGIN:(VEVENT|VTODO)\b.*?(?:^END:\1\b|\Z)", re.MULTILINE | re.DOTALL | re.IGNORECASE
)
_ZONES = re.compile(
    r"^BEGIN:VTIMEZONE\b.*?^END:VTIMEZONE[^\n]*\n", re.MULTILINE | re.DOTALL | re.IGNORECASE
)
_METHOD = re.compile(r"^METHOD\s*:\s*([A-Za-z-]{1,20})", re.MULTILINE | re.IGNORECASE)
_FIELD = re.compile(
    r"^(SUMMARY|LOCATION|DESCRIPTION)(?:;[^:\n]*)?:(.*)$", re.MULTILINE | re.IGNORECASE
)
_LINE = re.compile(r"[ \t]|[A-Za-z0-9-]{1,60}[;:]")
_FOLD = re.compile(r"\r?\n[ \t]")
_ESCAPE = re.compile(r"\\([nN,;\\])")
# The library reads what it can; what it makes of the rest is no reason to lose a mail.
_STUMBLES = (
    *(ValueError, LookupError, TypeError, AttributeError, RecursionError, OverflowError),
    *(ArithmeticError, AssertionError, Warning),
)


def invitations(texts: Iterable[str]) -> list[Invitation]:
    """What the calendars of one mail say, each thing once, in time bounded by 200,000 signs a calendar."""
    invited: list[Invitation] = []
    for text in list(texts)[:_MOST_FILES]:
        for event in _of_one(text[:_MOST_CHARS]):
            # The same invitation comes as an alternative and as a file.
            if not any(_same(event, other) for other in invited):
                invited.append(event)
    return invited[:_MOST_SHOWN]


def _same(event: Invitation, other: Invitation) -> bool:
    return (event.summary, event.begins, event.place) == (other.summary, other.begins, other.place)


def _of_one(text: str) -> Sequence[Invitation]:
    method = line[1].upper() if (line := _METHOD.search(text)) else ""
    events = [match[0] for match in _EVENT.finditer(text)][:_MOST_EVENTS]
    zones = "".join(_ZONES.findall(text)[:10])
    read = [_event(event, zones, method) for event in events[:_MOST_SHOWN]]
    if read and len(events) > _MOST_SHOWN:
        read[-1] = replace(read[-1], more=len(events) - _MOST_SHOWN)
    return read


def _event(event: str, zones: str, method: str) -> Invitation:
    kind = event[6:].split(maxsplit=1)[0].upper()
    if not event.upper().rstrip().endswith(f"END:{kind}"):
        event = f"{event.rstrip()}\nEND:{kind}\n"
    whole_lines = "\n".join(line for line in event.splitlines() if _LINE.match(line))
    for lines in (f"{zones}{event}", event, whole_lines):
        try:
            calendar = Calendar.from_ical(f"BEGIN:VCALENDAR\n{lines.rstrip()}\nEND:VCALENDAR\n")
            return _read(next(iter(calendar.walk(kind))), method)
        except (*_STUMBLES, StopIteration):
            continue
    return _by_hand(event, method)


def _read(event: Any, method: str) -> Invitation:
    begins = _time(event.get("DTSTART") or event.get("DUE"))
    attendees = _many(event.get("ATTENDEE"))
    answer = next((_parameter(attendee, "PARTSTAT") for attendee in attendees), "")
    # What somebody writes with an answer stands for itself (RFC 5545 §3.8.1.4).
    texts = [_text(event, name, _MOST_DESCRIPTION) for name in ("COMMENT", "DESCRIPTION")]
    is_reply = method in ("REPLY", "COUNTER", "DECLINECOUNTER")
    rule = _many(event.get("RRULE"))
    frequency = rule[0].get("FREQ", [""]) if rule and hasattr(rule[0], "get") else [""]
    return Invitation(
        method=method,
        summary=_text(event, "SUMMARY", 300),
        begins=begins,
        ends=_end(event, begins),
        place=_text(event, "LOCATION", 500),
        description="\n\n".join(dict.fromkeys(words for words in texts if words)),
        organiser=_person(next(iter(_many(event.get("ORGANIZER"))), "")),
        answered_by=_person(next(iter(attendees), "")) if is_reply else "",
        answer=answer.upper()[:20] if is_reply else "",
        repeats=str(next(iter(frequency), ""))[:20].upper(),
        cancelled=method == "CANCEL" or _text(event, "STATUS", 20).upper() == "CANCELLED",
    )


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(event: Any, name: str, most: int) -> str:
    value = next(iter(_many(event.get(name))), "")
    text = clean(str(value), most)
    return text if name in ("COMMENT", "DESCRIPTION") else one_line(text, most)


def _read_of(value: Any, name: str) -> Any:
    """What the library made of a property; None where that is broken."""
    try:
        return getattr(value, name, None)
    except _STUMBLES:
        return None


def _parameter(value: Any, name: str) -> str:
    parameters = _read_of(value, "params")
    return one_line(str(parameters.get(name, "")), 200) if parameters else ""


def _person(value: Any) -> str:
    address = re.sub(r"\Amailto:", "", one_line(str(value), 320), flags=re.IGNORECASE)
    name = _parameter(value, "CN").strip('"')
    return f"{name} ({address})" if name and address and name != address else name or address


def _time(value: Any) -> datetime | date | None:
    at = _read_of(next(iter(_many(value)), None), "dt")
    if isinstance(at, date) and not _EARLIEST < at.year < _LATEST:
        return None
    if isinstance(at, datetime):
        if at.utcoffset() is None:
            return at.replace(tzinfo=None)
        # Another calendar's zone means nothing to whoever this is handed to: the moment does.
        return at.astimezone(UTC)
    return at if isinstance(at, date) else None


def _end(event: Any, begins: datetime | date | None) -> datetime | date | None:
    ends = _time(event.get("DTEND"))
    length = _read_of(event.get("DURATION"), "dt")
    if ends is None and begins is not None and isinstance(length, timedelta):
        ends = begins + length
    if ends is not None and not isinstance(ends, datetime):
        ends -= timedelta(days=1)  # the first day it does not last (RFC 5545 §3.6.1)
    if ends is None or begins is None or type(ends) is not type(begins):
        return None
    return ends if _comparable(ends, begins) and ends > begins else None


def _comparable(ends: datetime | date, begins: datetime | date) -> bool:
    return getattr(ends, "tzinfo", None) == getattr(begins, "tzinfo", None)


def _by_hand(event: str, method: str) -> Invitation:
    """Of an event the library makes nothing of: what it is, where, and what is said about it."""
    flat = _FOLD.sub("", event.replace("\r\n", "\n"))
    fields = {name.upper(): _ESCAPE.sub(_plain, value) for name, value in _FIELD.findall(flat)}
    return Invitation(
        method=method,
        summary=one_line(fields.get("SUMMARY", ""), 300),
        place=one_line(fields.get("LOCATION", ""), 500),
        description=clean(fields.get("DESCRIPTION", ""), _MOST_DESCRIPTION),
        cancelled=method == "CANCEL",
    )


def _plain(escape: re.Match[str]) -> str:
    return "\n" if escape[1] in "nN" else escape[1]
