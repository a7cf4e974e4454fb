"""A long text as several short posts, cut where people would pause."""

from __future__ import annotations

from collections.abc import Callable

from torget.protocols.plaintext import graphemes

MOST_PARTS = 10
_MARK = " (10/10)"
_PAUSES = ("\n\n", "\n", ". ", "? ", "! ", " ")


def parts(
    text: str,
    most: int,
    length: Callable[[str], int],
    *,
    before: str = "",
    most_bytes: int = 0,
) -> list[str]:
    """The text in posts of at most `most` by the network's own `length`, each marked "(1/3)" when there are more.

    `before` stands first in every post (whom it speaks to). Cut between paragraphs, sentences or words. A short text
    is one part, unmarked. At most ten; the last then ends with "… (10/10)": see `whole`.
    """
    text = text.strip()

    def fits(piece: str) -> bool:
        whole_piece = before + piece
        return length(whole_piece) <= most and (
            not most_bytes or len(whole_piece.encode()) <= most_bytes
        )

    if fits(text):
        return [before + text]
    cut: list[str] = []
    rest = text
    while rest and len(cut) < MOST_PARTS:
        piece = _beginning(rest, lambda piece: fits(piece.rstrip() + " …" + _MARK))
        cut.append(piece.strip())
        rest = rest[len(piece) :].strip()
    if rest:
        cut[-1] += " …"
    return [f"{before}{piece} ({number}/{len(cut)})" for number, piece in enumerate(cut, 1)]


def whole(pieces: list[str]) -> bool:
    """Whether the parts hold all of the text."""
    return not pieces or not pieces[-1].endswith(f"… ({MOST_PARTS}/{MOST_PARTS})")


def _beginning(text: str, fits: Callable[[str], bool]) -> str:
    """As much of the beginning as fits, cut at the best place in its second half; at least one character."""
    if fits(text):
        return text
    clusters = graphemes(text[: 100 * MOST_PARTS * MOST_PARTS])
    low, high = 1, len(clusters)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits("".join(clusters[:middle])) else (low, middle - 1)
    piece = "".join(clusters[:low])
    for pause in _PAUSES:
        at = piece.rfind(pause, len(piece) // 2 if pause != " " else 1)
        if at > 0:
            return piece[: at + len(pause)]
    return piece
