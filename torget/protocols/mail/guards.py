"""Mails that would take a parser minutes are refused before it sees them."""

from __future__ import annotations

import re
from email.message import Message

from torget.protocols.mail.values import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_PARTS,
    BadMail,
)

MAX_LINES = 2_000_000
MAX_REPORT_GAPS = 10_000  # blank lines in a mail with a report
MAX_PARAMETER_CHARS = 8000
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r\r")
_NESTED = re.compile(rb"boundary\s*=|content-type:\s*message/", re.IGNORECASE)
_BOUNDARY = re.compile(
    rb"boundary\s*=\s*(?:\"([^\"\r\n]{1,200})\"|([^\s;\"]{1,200}))", re.IGNORECASE
)
_REPORT = re.compile(rb"message/delivery-status", re.IGNORECASE)
_GAP = re.compile(rb"\n(?=\n)")
_PARAMETERS = re.compile(
    rb"^content-(?:type|disposition):((?:.*)(?:\r?\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE
)


def split(raw: bytes) -> tuple[bytes, bytes]:
    """The headers and the body, as they stand."""
    end = _HEADER_END.search(raw, 0, MAX_HEADER_BYTES)
    return (raw[: end.start()], raw[end.end() :]) if end else (raw[:MAX_HEADER_BYTES], b"")


def refuse_bombs(raw: bytes) -> None:
    """Before the parser.

    Raises:
        BadMail: empty, or beyond the limits.
    """
    if not raw.strip():
        raise BadMail("empty")
    if len(raw) > MAX_BYTES or raw.count(b"\n") > MAX_LINES:
        raise BadMail("too_large")
    head, _ = split(raw)
    if len(head) >= MAX_HEADER_BYTES or head.count(b"\n") > 10 * MAX_HEADERS:
        raise BadMail("headers")
    # Before the parser: it recurses by nesting and tries every open boundary on every line.
    for count, _match in enumerate(_NESTED.finditer(raw)):
        if count > 2 * MAX_PARTS:
            raise BadMail("too_many_parts")
    if raw.count(b"\n--") > 10 * MAX_PARTS and _delimiters(raw) > 2 * MAX_PARTS:
        raise BadMail("too_many_parts")
    # In a report the parser makes a message of what stands between two blank lines.
    if _REPORT.search(raw) and _gaps(raw) > MAX_REPORT_GAPS:
        raise BadMail("too_many_parts")
    # Python splits parameters in quadratic time.
    if any(len(match[1]) > MAX_PARAMETER_CHARS for match in _PARAMETERS.finditer(raw)):
        raise BadMail("headers")


def _gaps(raw: bytes) -> int:
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # all three end a line for the parser
    return sum(1 for _gap in _GAP.finditer(lines))


def _delimiters(raw: bytes) -> int:
    boundaries = {match[1] or match[2] for match in _BOUNDARY.finditer(raw)}
    return sum(raw.count(b"\n--" + boundary) for boundary in sorted(boundaries)[:20])


def refuse_forest(message: Message) -> None:
    """After the parser.

    Raises:
        BadMail: more parts, or deeper, than anything honest.
    """
    parts = 0
    open_parts = [(message, 1)]
    while open_parts:
        part, depth = open_parts.pop()
        parts += 1
        if depth > MAX_DEPTH:
            raise BadMail("too_deep")
        if parts > MAX_PARTS:
            raise BadMail("too_many_parts")
        payload = part.get_payload()
        if isinstance(payload, list):
            open_parts.extend((child, depth + 1) for child in payload if isinstance(child, Message))
