"""Bytes to a Mail: the parser, its limits, and who the mail is."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser

from torget.protocols.mail import bodies, headers
from torget.protocols.mail.values import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_HEADER_BYTES,
    MAX_HEADERS,
    MAX_PARTS,
    MAX_TEXT_CHARS,
    Address,
    BadMail,
    Mail,
)
from torget.protocols.plaintext import one_line

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
_WHITE = b" \t\r\n\v\f"
_LONGEST_ID = 300
_OLDEST = datetime(1990, 1, 1, tzinfo=UTC)

# What Python's parser is known to raise on hostile input; all of it means that the mail is broken.
STUMBLES = (
    *(ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError),
    *(MessageError, OverflowError, MemoryError),
)


def read(raw: bytes, *, received_at: datetime) -> Mail:
    """Understand a mail as far as it goes (RFC 5322, RFC 2045–2047, RFC 3676, RFC 3464). Pure and deterministic.

    Raises:
        BadMail: empty, beyond the limits of `values`, or so broken that not even headers can be read.
    """
    _refuse_bombs(raw)
    try:
        return _read(raw, received_at)
    except BadMail:
        raise
    except STUMBLES as fault:
        raise BadMail("broken") from fault


def identity(raw: bytes) -> str:
    """Who this mail is, for telling doubles: its Message-ID and a hash of its body, `id#hash`. Never raises.

    One mail delivered twice (by another route, fetched again after a new UIDVALIDITY) has one identity: trace headers
    and whitespace do not count. Two mails with one Message-ID and different bodies have two, so neither is lost.
    """
    head, body = _split(raw)
    digest = _digest(body)
    return f"{_short(_given_id(head) or _made_id(head, digest))}#{digest[:16]}"


def _split(raw: bytes) -> tuple[bytes, bytes]:
    end = _HEADER_END.search(raw, 0, MAX_HEADER_BYTES)
    return (raw[: end.start()], raw[end.end() :]) if end else (raw[:MAX_HEADER_BYTES], b"")


def _head_value(head: bytes, name: bytes) -> str:
    found = re.search(
        rb"^" + name + rb"[ \t]*:((?:.*)(?:\r?\n[ \t].*)*)", head, re.IGNORECASE | re.MULTILINE
    )
    return one_line(found[1].decode("utf-8", "replace")) if found else ""


def _given_id(head: bytes) -> str:
    return next(iter(headers.message_ids(_head_value(head, b"message-id"))), "")


def _digest(body: bytes) -> str:
    return hashlib.sha256(body.translate(None, _WHITE)).hexdigest()


def _made_id(head: bytes, digest: str) -> str:
    seed = "\n".join((_head_value(head, b"from"), _head_value(head, b"date"), digest))
    return f"{hashlib.sha256(seed.encode()).hexdigest()[:32]}@no-message-id.invalid"


def _short(message_id: str) -> str:
    if len(message_id) <= _LONGEST_ID:
        return message_id
    return f"{hashlib.sha256(message_id.encode()).hexdigest()[:32]}@long-message-id.invalid"


def _refuse_bombs(raw: bytes) -> None:
    if not raw.strip():
        raise BadMail("empty")
    if len(raw) > MAX_BYTES or raw.count(b"\n") > MAX_LINES:
        raise BadMail("too_large")
    head, _ = _split(raw)
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
    if any(len(found[1]) > MAX_PARAMETER_CHARS for found in _PARAMETERS.finditer(raw)):
        raise BadMail("headers")


def _gaps(raw: bytes) -> int:
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # all three end a line for the parser
    return sum(1 for _gap in _GAP.finditer(lines))


def _delimiters(raw: bytes) -> int:
    boundaries = {found[1] or found[2] for found in _BOUNDARY.finditer(raw)}
    return sum(raw.count(b"\n--" + boundary) for boundary in sorted(boundaries)[:20])


def _refuse_forest(message: Message) -> None:
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


def _read(raw: bytes, received_at: datetime) -> Mail:
    message = BytesParser().parsebytes(raw)
    _refuse_forest(message)
    found = headers.raw_headers(message)
    if len(found) > MAX_HEADERS:
        raise BadMail("headers")
    if not found and not str(message.get_payload()).strip():
        raise BadMail("broken")
    first = dict(reversed(found))
    head, body = _split(raw)
    given = _given_id(head)
    digest = _digest(body)
    message_id = _short(given or _made_id(head, digest))
    dated = headers.date(first.get("date", ""))
    plausible = dated is not None and _OLDEST < dated < received_at + timedelta(days=1)
    content = bodies.collect(message)
    text = content.text
    return Mail(
        identity=f"{message_id}#{digest[:16]}",
        message_id=message_id,
        synthetic_id=not given,
        sender=_mailbox(first.get("from", "") or first.get("sender", "")),
        reply_to=_mailbox(first.get("reply-to", "")),
        to=_mailboxes(found, "to"),
        cc=_mailboxes(found, "cc"),
        subject=headers.plain(first.get("subject", ""), 500),
        date=min(dated, received_at) if dated and plausible else received_at,
        date_given=plausible,
        in_reply_to=headers.message_ids(first.get("in-reply-to", "")),
        references=headers.message_ids(first.get("references", "")),
        text=text[:MAX_TEXT_CHARS],
        from_html=content.from_html,
        encrypted=content.encrypted,
        truncated=content.truncated or len(text) > MAX_TEXT_CHARS,
        attachments=tuple(content.attachments),
        report=content.report,
        headers=tuple((name, one_line(value, 2000)) for name, value in found),
    )


def _mailbox(value: str) -> Address:
    return next(iter(headers.addresses(value)), Address(""))


def _mailboxes(found: list[tuple[str, str]], name: str) -> tuple[Address, ...]:
    return tuple(
        address for key, value in found if key == name for address in headers.addresses(value)
    )
