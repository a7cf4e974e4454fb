"""What is done with answers: published, changed, translated, withdrawn; rated; sorted into topics; asked for."""

from __future__ import annotations

from torget.answers.rules.publishing import (
    answer_path,
    change,
    publish,
    translate,
    withdraw,
)
from torget.answers.rules.ratings import note_helped, note_read, rate

__all__ = [
    "answer_path",
    "change",
    "note_helped",
    "note_read",
    "publish",
    "rate",
    "translate",
    "withdraw",
]
