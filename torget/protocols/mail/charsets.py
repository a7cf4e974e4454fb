"""Bytes to text when the declared charset may be wrong."""

from __future__ import annotations

import codecs

# Codecs Python has that no mail means: they run code-like escapes, are slow, or always fail.
_NEVER = {"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "mbcs", "oem"}
# Western one-byte charsets are what senders declare when they mean windows-1252 (WHATWG Encoding §4.2) or know nothing.
_WESTERN = {"ascii", "iso8859-1", "iso8859-15", "cp1252", "latin-1"}
# In these, seven-bit bytes are not ASCII text.
_STATEFUL = ("iso2022", "utf-7", "hz", "utf-16", "utf-32")


def _known(charset: str) -> str:
    try:
        name = codecs.lookup(charset.strip().strip("\"'")).name
    except (LookupError, ValueError):
        return ""
    return "" if name in _NEVER else name


def decode(raw: bytes, declared: str = "") -> str:
    """The text the bytes most likely are; never fails.

    Valid UTF-8 with letters beyond ASCII is UTF-8 even when a Western charset is declared: text in those charsets
    is practically never valid UTF-8. What is declared UTF-8 and is not, is windows-1252.
    """
    codec = _known(declared)
    if raw.isascii() and not codec.startswith(_STATEFUL):
        return raw.decode("ascii")
    if not codec or codec in _WESTERN or codec == "utf-8":
        return _western(raw, codec)
    try:
        return raw.decode(codec)
    except (UnicodeError, LookupError, ValueError, TypeError):
        return _western(raw, "")


def _western(raw: bytes, codec: str) -> str:
    attempts = ["utf-8-sig", "iso8859-15" if codec == "iso8859-15" else "cp1252"]
    for attempt in attempts:
        try:
            return raw.decode(attempt)
        except UnicodeDecodeError:
            continue
    # Mostly UTF-8 with some damage reads better than windows-1252 throughout.
    damaged = raw.decode("utf-8", "replace")
    if damaged.count("\ufffd") * 10 < sum(byte > 127 for byte in raw):
        return damaged
    return raw.decode("cp1252", "replace")
