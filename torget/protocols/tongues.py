"""Whether a text is bokmål, nynorsk or English, by the small words that only one of them has.

These three are what municipalities answer in. The libraries that tell languages apart either do not know the two kinds
of Norwegian, or bring a hundred megabytes; and a sentence or two, which is all an answer may be, holds such words.
"""

from __future__ import annotations

import re

NORWEGIAN = "no"  # which of the two cannot be told
MOST_CHARS = 20_000
_WORD = re.compile(r"[^\W\d_]+")
_BOKMAAL = frozenset(
    [
        "ikke",
        "jeg",
        "hva",
        "hvor",
        "hvordan",
        "hvem",
        "hvilken",
        "hvilke",
        "hvilket",
        "hvorfor",
        "hvis",
        "noen",
        "noe",
        "mye",
        "fra",
        "dere",
        "deres",
        "være",
        "bare",
        "uke",
        "uken",
        "uka",
        "ukene",
        "hun",
        "henne",
        "hennes",
        "gjøre",
        "gjør",
        "kommer",
        "flere",
        "selv",
        "nå",
        "siden",
        "hjem",
        "ble",
        "ønsker",
        "trenger",
        "åpner",
        "åpent",
        "sammen",
        "bli",
        "dem",
        "mens",
        "gjelder",
        "måtte",
        "dette",
        "disse",
        "annen",
        "annet",
        "en",
        "et",
    ]
)
_NYNORSK = frozenset(
    [
        "ikkje",
        "eg",
        "ein",
        "eit",
        "kva",
        "kvar",
        "kvart",
        "korleis",
        "kven",
        "kvifor",
        "viss",
        "nokon",
        "noko",
        "nokre",
        "mykje",
        "frå",
        "dykk",
        "dykkar",
        "vere",
        "vore",
        "berre",
        "veke",
        "veka",
        "vekene",
        "ho",
        "gjere",
        "gjer",
        "kjem",
        "fleire",
        "sjølv",
        "sidan",
        "heim",
        "vart",
        "blei",
        "verte",
        "vert",
        "ynskjer",
        "ønskjer",
        "treng",
        "opnar",
        "ope",
        "saman",
        "medan",
        "einast",
        "hjå",
        "desse",
        "anten",
        "tilbod",
        "kvarandre",
        "hugs",
        "òg",
        "dei",
    ]
)
_BOTH = frozenset(
    [
        "og",
        "er",
        "det",
        "på",
        "til",
        "av",
        "som",
        "med",
        "vi",
        "har",
        "å",
        "skal",
        "kan",
        "vil",
        "blir",
        "den",
        "de",
        "du",
        "i",
        "om",
        "ved",
    ]
)
_ENGLISH = frozenset(
    [
        "the",
        "and",
        "is",
        "are",
        "you",
        "your",
        "of",
        "to",
        "we",
        "not",
        "with",
        "this",
        "that",
        "it",
        "on",
        "please",
        "be",
        "have",
        "from",
        "our",
        "was",
        "were",
        "they",
        "he",
        "she",
        "his",
        "her",
        "what",
        "where",
        "when",
        "how",
        "why",
        "who",
        "which",
        "there",
        "here",
        "if",
        "as",
        "by",
        "an",
        "at",
        "or",
        "but",
        "their",
        "us",
        "would",
        "should",
        "could",
    ]
)
_NORWEGIAN_LETTERS = re.compile(r"[æøå]")


def told(text: str) -> str:
    """What it is: "nb", "nn", "en"; "no" for Norwegian of either kind; "" when nothing says anything."""
    words = [word.lower() for word in _WORD.findall(text[:MOST_CHARS])]
    bokmaal, nynorsk = (sum(word in signs for word in words) for signs in (_BOKMAAL, _NYNORSK))
    norwegian = bokmaal + nynorsk + sum(word in _BOTH for word in words)
    english = sum(word in _ENGLISH for word in words)
    if english > norwegian:
        return "en"
    if bokmaal != nynorsk:
        return "nb" if bokmaal > nynorsk else "nn"
    letters = _NORWEGIAN_LETTERS.search(text[:MOST_CHARS].lower())
    return NORWEGIAN if norwegian > english or letters else ""
