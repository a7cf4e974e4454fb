"""The parts of a mail: what is said, what is attached, what stands beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import Message

from torget.protocols import encodings
from torget.protocols.mail import html, parts, reports, secured
from torget.protocols.mail.flowed import unflow
from torget.protocols.mail.transfer import STUMBLES, decoded
from torget.protocols.mail.values import MAX_TEXT_CHARS, Part, Report, Signature
from torget.protocols.plaintext import clean, one_line

_STUB_CHARS = 2_000
_MORE_THAN_CHARS = 200
# What the text parts of one mail may hold in all, in every alternative; those that come after it are files.
_MOST_BYTES_OF_TEXT = 6 * MAX_TEXT_CHARS
_META_CHARSET = re.compile(rb"charset\s*=\s*[\"']?([A-Za-z0-9_-]{2,40})", re.IGNORECASE)
_TEXTS = ("text/plain", "text/html", "text/markdown", "text/x-markdown", "text/enriched", "text")
# Another way to say what the other alternatives say, for programs that know it: nothing of its own is in it.
_SAME_AGAIN = {"text/x-amp-html", "text/watch-html"}
_REPORTS = {
    "message/delivery-status",
    "message/disposition-notification",
    "text/rfc822-headers",
}
_REACTION = "text/vnd.google.email-reaction+json"
_EMOJI = re.compile(r'"emoji"\s*:\s*"((?:[^"\\]|\\u[0-9a-fA-F]{4}){1,80})"')
_ENRICHED = re.compile(r"<(<)|</?[A-Za-z-]{1,60}>")
_EXACT_MARK = re.compile(r"^-- \r?$", re.MULTILINE)
_CALENDARS = {"text/calendar", "application/ics", "text/x-vcalendar"}


@dataclass(slots=True)
class Content:
    """What was found in a part and below it."""

    plain: list[str] = field(default_factory=list)
    rich: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    attachments: list[Part] = field(default_factory=list)
    calendars: list[str] = field(default_factory=list)
    report: Report | None = None
    from_html: bool = False
    encrypted: str = ""
    truncated: bool = False
    reaction: str = ""
    exact_mark: bool = False
    signature: Signature | None = None

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
        self.calendars += other.calendars
        self.report = self.report or other.report
        self.encrypted = self.encrypted or other.encrypted
        self.reaction = self.reaction or other.reaction
        self.signature = self.signature or other.signature
        self.truncated |= other.truncated
        self.exact_mark |= other.exact_mark
        if texts:
            self.texts += other.texts
            self.plain += other.plain
            self.rich += other.rich
            self.from_html |= other.from_html


@dataclass(slots=True)
class Reader:
    """What is known while a mail is read: its bytes, how to read a mail inside it, and how much text may still come."""

    raw: bytes
    nested: Callable[[bytes], Message]
    left: int = _MOST_BYTES_OF_TEXT
    has_said: bool = False  # some text: a named text part after it is a file


def collect(part: Message, reader: Reader, *, alternative: bool = False, depth: int = 0) -> Content:
    """Everything in a part. The caller has checked depth and number of parts."""
    kind = parts.kind(part)
    if part.is_multipart():
        return _collect_tree(part, kind, reader, depth)
    if kind == "message/rfc822":
        return Content(attachments=[parts.as_file(part, kind)])
    if kind in _REPORTS:
        return Content(report=reports.in_text(part))
    if secured.is_sealed(part, kind):
        return _unsealed(part, kind, reader, depth)
    if alternative and kind in _SAME_AGAIN:
        return Content()
    if kind == _REACTION or parts.disposition(part) == "reaction":
        return _reaction(part, kind)
    if _is_body(part, kind, reader, alternative=alternative or not depth):
        return _text(part, kind, reader)
    return _file(part, kind)


def _collect_tree(part: Message, kind: str, reader: Reader, depth: int) -> Content:
    if kind in _REPORTS:
        return Content(report=reports.status(part))
    if kind.startswith("message/"):
        return Content(attachments=[parts.as_file(part, kind)])
    collected = Content(encrypted="openpgp" if kind == "multipart/encrypted" else "")
    inside = parts.children(part)
    choice = kind == "multipart/alternative"
    contents = [_kept(child, reader, alternative=choice, depth=depth + 1) for child in inside]
    chosen = _choose(contents) if choice else None
    for content in contents:
        collected.take(content, texts=not choice or content is chosen)
    if kind == "multipart/signed":
        collected.signature = secured.beside(part, reader.raw)
        collected.attachments = [
            attachment
            for attachment in collected.attachments
            if not secured.is_signature(attachment)
        ]
    if collected.report or kind == "multipart/report":
        # Not only in multipart/report: OpenSMTPD sends its bounces as multipart/mixed.
        collected.report = reports.with_original(collected.report or Report(), part)
    return collected


def _kept(part: Message, reader: Reader, *, alternative: bool, depth: int) -> Content:
    """As `collect`; a part nobody can read is a damaged file, and the others are read on."""
    try:
        return collect(part, reader, alternative=alternative, depth=depth)
    except (*STUMBLES, RecursionError, AssertionError, OverflowError):
        raw = str(part.get_payload()).encode("utf-8", "replace")
        file = parts.file_of(raw, "", "application/octet-stream", damaged=True)
        return Content(attachments=[file], truncated=True)


def _choose(contents: list[Content]) -> Content | None:
    """The alternative to show: plain text, unless it only says that one should look at the HTML."""
    plain = next((content for content in contents if content.plain and content.size), None)
    rich = next((content for content in reversed(contents) if content.rich and content.size), None)
    if plain is None or rich is None or plain is rich:
        return plain or rich
    if plain.size > _STUB_CHARS:
        return plain
    text, whole = plain.text, rich.text
    stub = len(text) < 300 and "html" in text.lower() and len(whole) > len(text)
    # Some programs put a dot, or the first line, where the text should be.
    stub |= len(text) < 100 and len(whole) > 5 * len(text) + _MORE_THAN_CHARS
    return rich if stub else plain


def _is_body(part: Message, kind: str, reader: Reader, *, alternative: bool) -> bool:
    """Whether it is what is said, and no file: also with a name, when nothing has been said before it."""
    # A multipart without its boundary is a string: better to show everything than to lose it.
    if not (kind in _TEXTS or kind.startswith("multipart/")):
        return False
    if alternative:
        return True
    named = bool(parts.file_name(part))
    if parts.disposition(part) == "attachment":
        return not named and not reader.has_said
    return not named or not reader.has_said


def _text(part: Message, kind: str, reader: Reader) -> Content:
    if reader.left <= 0:
        return Content(attachments=[parts.as_file(part, kind)], truncated=True)
    raw, damaged = decoded(part)
    pictures: list[Part] = []
    if kind == "text/html":
        raw, embedded = html.without_pictures(raw)
        pictures = [
            parts.file_of(picture.content, picture.name, picture.media_type, inline=True)
            for picture in embedded
        ]
    damaged |= len(raw) > 4 * MAX_TEXT_CHARS
    raw = raw[: 4 * MAX_TEXT_CHARS]
    reader.left -= len(raw)
    declared = parts.parameter(part, "charset")
    if kind == "text/html":
        meta = _META_CHARSET.search(raw[:2048])
        text, cut = html.to_text(
            encodings.decode(raw, declared or (meta[1].decode("ascii") if meta else ""))
        )
        content = Content(texts=[text], rich=[text], from_html=True, truncated=cut or damaged)
        content.exact_mark = True
    else:
        content = _plain(encodings.decode(raw, declared), part, kind)
        content.truncated |= damaged
    content.attachments += pictures
    reader.has_said |= bool(content.size)
    return content


def _plain(text: str, part: Message, kind: str) -> Content:
    if kind == "text/enriched":
        text = _ENRICHED.sub(r"\1", text)
    elif parts.parameter(part, "format").strip().lower() == "flowed":
        text = unflow(text, delete_space=parts.parameter(part, "delsp").strip().lower() == "yes")
    exact_mark = bool(_EXACT_MARK.search(text))
    text, blocks, sealed = secured.without_armour(text)
    text = clean(text, 2 * MAX_TEXT_CHARS)
    return Content(
        texts=[text],
        plain=[text],
        exact_mark=exact_mark,
        attachments=[
            parts.file_of(
                block.encode(), "kryptert.asc" if sealed else "signatur.asc", "text/plain"
            )
            for block in blocks
        ],
        encrypted="openpgp" if sealed else "",
        signature=Signature("openpgp") if blocks and not sealed else None,
    )


def _file(part: Message, kind: str) -> Content:
    file = parts.as_file(part, kind)
    content = Content(attachments=[file])
    content.encrypted = secured.sealed_kind(file)
    if kind in _CALENDARS or file.name.lower().endswith(".ics"):
        content.calendars = [
            encodings.decode(file.content[:MAX_TEXT_CHARS], parts.parameter(part, "charset"))
        ]
    return content


def _reaction(part: Message, kind: str) -> Content:
    """A sign to what we wrote (RFC 9078 §2), or the same as Gmail writes it."""
    text = encodings.decode(decoded(part)[0][:4_000], parts.parameter(part, "charset"))
    if kind == _REACTION:
        match = _EMOJI.search(text)
        text = _unescaped(match[1]) if match else ""
    sign = one_line(text, 40)
    return Content(reaction=sign) if sign else _file(part, kind)


def _unescaped(text: str) -> str:
    units = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unsealed(part: Message, kind: str, reader: Reader, depth: int) -> Content:
    """What stands in an S/MIME part: opened when it is only signed, else kept as the file it is, and told."""
    opened = secured.opened(decoded(part)[0])
    if opened.entity is None or depth > secured.MOST_INSIDE_EACH_OTHER:
        file = parts.as_file(part, kind)
        return Content(attachments=[file], encrypted=opened.encrypted, signature=opened.signature)
    inside = reader.nested(opened.entity)
    within = Reader(opened.entity, reader.nested, reader.left)
    content = collect(inside, within, depth=depth + 1 if inside.is_multipart() else 0)
    reader.left, reader.has_said = within.left, reader.has_said or within.has_said
    content.signature = opened.signature or content.signature
    return content
