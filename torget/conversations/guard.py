"""What must not stand in public: national identity numbers."""

from __future__ import annotations

import re

_ELEVEN = re.compile(r"(?<!\d)(\d{6})[ .\u00a0-]?(\d{5})(?!\d)")
_FIRST = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_SECOND = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def _valid(digits: list[int]) -> bool:
    # Since 2032-style numbers the first check digit may leave any remainder of 0–3 (Skatteetaten, new control sum).
    first = sum(weight * digit for weight, digit in zip(_FIRST, digits, strict=False)) % 11
    return (
        first in {0, 1, 2, 3} and sum(w * d for w, d in zip(_SECOND, digits, strict=True)) % 11 == 0
    )


def national_ids(text: str) -> list[str]:
    """The national identity numbers and D-numbers in a text, by their check digits."""
    found = ["".join(match.groups()) for match in _ELEVEN.finditer(text)]
    return [number for number in found if _valid([int(digit) for digit in number])]
