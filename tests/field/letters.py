"""Mails to try: written in the test that tries them."""

from __future__ import annotations

import base64

from tests.field.test_mail import ACCOUNT, OWN, RECEIVED
from torget.adapters.email import adapter
from torget.channels.contract import AccountAccess, InboundMessage, NetworkEvent, RawItem

PLAIN = "Content-Type: text/plain; charset=utf-8"


def letter(body, kind="text/plain; charset=utf-8", *, encoding="8bit", subject="Hei", **headers):
    """A mail from Kari with that body; headers by name, with _ for -."""
    told = {
        "From": "Kari Nordmo <kari.nordmo@innbygger.example>",
        "To": OWN,
        "Subject": subject,
        "Message-ID": "<x1@innbygger.example>",
        "Date": "Mon, 30 Nov 2026 09:00:00 +0100",
        **{name.replace("_", "-"): value for name, value in headers.items()},
        "Content-Type": kind,
        "Content-Transfer-Encoding": encoding,
    }
    head = "".join(f"{name}: {value}\n" for name, value in told.items() if value is not None)
    return head.encode() + b"\n" + (body if isinstance(body, bytes) else body.encode())


def parted(kind, *parts, **headers):
    """A mail of several parts, each a head and a body."""
    body = b"".join(
        b"--b1\n"
        + head.encode()
        + b"\n\n"
        + (held if isinstance(held, bytes) else held.encode())
        + b"\n"
        for head, held in parts
    )
    return letter(
        body + b"--b1--\n", f'multipart/{kind}; boundary="b1"', encoding="7bit", **headers
    )


def understood(raw: bytes, account: AccountAccess = ACCOUNT) -> InboundMessage:
    """What it says."""
    [found] = adapter.parse(RawItem("", raw, "message/rfc822"), account, received_at=RECEIVED)
    assert isinstance(found, InboundMessage), found
    return found


def news(raw: bytes) -> NetworkEvent:
    """What it tells."""
    [found] = adapter.parse(RawItem("", raw, "message/rfc822"), ACCOUNT, received_at=RECEIVED)
    assert isinstance(found, NetworkEvent), found
    return found


def b64(content) -> bytes:
    """In base64, with line ends and padding."""
    return base64.encodebytes(content.encode() if isinstance(content, str) else content)
