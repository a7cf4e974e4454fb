"""The parts of a mail: what is said, what is attached, what a delivery report tells."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from email.errors import MessageError
from email.generator import BytesGenerator
from email.message import Message
from io import BytesIO

from torget.protocols import encodings
from torget.protocols.files import safe_name, sniff
from torget.protocols.mail import headers, html
from torget.protocols.mail.flowed import unflow
from torget.protocols.mail.values import MAX_TEXT_CHARS, Part, Report
from torget.protocols.plaintext import clean, one_line

_STUB_CHARS = 2_000
# What the text parts of one mail may hold in all, in every alternative; those that come after it are files.
_MOST_BYTES_OF_TEXT = 6 * MAX_TEXT_CHARS
_META_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_-]{2,40})", re.IGNORECASE)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")
_STUMBLES = (ValueError, LookupError, TypeError, AttributeError, MessageError)
# Declared text types kept as declared: their content cannot be told from plain text.
_TEXT_KINDS = {"text/csv", "text/calendar", "text/vcard"}


@dataclass(slots=True)
class Content:
    """What was found in a part and below it."""

    plain: list[str] = field(default_factory=list)
    rich: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    attachments: list[Part] = field(default_factory=list)
    report: Report | None = None
    from_html: bool = False
    encrypted: bool = False
    truncated: bool = False

    @property
    def text(self) -> str:
        """Everything said, in order; a little more of it than a mail may have."""
        return clean("\n\n".join(text for text in self.texts if text.strip()), 2 * MAX_TEXT_CHARS)

    @property
    def size(self) -> int:
        """How much is said, white space included; 0: nothing."""
        return sum(len(text) for text in self.texts if text.strip())

    def take(self, other: Content, *, texts: bool = True) -> None:
        """Add what was found in another part."""
        self.attachments += other.attachments
        self.report = self.report or other.report
        self.encrypted |= other.encrypted
        self.truncated |= other.truncated
        if texts:
            self.texts += other.texts
            self.plain += other.plain
            self.rich += other.rich
            self.from_html |= other.from_html


@dataclass(slots=True)
class _Allowance:
    """How many bytes of text may still be read."""

    left: int = _MOST_BYTES_OF_TEXT


def collect(part: Message, allowance: _Allowance | None = None) -> Content:
    """Everything in a part. The caller has checked depth and number of parts."""
    kind = _kind(part)
    allowance = allowance or _Allowance()
    if part.is_multipart():
        return _collect_tree(part, kind, allowance)
    if kind == "message/rfc822":
        return Content(attachments=[_attachment(part, kind)])
    if kind in ("message/delivery-status", "text/rfc822-headers"):
        return Content(report=_report_of(part))
    # A multipart without its boundary is a string: better to show everything than to lose it.
    if (
        kind.startswith(("text/plain", "text/html", "multipart/")) or kind == "text"
    ) and not _is_file(part):
        return _text(part, kind, allowance)
    return Content(attachments=[_attachment(part, kind)])


def _collect_tree(part: Message, kind: str, allowance: _Allowance) -> Content:
    if kind == "message/delivery-status":
        return Content(report=_status(part))
    if kind.startswith("message/"):
        return Content(attachments=[_attachment(part, kind)])
    found = Content(encrypted=kind == "multipart/encrypted")
    children = [collect(child, allowance) for child in _children(part)]
    if kind == "multipart/alternative":
        chosen = _choose(children)
        for child in children:
            found.take(child, texts=child is chosen)
    else:
        for child in children:
            found.take(child)
    if found.report or kind == "multipart/report":
        # Not only in multipart/report: OpenSMTPD sends its bounces as multipart/mixed.
        found.report = _with_original(found, part)
    return found


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return (
        [child for child in payload if isinstance(child, Message)]
        if isinstance(payload, list)
        else []
    )


def _choose(children: list[Content]) -> Content | None:
    """The alternative to show: plain text, unless it only says that one should look at the HTML."""
    plain = next((child for child in children if child.plain and child.size), None)
    rich = next((child for child in reversed(children) if child.rich and child.size), None)
    if plain is None or rich is None or plain is rich:
        return plain or rich
    if plain.size > _STUB_CHARS:
        return plain
    text = plain.text
    stub = len(text) < 300 and "html" in text.lower() and rich.size > len(text)
    return rich if stub else plain


def _kind(part: Message) -> str:
    try:
        return part.get_content_type()
    except _STUMBLES:
        return "text/plain"


def _parameter(part: Message, name: str, header: str = "content-type") -> str:
    try:
        value = part.get_param(name, "", header)
    except _STUMBLES:
        return ""
    if isinstance(value, tuple):
        return str(value[2] or "")
    return str(value or "")


def _file_name(part: Message) -> str:
    for header, value in headers.raw_headers(part):
        if header in ("content-type", "content-disposition") and not value.isascii():
            # Otherwise every letter beyond ASCII comes out as a replacement mark.
            part.replace_header(header, value)
    try:
        name = part.get_filename() or ""
    except _STUMBLES:
        name = ""
    return headers.plain(name, 500)


def _disposition(part: Message) -> str:
    return one_line(str(part.get("content-disposition", ""))).partition(";")[0].strip().lower()


def _is_file(part: Message) -> bool:
    return _disposition(part) == "attachment" or bool(_file_name(part))


def _decoded(part: Message) -> tuple[bytes, bool]:
    """The content without its transfer encoding, and whether it is damaged. What can be decoded, is."""
    encoding = one_line(str(part.get("content-transfer-encoding", ""))).lower()
    if encoding == "base64":
        return _base64(str(part.get_payload()).encode("ascii", "replace"))
    try:
        # Asking for the undecoded payload would make text of it by the declared charset, and lose what does not fit.
        decoded = part.get_payload(decode=True)
    except (*_STUMBLES, binascii.Error):
        decoded = None
    if isinstance(decoded, bytes):
        return decoded, False
    return str(part.get_payload()).encode("utf-8", "replace"), True


def _base64(raw: bytes) -> tuple[bytes, bool]:
    # List servers append plain footers after the padding, and broken gateways truncate: decode what is there.
    letters = _NOT_BASE64.sub(b"", raw.partition(b"=")[0])
    damaged = len(letters) % 4 == 1 or (len(letters) % 4 != 0 and b"=" not in raw)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    try:
        return base64.b64decode(letters + b"=" * (-len(letters) % 4)), damaged
    except binascii.Error:
        return raw, True


def _text(part: Message, kind: str, allowance: _Allowance) -> Content:
    if allowance.left <= 0:
        return Content(attachments=[_attachment(part, kind)], truncated=True)
    raw, damaged = _decoded(part)
    damaged |= len(raw) > 4 * MAX_TEXT_CHARS
    raw = raw[: 4 * MAX_TEXT_CHARS]
    allowance.left -= len(raw)
    declared = _parameter(part, "charset")
    if kind == "text/html":
        found = _META_CHARSET.search(raw[:2048])
        if not declared and found:
            declared = found[1].decode("ascii")
        text, cut = html.to_text(encodings.decode(raw, declared))
        return Content(texts=[text], rich=[text], from_html=True, truncated=cut or damaged)
    text = encodings.decode(raw, declared)
    if _parameter(part, "format").lower() == "flowed":
        text = unflow(text, delete_space=_parameter(part, "delsp").lower() == "yes")
    text = clean(text, 2 * MAX_TEXT_CHARS)
    return Content(texts=[text], plain=[text], truncated=damaged)


def _attachment(part: Message, kind: str) -> Part:
    if kind == "message/rfc822":
        content, damaged = _nested(part)
    else:
        content, damaged = _decoded(part)
    sniffed = "message/rfc822" if kind == "message/rfc822" else sniff(content)
    media_type = kind if sniffed == "text/plain" and kind in _TEXT_KINDS else sniffed
    content_id = one_line(str(part.get("content-id", "")), 300).strip("<>")
    return Part(
        name=safe_name(_file_name(part) or _nested_subject(part), media_type),
        media_type=media_type,
        content=content,
        declared=one_line(kind, 120),
        inline=_disposition(part) == "inline"
        or (bool(content_id) and _disposition(part) != "attachment"),
        content_id=content_id,
        damaged=damaged,
    )


def _nested(part: Message) -> tuple[bytes, bool]:
    children = _children(part)
    if not children:
        return _decoded(part)
    out = BytesIO()
    try:
        BytesGenerator(out, mangle_from_=False, maxheaderlen=0).flatten(children[0])
    except (*_STUMBLES, RecursionError):
        return out.getvalue(), True
    return out.getvalue(), False


def _nested_subject(part: Message) -> str:
    children = _children(part)
    return (
        headers.plain(dict(headers.raw_headers(children[0])).get("subject", ""), 80)
        if children
        else ""
    )


def _status(part: Message) -> Report:
    """RFC 3464 §2.1: blocks of fields; the first about the message, the others about a recipient each."""
    fields: dict[str, str] = {}
    for block in _children(part):
        for name, value in headers.raw_headers(block):
            fields.setdefault(name, one_line(value, 500))
    return _from_fields(fields)


def _report_of(part: Message) -> Report:
    text = encodings.decode(_decoded(part)[0])
    fields = {
        name.lower(): one_line(value, 500)
        for name, value in re.findall(
            r"^([A-Za-z-]{2,40}):[ \t]*(.{0,1000}(?:\n[ \t].{0,1000})?)", text, re.MULTILINE
        )
    }
    return _from_fields(fields)


def _from_fields(fields: dict[str, str]) -> Report:
    code = re.search(
        r"[245]\.\d{1,3}\.\d{1,3}", fields.get("status", "") or fields.get("diagnostic-code", "")
    )
    original = (
        fields.get("original-message-id")
        or fields.get("x-original-message-id")
        or fields.get("message-id", "")
    )
    recipient = fields.get("final-recipient") or fields.get("original-recipient", "")
    return Report(
        action=fields.get("action", "").lower().partition(" ")[0],
        status=code[0] if code else "",
        recipient=recipient.rpartition(";")[2].strip().lower(),
        diagnostic=fields.get("diagnostic-code", ""),
        original_id=next(iter(headers.message_ids(original)), ""),
    )


def _with_original(found: Content, part: Message) -> Report:
    """The report with the id of the message it is about, out of the returned message or its headers."""
    report = found.report or Report()
    original = report.original_id
    for child in _children(part):
        kind = _kind(child)
        if kind == "message/rfc822" and _children(child):
            value = str(_children(child)[0].get("message-id", ""))
            original = original or next(iter(headers.message_ids(value)), "")
        elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
            original = original or _report_of(child).original_id
    return Report(report.action, report.status, report.recipient, report.diagnostic, original)
