"""What a text is about, as terms: stems without stop words, matters that have many names, and parts of long words.

Pure: no database. The words stand in `data/`, one language or one matter a line, for whoever wants to add to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
MAX_WORDS = 40
BODY_WORDS = 150
MAX_CHARS = 2_000
SHORTEST_FIRST, SHORTEST_LAST = 5, 4  # in a longer word; place names begin with short ones
LONGEST = 60
QUESTION, BODY, WORDING = (
    1.0,
    0.6,
    0.9,
)  # what a term counts, by where it stands; tuned on the written pairs
_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_FOLD = str.maketrans({"æ": "a", "ø": "o", "å": "a", "é": "e", "è": "e", "ô": "o", "ò": "o"})
# Endings of bokmål, nynorsk and English, longest first; at least three letters must be left.
_ENDINGS = sorted(
    [
        "ene",
        "ane",
        "ande",
        "ende",
        "heter",
        "heten",
        "hetene",
        "ing",
        "ingen",
        "inga",
        "ingar",
        "inger",
        "ings",
        "else",
        "elsen",
        "elser",
        "ene",
        "ar",
        "er",
        "en",
        "et",
        "a",
        "e",
        "s",
        "ers",
        "ens",
        "ets",
        "te",
        "de",
        "dde",
        "tte",
        "t",
        "ies",
        "es",
        "ed",
    ],
    key=len,
    reverse=True,
)


@cache
def stop_words() -> frozenset[str]:
    """Words that carry no subject, of every language."""
    lines = (DATA / "stopwords.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(
        word
        for line in lines
        if not line.startswith("#")
        for word in line.partition(":")[2].split()
    )


def stem(word: str) -> str:
    """A word without its ending and accents: near enough for comparing, not for reading."""
    folded = word.translate(_FOLD)
    for ending in _ENDINGS:
        if folded.endswith(ending) and len(folded) - len(ending) >= 3:
            return folded[: -len(ending)]
    return folded


@cache
def _matters() -> dict[str, tuple[str, ...]]:
    """Stem → the matters it names."""
    by_word: dict[str, list[str]] = {}
    for line in (DATA / "alike.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        names, _arrow, wider = line.partition(">")
        words = names.split()
        about = [f"={stem(words[0])}", *(f"={stem(word)}" for word in wider.split())]
        for word in words:
            kept = by_word.setdefault(stem(word), [])
            kept += [matter for matter in about if matter not in kept]
    return {key: tuple(value) for key, value in by_word.items()}


@cache
def _parts() -> re.Pattern[str]:
    """The names of matters that may stand first or last in a longer word."""
    names = sorted(_matters(), key=len, reverse=True)
    first = "|".join(re.escape(name) for name in names if len(name) >= SHORTEST_FIRST)
    last = "|".join(re.escape(name) for name in names if len(name) >= SHORTEST_LAST)
    return re.compile(f"^(?:{first})|(?:{last})(?=.{{0,3}}$)")


def words_of(text: str, most: int = MAX_WORDS) -> list[str]:
    """The words of a text that carry its subject, in order, each once."""
    stop = stop_words()
    words = (match.group() for match in _WORD.finditer(text[:MAX_CHARS].lower()))
    return [word for word in dict.fromkeys(words) if len(word) > 1 and word not in stop][:most]


def _of_word(word: str) -> Iterator[str]:
    root = stem(word)
    yield root
    yield from _matters().get(root, ())
    for piece in _parts().findall(word.translate(_FOLD)):
        yield from _matters()[piece]


def matters_of(term: str) -> tuple[str, ...]:
    """The matters a stem names."""
    return _matters().get(term, ())


def terms_by_word(text: str) -> dict[str, list[str]]:
    """The words that carry the subject, each with its terms; the stem comes first."""
    return {word: [term[:LONGEST] for term in _of_word(word)] for word in words_of(text)}


def terms_of(text: str, most: int = MAX_WORDS) -> list[str]:
    """The terms of a text, each once: `=name` for a matter, a bare stem otherwise."""
    return list(
        dict.fromkeys(term[:LONGEST] for word in words_of(text, most) for term in _of_word(word))
    )


def weighted(question: str, body: str, wordings: Iterable[str] = ()) -> dict[str, float]:
    """The terms of an answer, each with the most it counts."""
    weights = dict.fromkeys(terms_of(body, most=BODY_WORDS), BODY)
    for wording in wordings:
        weights |= dict.fromkeys(terms_of(wording), WORDING)
    return weights | dict.fromkeys(terms_of(question), QUESTION)
