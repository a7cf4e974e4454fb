"""A part of a mail: what it is called, what it is, and as a file."""

from __future__ import annotations

from email.generator import BytesGenerator
from email.message import Message
from io import BytesIO

from torget.protocols.files import safe_name, sniff
from torget.protocols.mail import headers
from torget.protocols.mail.transfer import STUMBLES, decoded
from torget.protocols.mail.values import Part
from torget.protocols.plaintext import one_line

# Declared text types kept as declared: their content cannot be told from plain text.
_TEXT_KINDS = {"text/csv", "text/calendar", "text/vcard", "text/markdown"}


def children(part: Message) -> list[Message]:
    """The parts directly below."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return []
    return [child for child in payload if isinstance(child, Message)]


def kind(part: Message) -> str:
    """The declared media type, in lower case; plain text when it makes no sense (RFC 2045 §5.2)."""
    try:
        return part.get_content_type()
    except STUMBLES:
        return "text/plain"


def parameter(part: Message, name: str, header: str = "content-type") -> str:
    """A parameter of a header, or nothing."""
    try:
        value = part.get_param(name, "", header)
    except STUMBLES:
        return ""
    if isinstance(value, tuple):
        return str(value[2] or "")
    return str(value or "")


def file_name(part: Message) -> str:
    """What the part is called (RFC 2183 §2.3, RFC 2231 §3), or nothing."""
    for header, value in headers.raw_headers(part):
        if header in ("content-type", "content-disposition") and not value.isascii():
            # Otherwise every letter beyond ASCII comes out as a replacement mark.
            part.replace_header(header, value)
    for header in ("content-disposition", "content-type"):
        name = "filename" if header == "content-disposition" else "name"
        try:
            parameter = part.get_param(name, "", header)
        except STUMBLES:
            continue
        if text := headers.parameter_text(parameter):
            return headers.plain(text, 500)
    return ""


def disposition(part: Message) -> str:
    """`inline`, `attachment`, `reaction` or what else it says; nothing when it does not."""
    return one_line(str(part.get("content-disposition", ""))).partition(";")[0].strip().lower()


def as_file(part: Message, declared: str) -> Part:
    """The part as an attachment, known by its content."""
    content, damaged = _nested(part) if declared == "message/rfc822" else decoded(part)
    return file_of(
        content,
        file_name(part) or _nested_subject(part),
        declared,
        inline=disposition(part) == "inline",
        content_id=one_line(str(part.get("content-id", "")), 300).strip("<>"),
        attached=disposition(part) == "attachment",
        damaged=damaged,
    )


def file_of(
    content: bytes,
    name: str,
    declared: str,
    *,
    inline: bool = False,
    content_id: str = "",
    attached: bool = False,
    damaged: bool = False,
) -> Part:
    """Bytes as an attachment, under a safe name."""
    sniffed = "message/rfc822" if declared == "message/rfc822" else sniff(content)
    media_type = declared if sniffed == "text/plain" and declared in _TEXT_KINDS else sniffed
    return Part(
        name=safe_name(name, media_type),
        media_type=media_type,
        content=content,
        declared=one_line(declared, 120),
        inline=inline or (bool(content_id) and not attached),
        content_id=content_id,
        damaged=damaged,
    )


def _nested(part: Message) -> tuple[bytes, bool]:
    inside = children(part)
    if not inside:
        return decoded(part)
    out = BytesIO()
    try:
        BytesGenerator(out, mangle_from_=False, maxheaderlen=0).flatten(inside[0])
    except (*STUMBLES, RecursionError):
        return out.getvalue(), True
    return out.getvalue(), False


def _nested_subject(part: Message) -> str:
    inside = children(part)
    if not inside:
        return ""
    return headers.plain(dict(headers.raw_headers(inside[0])).get("subject", ""), 80)
