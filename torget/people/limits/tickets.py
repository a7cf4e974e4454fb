"""Tickets of the slow lane: who was asked to wait or to work gets through once, without being counted again."""

from __future__ import annotations

import hashlib
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing

from torget.people.limits.counting import key_of, spend

SALT = "torget.people.limits.ticket"
LIVES = timedelta(minutes=30)
WAIT_SECONDS = 20
LONGEST_WAIT_SECONDS = 180
# About a second for a telephone, and a bit more for each time the flood doubles.
EASIEST_BITS, HARDEST_BITS = 18, 22
MOST_NONCE_CHARS = 20


@dataclass(frozen=True, slots=True)
class Ticket:
    """What must be true before a form goes through: the time has come, or the sum is found.

    Attributes:
        text: what is signed and sent along.
        opens_at: from when it holds by itself; None when only the sum opens it.
        bits: how many leading zero bits SHA-256 of `text:nonce` must have.
    """

    text: str
    opens_at: datetime | None
    bits: int


def issue(about: str, peer: str, *, share: float, ahead_seconds: float, at: datetime) -> Ticket:
    """A ticket for one form from one address.

    Args:
        about: the form's address.
        peer: the sender's address, as it is counted.
        share: how full the fullest bucket is, in parts of its value.
        ahead_seconds: how long it takes until those before have had their turn.
        at: now.
    """
    wait = WAIT_SECONDS + math.ceil(ahead_seconds)
    opens_at = at + timedelta(seconds=wait) if wait <= LONGEST_WAIT_SECONDS else None
    bits = min(HARDEST_BITS, EASIEST_BITS + int(math.log2(max(1.0, share))))
    content = {
        "a": _bound(about, peer),
        "i": secrets.token_urlsafe(12),
        "o": opens_at.timestamp() if opens_at else 0,
        "b": bits,
        "t": at.timestamp(),
    }
    return Ticket(signing.dumps(content, salt=SALT), opens_at, bits)


def read(text: str, about: str, peer: str, *, at: datetime) -> Ticket | None:
    """The ticket, if we gave it for this form and this address and it has not grown too old."""
    content = _opened(text)
    if content is None or content["a"] != _bound(about, peer):
        return None
    if at - datetime.fromtimestamp(content["t"], at.tzinfo) > LIVES:
        return None
    opens_at = datetime.fromtimestamp(content["o"], at.tzinfo) if content["o"] else None
    return Ticket(text, opens_at, content["b"])


def opens(ticket: Ticket, nonce: str, *, at: datetime) -> bool:
    """Whether the time has come or the sum is right."""
    if ticket.opens_at is not None and at >= ticket.opens_at:
        return True
    return (
        bool(nonce)
        and len(nonce) <= MOST_NONCE_CHARS
        and zero_bits(ticket.text, nonce) >= ticket.bits
    )


def use(ticket: Ticket, *, at: datetime) -> bool:
    """Spend the ticket; False when it was spent before."""
    content = _opened(ticket.text)
    return content is not None and spend("ticket", content["i"], at=at, lives=LIVES * 2)


def zero_bits(text: str, nonce: str) -> int:
    """Leading zero bits of SHA-256 of `text:nonce`."""
    digest = hashlib.sha256(f"{text}:{nonce}".encode()).digest()
    return 256 - int.from_bytes(digest).bit_length()


def _bound(about: str, peer: str) -> str:
    return key_of("ticket", about, peer).hex()[:24]


def _opened(text: str) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = signing.loads(text[:600], salt=SALT)
    except signing.BadSignature:
        return None
    return content
