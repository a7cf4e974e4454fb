"""Text from strangers made safe to store and show: no control characters, no direction overrides, valid Unicode."""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache

import regex  # type: ignore[import-untyped]  # the package ships no types

MOST_CHARS = 1_000_000
# UAX #15 §13 (Stream-Safe Text Format): no language needs more, and sorting a longer run takes time quadratic in it.
MOST_MARKS = 30

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
# A flag is two letters of its own kind: by itself \X looks back through a whole run of them, for each one anew.
_GRAPHEME = regex.compile(r"[\U0001f1e6-\U0001f1ff]{1,2}[\p{M}\u200d]*+|\X")
# Of what is to become one line more is read than is kept: white space in front and between shrinks.
_LINE_SLACK_CHARS = 4_000


@lru_cache(maxsize=1)
def _long_runs() -> re.Pattern[str]:
    """Runs of more marks than any text needs.

    A mark is what begins with a combining class when it is taken apart: U+0F73 has none itself, its two halves have.
    """
    marks = [
        code
        for code in range(0x300, sys.maxunicode + 1)
        if unicodedata.category(letter := chr(code))[0] == "M"
        and unicodedata.combining(unicodedata.normalize("NFD", letter)[0])
    ]
    ranges = "".join(f"\\U{code:08x}" for code in marks)
    return re.compile(f"([{ranges}]{{{MOST_MARKS}}})[{ranges}]+")


def shorten_marks(text: str) -> str:
    """The text with every run of combining marks cut at 30 (UAX #15 §13), so that it can be normalised in linear time."""
    return text if text.isascii() else _long_runs().sub(r"\1", text)


def clean(text: str, most_chars: int = MOST_CHARS) -> str:
    """The text with normalised newlines (LF) and composition (NFC), without anything invisible that could deceive.

    What is beyond `most_chars` is cut off before anything is done, so the time is linear in what may be kept. Calling it
    again changes nothing. Runs of more than two blank lines shrink to two, runs of marks to what UAX #15 allows.
    """
    text = _NEWLINES.sub("\n", text[:most_chars])
    text = _UNWANTED.sub("", text)
    if not text.isascii():
        text = shorten_marks(_SURROGATE.sub("\ufffd", text))
        # Once more: what is taken apart and may not be put together again makes a run longer.
        text = shorten_marks(unicodedata.normalize("NFC", text))[:most_chars]
    lines = (line.rstrip() for line in text.split("\n"))
    return _BLANK_LINES.sub("\n\n\n", "\n".join(lines)).strip("\n")


def one_line(text: str, max_chars: int = 1000) -> str:
    """As `clean`, on one line with single spaces, cut at max_chars: for names, subjects and headers."""
    text = clean(text, 2 * max_chars + _LINE_SLACK_CHARS)
    return _SPACES.sub(" ", text).strip()[:max_chars].rstrip()


def graphemes(text: str) -> list[str]:
    """Characters as people count them: an emoji with its skin tone is one (UAX #29), and so is a flag."""
    letters: list[str] = _GRAPHEME.findall(text)
    return letters
