"""What stands in a part without its transfer encoding (RFC 2045 §6); what can be decoded, is."""

from __future__ import annotations

import base64
import binascii
import re
from email.errors import MessageError
from email.message import Message

from torget.protocols.plaintext import one_line

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_PADDING = re.compile(rb"=[=\s]*")
# A line with spaces in it, or with other signs, is no base64: a list's footer, in plain words.
_PLAIN_LINE = re.compile(
    rb"^[^\S\r\n]*(?=[^\r\n]*[^A-Za-z0-9+/=\s]|[^\r\n]*\S[ \t]+\S)", re.MULTILINE
)
_MOST_PIECES = 200_000
_MOST_FOOTER = 20_000
STUMBLES = (ValueError, LookupError, TypeError, AttributeError, MessageError)


def decoded(part: Message) -> tuple[bytes, bool]:
    """The content, and whether it is damaged."""
    encoding = one_line(str(part.get("content-transfer-encoding", ""))).lower().strip("\"' ;")
    if encoding == "base64":
        return from_base64(str(part.get_payload()).encode("utf-8", "surrogateescape"))
    try:
        # Asking for the undecoded payload would make text of it by the declared charset, and lose what does not fit.
        content = part.get_payload(decode=True)
    except (*STUMBLES, binascii.Error):
        content = None
    if isinstance(content, bytes):
        return content, False
    return str(part.get_payload()).encode("utf-8", "replace"), True


def from_base64(raw: bytes) -> tuple[bytes, bool]:
    """The bytes, and whether some are lost. Padding ends a piece, not the whole: some encode a text in several.

    List servers write plain footers below, and broken gateways truncate: what is there is decoded, plain lines after
    the padding stay as they are.
    """
    raw, footer = _without_footer(raw)
    pieces = _PADDING.split(raw, maxsplit=_MOST_PIECES)
    out: list[bytes] = []
    damaged = False
    for number, piece in enumerate(pieces):
        letters = _NOT_BASE64.sub(b"", piece)
        padded = number < len(pieces) - 1
        damaged |= len(letters) % 4 == 1 or (len(letters) % 4 != 0 and not padded)
        letters = letters[: len(letters) - (len(letters) % 4 == 1)]
        try:
            out.append(base64.b64decode(letters + b"=" * (-len(letters) % 4)))
        except binascii.Error:
            out.append(piece)
            damaged = True
    return b"".join(out) + footer, damaged


def _without_footer(raw: bytes) -> tuple[bytes, bytes]:
    padding = _PADDING.search(raw)
    if not padding:
        return raw, b""
    plain = _PLAIN_LINE.search(raw, padding.end())
    if not plain or len(raw) - plain.start() > _MOST_FOOTER:
        return raw, b""
    return raw[: plain.start()], b"\n" + raw[plain.start() :]
