"""The written pairs: questions, answers, and how others ask the same; and made-up neighbours for them to hide among."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Matter:
    """One answered question. `asked` is (way of asking, words): nb, nn, en, or ev for everyday speech."""

    language: str
    question: str
    body: str
    asked: Sequence[tuple[str, str]]


def matters() -> list[Matter]:
    """All of them, in the order of the file."""
    found: list[Matter] = []
    for block in (DATA / "pairs.txt").read_text(encoding="utf-8").split("\n= ")[1:]:
        language, question, body, *asked = block.strip().splitlines()
        others = (line.partition(": ") for line in asked if line.strip())
        found.append(
            Matter(
                language.strip(),
                question.removeprefix("? "),
                body.removeprefix("! "),
                [(way, words) for way, _colon, words in others],
            )
        )
    return found


def halves(all_of_them: Sequence[Matter]) -> tuple[list[Matter], list[Matter]]:
    """Those to tune on, and those held out: every other one of those that are asked again."""
    asked = [one for one in all_of_them if one.asked]
    return asked[0::2], asked[1::2]


def neighbours(seed: int = 1) -> Iterator[tuple[str, str, str]]:
    """(subject, question, answer) without end to speak of: municipal matters the pairs do not ask about.

    Every subject in every frame in every place, in an order that is the same each time.
    """
    subjects = _lines("subjects.txt")
    frames = [line.split(" | ") for line in _lines("frames.txt")]
    places = _lines("places.txt")
    every = len(subjects) * len(frames) * len(places)
    for number in random.Random(seed).sample(range(every), every):  # noqa: S311 - no secret
        subject = subjects[number % len(subjects)]
        question, body = frames[number // len(subjects) % len(frames)]
        place = places[number // len(subjects) // len(frames)]
        yield subject, question.format(subject, place), body.format(subject, place)


def _lines(name: str) -> list[str]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
