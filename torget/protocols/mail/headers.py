"""Header fields: encoded words, addresses, dates, message ids, each read as far as it can be."""

from __future__ import annotations

import quopri
import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

from torget.protocols.clocks import when
from torget.protocols.encodings import decode
from torget.protocols.mail.transfer import from_base64
from torget.protocols.mail.values import Address
from torget.protocols.plaintext import one_line

MAX_VALUE_CHARS = 20_000
_WORD = re.compile(
    r"=\?([A-Za-z0-9_.:+-]{1,40})(?:\*[A-Za-z0-9-]{0,20})?\?([bBqQ])\?([^?\n]{0,4000})\?="
)
_BETWEEN_WORDS = re.compile(
    r"(\?=)[ \t\r\n]+(?==\?[A-Za-z0-9_.:+-]{1,40}(?:\*[A-Za-z0-9-]{0,20})?\?[bBqQ]\?)"
)
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,900})>")
_BARE_ID = re.compile(r"[^<>\s,;]{1,400}@[^<>\s,;]{1,400}")
# Quoted text and addresses in angles count as one; else the signs that part mailboxes.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|<[^<>",;]*+>|[(),;]')
_COMMENT = re.compile(r"\([^()]{0,300}\)")
_ADDRESS = re.compile(
    r"[^\s<>@,;:\"()\[\]\\]{1,128}@(?:[^\s<>@,;:\"()\\\[\]]{1,253}|\[[^\s<>@\[\]]{1,253}\])"
)


def raw_headers(message: Message) -> list[tuple[str, str]]:
    """Every header as it stands: lower-case name, value with broken bytes already made text."""
    return [(name.lower(), _text(value)) for name, value in message.raw_items()]


def _text(value: object) -> str:
    # The parser keeps 8-bit bytes as surrogates: UTF-8 (RFC 6532) or whatever the sender's machine used.
    text = str(value)[:MAX_VALUE_CHARS]
    if text.isascii():
        return text
    return decode(text.encode("utf-8", "surrogateescape"), "utf-8")


def words(value: str) -> str:
    """Encoded words as text (RFC 2047 §4, §6.2), leniently: also glued together, split inside a letter, misdeclared."""
    value = _BETWEEN_WORDS.sub(r"\1", value)
    out: list[str] = []
    encoded: list[tuple[str, bytes]] = []
    at = 0
    for match in _WORD.finditer(value):
        if match.start() != at:
            out.append(_flush(encoded))
            out.append(value[at : match.start()])
        charset, raw = match[1].lower(), _word_bytes(match[2], match[3])
        if encoded and encoded[0][0] != charset:
            out.append(_flush(encoded))
        encoded.append((charset, raw))
        at = match.end()
    out.append(_flush(encoded))
    return "".join(out) + value[at:]


def _flush(encoded: list[tuple[str, bytes]]) -> str:
    # Neighbouring words of one charset are joined before decoding: clients do split a letter between two words.
    if not encoded:
        return ""
    text = decode(b"".join(raw for _, raw in encoded), encoded[0][0])
    encoded.clear()
    return text


def _word_bytes(encoding: str, content: str) -> bytes:
    raw = content.encode("utf-8", "replace")
    if encoding in "qQ":
        return quopri.decodestring(raw, header=True)
    return from_base64(raw)[0]


def parameter_text(value: object) -> str:
    """A parameter as Python's parser hands it out, by the alphabet it declares (RFC 2231 §4)."""
    if isinstance(value, tuple):
        charset, _language, text = value
        return decode(str(text).encode("latin-1", "replace"), str(charset or ""))
    return str(value or "").strip('"')


def plain(value: str, max_chars: int = 1000) -> str:
    """A header's value as one clean line."""
    return one_line(words(value), max_chars)


def addresses(value: str, limit: int = 200) -> list[Address]:
    """The mailboxes of an address header (RFC 5322 §3.4), names decoded; what is no address is left out.

    A comma in a name without quotation marks ("Nordmo, Kari <…>") belongs to the name.
    """
    # Decoding comes after splitting: an encoded name may hold a comma or an address meant to deceive.
    flat = one_line(value, MAX_VALUE_CHARS)
    mailboxes: list[Address] = []
    waiting: list[str] = []
    grouped = ";" in flat
    for piece in _pieces(flat):
        if len(mailboxes) == limit:
            break
        name, address = _parted(_without_group(piece) if grouped else piece)
        if not address:
            waiting.append(name)
            continue
        # Only a name goes on over a comma: what stands before a bare address is something else.
        before = waiting if name else []
        mailboxes.append(Address(address, plain(", ".join([*before, name]), 200)))
        waiting = []
    if not mailboxes and (loose := _ADDRESS.search(flat)):
        mailboxes.append(Address(loose[0].lower(), plain(flat[: loose.start()].strip(' "<'), 200)))
    return mailboxes


def _pieces(flat: str) -> list[str]:
    """Between the commas, and the semicolons that end groups; not those in quotation marks, comments or angles."""
    pieces = []
    begin = depth = 0
    for token in _TOKEN.finditer(flat):
        sign = token[0]
        if sign == "(":
            depth += 1
        elif sign == ")":
            depth = max(0, depth - 1)
        elif sign in ",;" and not depth:
            pieces.append(flat[begin : token.start()])
            begin = token.end()
    if depth:  # a parenthesis nobody closed
        return [piece for piece in re.split("[,;]", flat) if piece.strip()]
    return [piece for piece in (*pieces, flat[begin:]) if piece.strip()]


def _parted(piece: str) -> tuple[str, str]:
    """Name and address of one mailbox, as written; the address is empty when there is none."""
    angle = piece.rfind("<")
    if angle >= 0:
        inside = _COMMENT.sub("", piece[angle + 1 :].partition(">")[0]).strip()
        match = _ADDRESS.fullmatch(inside[inside.find(":") + 1 :] if inside[:1] == "@" else inside)
        if match:
            name = piece[:angle] if piece[:angle].strip() else _comment(piece[angle:])
            return _unquoted(name), match[0].lower()
    match = _ADDRESS.fullmatch(_COMMENT.sub("", piece).strip())
    if match:
        return _comment(piece), match[0].lower()
    return _unquoted(piece), ""


def _without_group(piece: str) -> str:
    """Without the name of the group it begins (RFC 5322 §3.4): "Styret: Kari <…>"."""
    group, colon, rest = piece.partition(":")
    return rest if colon and '"' not in group and "=?" not in group and rest.strip() else piece


def _comment(piece: str) -> str:
    match = _COMMENT.search(piece)
    return match[0][1:-1].strip() if match else ""


def _unquoted(name: str) -> str:
    name = re.sub(r"\A\s*'(.*)'\s*\Z", r"\1", name)
    return re.sub(
        r"\\(.)", r"\1", name.replace('\\"', "\0").replace('"', "").replace("\0", '"')
    ).strip()


def message_ids(value: str, limit: int = 100) -> list[str]:
    """The message ids in a header (RFC 5322 §3.6.4), without angle brackets; bare ones are taken too."""
    flat = one_line(value, MAX_VALUE_CHARS)
    ids = _MESSAGE_ID.findall(flat) or _BARE_ID.findall(flat)
    return list(dict.fromkeys(ids))[:limit]


def date(value: str) -> datetime | None:
    """A Date header in UTC (RFC 5322 §3.3), also in the odd spellings of `clocks`, or None when it cannot be one."""
    flat = one_line(value, 200)
    if at := when(flat):
        return at
    try:
        parsed = parsedate_to_datetime(flat)
        # No zone (or -0000) means the sender's clock is taken as UTC.
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
