"""Bytes with a declared alphabet to text, for every channel: what is declared is often wrong."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from itertools import islice

import webencodings  # type: ignore[import-untyped]  # the package ships no types

_SPOILT = "\ufffd"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Codecs Python has that nobody means: they run code-like escapes, are slow, or always fail.
_NEVER = {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem"}
# What senders mean by a label (WHATWG Encoding §4.2), by Python's name of it: always the larger alphabet.
_MEANT = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "shift_jis": "cp932",
    "utf-8-sig": "utf-8",
    "iso2022_jp": "iso2022_jp_ext",
}
# ISO 8859 has no letters in 80–9F; Windows' alphabet for the same languages has.
_WINDOWS = {
    "iso8859-2": "cp1250",
    "iso8859-5": "cp1251",
    "iso8859-6": "cp1256",
    "iso8859-7": "cp1253",
    "iso8859-8": "cp1255",
    "iso8859-13": "cp1257",
    "iso8859-4": "cp1257",
    "iso8859-15": "cp1252",
    "iso8859-16": "cp1250",
}
# In these, seven-bit bytes are not ASCII text.
_STATEFUL = ("iso2022", "utf-7", "hz", "utf-16", "utf-32")
_TWO_BYTES = {"gb18030", "cp949", "big5hkscs", "cp932", "euc_jp", "euc_jis_2004", "johab"}
_WINDOWS_ONLY = re.compile(rb"[\x80-\x9f]")
_JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]")
_LONG_LETTER = re.compile(rb"[\xe0-\xf4][\x80-\xbf]{2,3}")
# Bytes that are no UTF-8, as Python keeps them, to the letters of windows-1252.
_WESTERN = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(128, 256)}
# What the codec makes of a letter torn by a line break that does not belong there (quoted-printable, RFC 2045 §6.7).
_TORN = re.compile(f"{_SPOILT}(\r?\n){_SPOILT}")
_LONGEST_LABEL = 100
_TRUSTED_LETTERS = 3
_TELLING_LETTERS = 5
# Who tries whether letters arrive writes just these.
_OURS_AND_OUR_NEIGHBOURS = {*range(0xC0), *"ÄÅÆÖØÜÉßáäåæèéíóöøúüýðþ".encode("cp1252")}


def codec_of(label: str) -> str:
    """Python's codec for a declared alphabet as senders mean it (WHATWG Encoding §4.2); "" when nobody knows it.

    Quotes, white space and what came along after a comma or semicolon are not part of the label.
    """
    name = re.split(r"[;,]", label[:_LONGEST_LABEL], maxsplit=1)[0].strip().strip("\"'<>").strip()
    if re.match(r"utf-?8(?!\d)", name, re.IGNORECASE):
        return "utf-8"
    known = webencodings.lookup(name)
    # "replacement" refuses two alphabets that are dangerous in a page, and are text in a mail.
    if known and known.name not in ("replacement", "x-user-defined"):
        return _meant(str(known.codec_info.name))
    return _meant(name)


def _meant(name: str) -> str:
    try:
        codec = codecs.lookup(name).name
        "".encode(codec)  # some of Python's codecs are not of text
    except (LookupError, ValueError):
        return ""
    return "" if codec in _NEVER else _MEANT.get(codec, codec)


def decode(raw: bytes, declared: str = "") -> str:
    """The text the bytes most likely are; never fails, in time linear in them. A bad byte spoils one letter (U+FFFD).

    A mark at the start decides (WHATWG Encoding §6.1). What is wholly UTF-8 with letters beyond ASCII is UTF-8, whatever
    is declared: text in other alphabets is practically never. What is declared UTF-8, or not at all, is UTF-8 as long as
    it has more good letters than bad bytes, and windows-1252 when it has none (or Cyrillic, when hardly a letter in it is
    Latin); mixed, each is read as what it is.
    """
    for mark, codec in _MARKS:
        if raw.startswith(mark):
            return _lenient(raw[len(mark) :], codec)
    codec = codec_of(declared)
    if codec.startswith(("utf-16", "utf-32")):
        return _wide(raw, codec)
    if raw.isascii():
        return _seven_bit(raw, codec)
    if codec in ("", "utf-8", "cp1252"):
        return _western(raw)
    if _is_utf8_all_the_same(raw, codec):
        return raw.decode("utf-8")
    if codec in _WINDOWS and _WINDOWS_ONLY.search(raw):
        codec = _WINDOWS[codec]
    return _lenient(raw, codec)


def _wide(raw: bytes, codec: str) -> str:
    # Declared before a gateway made it UTF-8: two bytes a letter leave zeros in every text with spaces or digits in it.
    if b"\0" not in raw:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            pass
    if codec.startswith("utf-16"):
        # Which half of a letter comes first is told by where the zeros are, if there are any.
        first, second = raw[::2].count(0), raw[1::2].count(0)
        codec = codec if first == second else "utf-16-be" if first > second else "utf-16-le"
    return _lenient(raw, "utf-32-le" if codec == "utf-32" else codec)


def _seven_bit(raw: bytes, codec: str) -> str:
    if codec.startswith(_STATEFUL):
        return _lenient(raw, codec)
    if _JAPANESE_ESCAPE.search(raw):
        return _lenient(raw, "iso2022_jp_ext")
    return raw.decode("ascii")


def _is_utf8_all_the_same(raw: bytes, codec: str) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    # Two bytes a letter are now and then UTF-8 by chance, in a text of a word or two.
    return codec not in _TWO_BYTES or _at_least(_TRUSTED_LETTERS, raw)


def _at_least(count: int, raw: bytes) -> bool:
    return len(list(islice(_LONG_LETTER.finditer(raw), count))) == count


def _beyond_ascii(text: str) -> int:
    return len(text) - len(text.encode("ascii", "ignore"))


def _western(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        pass
    mended = raw.decode("utf-8", "replace")
    bad = mended.count(_SPOILT)
    good = _beyond_ascii(mended) - bad
    if not good:
        return raw.decode(_cyrillic(raw) or "cp1252", "replace")
    if bad <= good:
        return _TORN.sub(rf"{_SPOILT}\1", mended)
    return raw.decode("utf-8", "surrogateescape").translate(_WESTERN)


def _cyrillic(raw: bytes) -> str:
    """The alphabet of a text that has hardly a Latin letter, and was not declared: no Western language looks so."""
    low, high = _count(raw, range(0xC0, 0xE0)), _count(raw, range(0xE0, 0x100))
    letters, others = low + high, _count(raw, range(0x80, 0xC0))
    latin = _count(raw, (*range(0x41, 0x5B), *range(0x61, 0x7B)))
    foreign = set(raw) - _OURS_AND_OUR_NEIGHBOURS
    if len(foreign) < _TELLING_LETTERS or letters < 2 * latin or others * 5 > letters:
        return ""
    # Small letters are the most, and stand where the other has its capitals.
    return "cp1251" if high > low else "koi8_u"


def _count(raw: bytes, which: Iterable[int]) -> int:
    return len(raw) - len(raw.translate(None, bytes(which)))


def _lenient(raw: bytes, codec: str) -> str:
    """By that codec; when it makes nothing of most of it, as if nothing had been declared."""
    try:
        return raw.decode(codec)
    except (UnicodeError, LookupError, ValueError, TypeError):
        pass
    try:
        text = raw.decode(codec, "replace")
    except (UnicodeError, LookupError, ValueError, TypeError):
        return _western(raw)
    beyond_ascii = _beyond_ascii(text)
    if text.count(_SPOILT) * 3 > beyond_ascii > _TRUSTED_LETTERS:
        return _western(raw)
    return text
