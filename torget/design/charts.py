"""Charts drawn on the server: shapes in SVG, words and numbers in HTML, so that they scale, print and are read aloud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 100
COLUMN = 10
GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column, or the second beside it (outlined, so that it is told apart without colour)."""

    x: float
    y: float
    width: float
    height: float
    second: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns in a box `width` wide and HEIGHT high; `most` is what the full height stands for."""

    width: int
    most: int
    columns: list[Column]


def columns(pairs: Sequence[tuple[int, int]]) -> Columns:
    """Two columns for each pair of numbers, on one scale that ends at a round number."""
    most = _round_up(max((max(pair) for pair in pairs), default=0))
    drawn = []
    for place, pair in enumerate(pairs):
        for second, value in enumerate(pair):
            height = round(HEIGHT * value / most, 2)
            half = (COLUMN - GAP) / 2
            x = place * COLUMN + GAP / 2 + second * half
            drawn.append(Column(round(x, 2), HEIGHT - height, half, height, bool(second)))
    return Columns(max(1, len(pairs)) * COLUMN, most, drawn)


def _round_up(most: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50 …; never zero."""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= most:
                return step * factor
        step *= 10


def share(value: float, most: float) -> float:
    """How much of a bar is filled, 0 to 100."""
    return round(100 * value / most, 1) if most > 0 else 0.0
