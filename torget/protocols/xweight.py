"""How long a text is on X, and where it is cut (docs.x.com, "Counting characters"; twitter-text configuration 3)."""

from __future__ import annotations

import re
from bisect import bisect_right

import regex  # type: ignore[import-untyped]  # the package ships no types

from torget.protocols.plaintext import graphemes

MOST = 280
LINK = 23
MOST_READ = 10_000
_LIGHT = ((0x0000, 0x10FF), (0x2000, 0x200D), (0x2010, 0x201F), (0x2032, 0x2037))
_URL = re.compile(
    r"https?://[^\s<>\"]+|(?<![\w.-])(?:[a-z0-9-]{1,63}\.){1,8}(?:no|com|org|net|eu|io|info|se|dk)\b(?:/[^\s<>\"]*)?",
    re.IGNORECASE,
)
_EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3")


def has_link(text: str) -> bool:
    """Whether X makes a link of something in it: that costs more."""
    return _URL.search(text) is not None


def _weight(cluster: str) -> int:
    if _EMOJI.search(cluster):
        return 2
    return sum(
        1 if any(low <= ord(char) <= high for low, high in _LIGHT) else 2 for char in cluster
    )


def weight(text: str) -> int:
    """The length as X counts it: a link is 23, an emoji 2, signs outside the alphabets of Europe 2 each."""
    links = _URL.findall(text)
    rest = _URL.sub("", text)
    return LINK * len(links) + sum(_weight(cluster) for cluster in graphemes(rest))


def cut(text: str, link: str) -> str:
    """The text, or its beginning cut at a word with "… <link>" after it, so that X takes it."""
    if weight(text) <= MOST:
        return text
    tail = f" … {link}" if link else " …"
    # No more than this can fit, however much of it is one long link.
    words = text[:MOST_READ].split(" ")
    fits = bisect_right(
        range(len(words)), MOST, key=lambda count: weight(" ".join(words[:count]) + tail)
    )
    words = words[: max(0, fits - 1)]
    while words and weight(" ".join(words) + tail) > MOST:
        words.pop()
    return " ".join(words).rstrip(" ,;:–-") + tail if words else tail.strip()
