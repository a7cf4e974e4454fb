"""A text in one line: as a subject, and as what a list shows of it."""

from __future__ import annotations

PREVIEW_CHARS = 200
SUBJECT_CHARS = 90


def subject_of(text: str) -> str:
    """A subject from the first words of a text, cut at a word."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(line) <= SUBJECT_CHARS:
        return line
    return line[:SUBJECT_CHARS].rsplit(" ", 1)[0] + " …"


def preview_of(text: str) -> str:
    """One line of what was said."""
    return " ".join(text.split())[:PREVIEW_CHARS]
