"""What changed between two editions, word for word. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORDS = re.compile(r"\s+|[^\s]+")
SAME, GONE, NEW = "same", "gone", "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words that stayed, went or came."""

    kind: str
    text: str


def compare(before: str, after: str) -> Sequence[Piece]:
    """The pieces of both texts in reading order; what went stands before what came in its place."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces = list[Piece]()
    for what, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            pieces.append(Piece(SAME, "".join(old[a:b])))
            continue
        if a < b:
            pieces.append(Piece(GONE, "".join(old[a:b])))
        if c < d:
            pieces.append(Piece(NEW, "".join(new[c:d])))
    return pieces
