"""Bytes to a Mail: the parser, its limits, and who the mail is."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from email.errors import MessageError
from email.message import Message
from email.parser import BytesParser

from torget.protocols.clocks import believed
from torget.protocols.mail import bodies, calendars, headers
from torget.protocols.mail.guards import refuse_bombs, refuse_forest, split
from torget.protocols.mail.values import (
    MAX_HEADERS,
    MAX_TEXT_CHARS,
    Address,
    BadMail,
    Mail,
)
from torget.protocols.plaintext import one_line

_WHITE = b" \t\r\n\v\f"
_LONGEST_ID = 300
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
    refuse_bombs(raw)
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
    head, body = split(raw)
    digest = _digest(body)
    return f"{_short(_given_id(head) or _made_id(head, digest))}#{digest[:16]}"


def _head_value(head: bytes, name: bytes) -> str:
    match = re.search(
        rb"^" + name + rb"[ \t]*:((?:.*)(?:\r?\n[ \t].*)*)", head, re.IGNORECASE | re.MULTILINE
    )
    return one_line(match[1].decode("utf-8", "replace")) if match else ""


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


def _parsed(raw: bytes) -> Message:
    message = BytesParser().parsebytes(raw)
    refuse_forest(message)
    return message


def _nested(raw: bytes) -> Message:
    """A mail inside a mail: within the same limits, and no reason to refuse the whole."""
    try:
        refuse_bombs(raw)
        return _parsed(raw)
    except BadMail:
        return Message()


def _read(raw: bytes, received_at: datetime) -> Mail:
    message = _parsed(raw)
    raw_headers = headers.raw_headers(message)
    if len(raw_headers) > MAX_HEADERS:
        raise BadMail("headers")
    if not raw_headers and not str(message.get_payload()).strip():
        raise BadMail("broken")
    first = dict(reversed(raw_headers))
    head, body = split(raw)
    given_id = _given_id(head)
    digest = _digest(body)
    message_id = _short(given_id or _made_id(head, digest))
    dated = headers.date(first.get("date", ""))
    when = believed(dated, received_at)
    content = bodies.collect(message, bodies.Reader(raw, _nested))
    text = content.text
    return Mail(
        identity=f"{message_id}#{digest[:16]}",
        message_id=message_id,
        synthetic_id=not given_id,
        sender=_mailbox(first.get("from", "") or first.get("sender", "")),
        reply_to=_mailbox(first.get("reply-to", "")),
        to=_mailboxes(raw_headers, "to"),
        cc=_mailboxes(raw_headers, "cc"),
        subject=headers.plain(first.get("subject", ""), 500),
        date=when.at,
        date_given=dated is not None and when.claimed_at is None,
        claimed=when.claimed_at,
        in_reply_to=headers.message_ids(first.get("in-reply-to", "")),
        references=headers.message_ids(first.get("references", "")),
        text=text[:MAX_TEXT_CHARS],
        from_html=content.from_html,
        encrypted=content.encrypted,
        signature=content.signature,
        invitations=calendars.invitations(content.calendars),
        reaction=content.reaction,
        exact_mark=content.exact_mark,
        truncated=content.truncated or len(text) > MAX_TEXT_CHARS,
        attachments=tuple(content.attachments),
        report=content.report,
        headers=tuple((name, one_line(value, 2000)) for name, value in raw_headers),
    )


def _mailbox(value: str) -> Address:
    return next(iter(headers.addresses(value)), Address(""))


def _mailboxes(mailboxes: list[tuple[str, str]], name: str) -> tuple[Address, ...]:
    return tuple(
        address for key, value in mailboxes if key == name for address in headers.addresses(value)
    )
