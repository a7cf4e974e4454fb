"""Text from strangers made safe to store and show: no control characters, no direction overrides, valid Unicode."""

from __future__ import annotations

import re
import unicodedata

# Embeddings, overrides and isolates (UAX #9): they make a text read otherwise than it is stored.
# The plain marks U+200E and U+200F stay: Arabic and Hebrew need them and they override nothing.
_DIRECTION = "\u202a-\u202e\u2066-\u2069"
# C0 without tab and newline, delete, C1, byte order mark, interlinear and tag characters (invisible text),
# noncharacters and lone surrogates (PostgreSQL and UTF-8 refuse them).
_INVISIBLE = "\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2060\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ufdd0-\ufdef\ufffe\uffff"
_UNWANTED = re.compile(f"[{_DIRECTION}{_INVISIBLE}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANK_LINES = re.compile(r"\n{4,}")
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """The text with normalised newlines (LF) and composition (NFC), without anything invisible that could deceive.

    Calling it again changes nothing. Runs of more than two blank lines shrink to two.
    """
    text = _SURROGATE.sub("\ufffd", text)
    text = _NEWLINES.sub("\n", text)
    text = unicodedata.normalize("NFC", _UNWANTED.sub("", text))
    lines = (line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n\n", "\n".join(lines)).strip("\n")


def one_line(text: str, max_chars: int = 1000) -> str:
    """As `clean`, on one line with single spaces, cut at max_chars: for names, subjects and headers."""
    return _SPACES.sub(" ", clean(text)).strip()[:max_chars].rstrip()
