"""Finding answers to a question in other words: Norwegian stems, trigrams against typing errors, earlier wordings."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordSimilarity
from django.db.models import F, Max, Q, Value
from django.db.models.functions import Coalesce, Greatest

from torget.answers.models import Answer
from torget.people.models import Municipality

# Words that carry no subject; left in, they make every question look like every other.
_STOP = frozenset(
    [
        "hei",
        "hallo",
        "god",
        "dag",
        "jeg",
        "vi",
        "du",
        "dere",
        "meg",
        "min",
        "mitt",
        "mine",
        "vår",
        "vårt",
        "kan",
        "kunne",
        "skal",
        "skulle",
        "vil",
        "ville",
        "må",
        "er",
        "var",
        "blir",
        "ble",
        "har",
        "hadde",
        "det",
        "den",
        "de",
        "en",
        "et",
        "ei",
        "og",
        "eller",
        "men",
        "som",
        "at",
        "av",
        "på",
        "i",
        "til",
        "fra",
        "for",
        "med",
        "om",
        "når",
        "hvor",
        "hva",
        "hvem",
        "hvordan",
        "hvorfor",
        "hvilken",
        "hvilke",
        "noe",
        "noen",
        "ikke",
        "så",
        "da",
        "nå",
        "her",
        "der",
        "ut",
        "inn",
        "opp",
        "ned",
        "hos",
        "ved",
        "mot",
        "etter",
        "før",
        "ho",
        "han",
        "vi",
        "me",
        "eg",
        "ein",
        "eit",
        "kva",
        "kven",
        "kvar",
        "korleis",
        "når",
        "ikkje",
        "den",
        "dette",
        "disse",
        "skjer",
        "gjør",
        "gjøre",
        "får",
        "få",
        "takk",
        "mvh",
        "hilsen",
        "the",
        "a",
        "an",
        "is",
        "are",
        "do",
        "does",
        "how",
        "what",
        "when",
        "where",
        "can",
        "i",
        "my",
        "we",
        "to",
        "of",
        "in",
        "on",
        "and",
        "for",
        "it",
        "you",
    ]
)
MAX_WORDS = 24
MIN_RANK = 0.02


def words_of(text: str) -> list[str]:
    """The words of a question that carry its subject, in order, each once."""
    cleaned = "".join(char.lower() if char.isalnum() else " " for char in text[:2000])
    return list(
        dict.fromkeys(word for word in cleaned.split() if len(word) > 1 and word not in _STOP)
    )[:MAX_WORDS]


def suggest(municipality: Municipality, text: str, *, at: datetime, limit: int = 5) -> list[Answer]:
    """The published answers nearest to a question as somebody writes it, best first; empty when nothing is near."""
    words = words_of(text)
    if not words:
        return []
    # As beginnings of words: the Norwegian stemmer leaves short ones alone ("veien" does not become "vei").
    query = SearchQuery(
        " | ".join(f"'{word}':*" for word in words), config="norwegian", search_type="raw"
    )
    joined = " ".join(words)
    near = Answer.objects.filter(municipality=municipality).published(at=at)
    ranked = (
        near.annotate(
            said=SearchRank(F("search"), query, normalization=Value(1)),
            asked=Coalesce(
                Max(SearchRank(F("wordings__search"), query, normalization=Value(1))), Value(0.0)
            ),
            alike=TrigramWordSimilarity(joined, "question"),
        )
        .annotate(score=Greatest("said", "asked") + F("alike") * Value(0.3))
        .filter(Q(search=query) | Q(wordings__search=query) | Q(alike__gt=0.4))
        .filter(score__gt=MIN_RANK)
        .order_by("-score", "-changed_at")
    )
    return list(ranked.select_related("unit")[:limit])
