"""Finding answers to a question in other words: by its words and matters, by what it means, and by how others asked it.

The weights are tuned on the first half of `torget/bench/data/pairs.txt` and measured on the second (docs/performance.md).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection

from torget.answers import meaning
from torget.answers.models import Answer
from torget.answers.vectors import literal
from torget.answers.words import matters_of, terms_by_word
from torget.people.models import Municipality

COMMON = 25_000  # a term in as many answers as this says little, and is not looked up by
NEAREST = 150
LOOKED_AT = 300  # by the index of vectors; with 150 it misses half of the nearest ten among 200,000
LEAST_WORD_LIKENESS = 0.5
UNKNOWN_IDF = (
    0.3  # of what the rarest would count: words no answer has speak against every answer alike
)

WORDS, ASKED, SAID = 2.0, 1.0, 1.0  # what words, the likeness of questions and that of bodies count
LEAST_BY_WORDS = 0.15
LEAST_BY_BOTH = 0.5

_COUNT = """
SELECT asked.term, (SELECT count(*) FROM (SELECT 1 FROM answers_term t
                    WHERE t.municipality_id = %s AND t.term = asked.term LIMIT %s) few)
FROM unnest(%s::text[]) asked(term)
"""
_NEAR_WORDS = """
SELECT t.answer_id FROM unnest(%s::text[], %s::float[]) asked(term, idf)
JOIN answers_term t ON t.municipality_id = %s AND t.term = asked.term
GROUP BY t.answer_id ORDER BY sum(t.weight * asked.idf) DESC LIMIT %s
"""
_SCORE_WORDS = """
SELECT t.answer_id, sum(t.weight * asked.idf) FROM unnest(%s::text[], %s::float[]) asked(term, idf)
JOIN answers_term t ON t.answer_id = ANY(%s) AND t.term = asked.term GROUP BY t.answer_id
"""
# How widely the index looks, and that it looks on when what it found is of other municipalities (pgvector 0.8).
_WIDTH = "SELECT set_config('hnsw.ef_search', %s, false), set_config('hnsw.iterative_scan', 'relaxed_order', false)"
_NEAR_MEANING = """
SELECT answer_id FROM answers_meaning WHERE municipality_id = %s AND model = %s
ORDER BY vector <#> %s::halfvec LIMIT %s
"""
_SCORE_MEANING = """
SELECT answer_id, part, max(-(vector <#> %s::halfvec)) FROM answers_meaning
WHERE answer_id = ANY(%s) AND model = %s GROUP BY answer_id, part
"""
_LIKE = """
SELECT asked.word, near.term, near.likeness FROM unnest(%s::text[]) asked(word), LATERAL (
  SELECT k.term, greatest(similarity(k.term, asked.word), CASE WHEN k.term LIKE asked.word || '%%' THEN 0.8 END) likeness
  FROM answers_known k WHERE k.municipality_id = %s
  AND (k.term %% asked.word OR (length(asked.word) > 3 AND k.term LIKE asked.word || '%%'))
  ORDER BY likeness DESC LIMIT 3) near
WHERE near.likeness >= %s
"""


@dataclass(slots=True)
class Likeness:
    """How near one answer is to a question: by words (0 to 1), and by meaning of question and body (-1 to 1)."""

    words: float = 0.0
    meaning: dict[str, float] = field(default_factory=dict)

    @property
    def asked(self) -> float:
        """The nearest of the question and how others asked it."""
        parts = [self.meaning[part] for part in ("question", "wording") if part in self.meaning]
        return max(parts, default=0.0)

    @property
    def score(self) -> float:
        """All together."""
        body = self.meaning.get("body", 0.0)
        return WORDS * self.words + ASKED * self.asked + SAID * body

    @property
    def enough(self) -> bool:
        """Whether it is near enough to show to somebody."""
        return self.score >= (LEAST_BY_BOTH if self.meaning else WORDS * LEAST_BY_WORDS)


def _rows(query: str, values: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return list(cursor.fetchall())


@lru_cache(maxsize=1_000)
def _how_many(municipality_id: int, _minute: int) -> int:
    return Answer.objects.filter(municipality_id=municipality_id, withdrawn_at=None).count()


def _counted(municipality_id: int, terms: Iterable[str]) -> dict[str, int]:
    rows = _rows(_COUNT, [municipality_id, COMMON, list(terms)])
    return dict(rows)


def _mended(municipality_id: int, words: Sequence[str]) -> dict[str, dict[str, float]]:
    """For misspelt and unfinished words the known terms nearest to them, with how near."""
    spellings: dict[str, dict[str, float]] = {}
    for word, term, like in _rows(_LIKE, [list(words), municipality_id, LEAST_WORD_LIKENESS]):
        spellings.setdefault(word, {})[term] = float(like)
        spellings[word] |= dict.fromkeys(matters_of(term), float(like))
    return spellings


@dataclass(frozen=True, slots=True)
class Asked:
    """The terms of a question with what each counts, what all would count together, and those worth looking up by."""

    idf: Mapping[str, float]
    whole: float
    rare: Sequence[str]


def _weights(municipality_id: int, text: str, at: datetime) -> Asked:
    """Each term with what it counts: the rarer the more."""
    words = terms_by_word(text)
    counted = _counted(municipality_id, {term for terms in words.values() for term in terms})
    unknown = [terms[0] for terms in words.values() if not any(counted[term] for term in terms)]
    mended = _mended(municipality_id, unknown) if unknown else {}
    likeness = {term: like for near in mended.values() for term, like in near.items()}
    if likeness:
        counted |= _counted(municipality_id, likeness)
    many = max(_how_many(municipality_id, int(at.timestamp() // 60)), 1)
    idf = {
        term: max(math.log((many + 1) / (count + 0.5)), 0.1) * likeness.get(term, 1.0)
        for term, count in counted.items()
        if count
    }
    lost = UNKNOWN_IDF * math.log(many + 1) * (len(unknown) - len(mended))
    rare = [term for term in idf if counted[term] < COMMON]
    return Asked(idf, sum(idf.values()) + lost or 1.0, rare or list(idf))


def _by_words(municipality_id: int, asked: Asked) -> set[int]:
    idf = [asked.idf[term] for term in asked.rare]
    rows = _rows(_NEAR_WORDS, [list(asked.rare), idf, municipality_id, NEAREST])
    return {row[0] for row in rows}


def likenesses(municipality: Municipality, text: str, *, at: datetime) -> Mapping[int, Likeness]:
    """How near the nearest answers are, by id of answer; those not published are among them."""
    asked = _weights(municipality.pk, text, at)
    near = _by_words(municipality.pk, asked) if asked.idf else set()
    vector = literal(meaning.of_question(text)) if meaning.available() else ""
    if vector:
        _rows(_WIDTH, [str(LOOKED_AT)])
        values = [municipality.pk, meaning.MODEL, vector, NEAREST]
        near |= {row[0] for row in _rows(_NEAR_MEANING, values)}
    by_answer = {pk: Likeness() for pk in near}
    scored = [list(asked.idf), list(asked.idf.values()), list(near)]
    for pk, score in _rows(_SCORE_WORDS, scored) if asked.idf and near else ():
        by_answer[pk].words = score / asked.whole
    for pk, part, like in (
        _rows(_SCORE_MEANING, [vector, list(near), meaning.MODEL]) if vector and near else ()
    ):
        by_answer[pk].meaning[part] = like
    return by_answer


def in_language(answers: Sequence[Answer], language: str, *, at: datetime) -> list[Answer]:
    """Each answer in the reader's language where there is a translation, and once only."""
    sources = {version.translation_of_id or version.pk for version in answers}
    same = Answer.objects.published(at=at).filter(language=language).select_related("unit")
    by_source = {version.pk: version for version in same.filter(pk__in=sources)}
    by_source |= {
        version.translation_of_id: version
        for version in same.filter(translation_of__in=sources)
        if version.translation_of_id
    }
    shown: dict[int, Answer] = {}
    for version in answers:
        source = version.translation_of_id or version.pk
        shown.setdefault(source, by_source.get(source, version))
    return list(shown.values())


def suggest(
    municipality: Municipality,
    text: str,
    *,
    at: datetime,
    limit: int = 5,
    language: str = "",
) -> list[Answer]:
    """The published answers nearest to a question as somebody writes it, best first; empty when nothing is near.

    With `language`, each in that language where it has been translated.
    """
    text = " ".join(text.split())
    if not terms_by_word(text):
        return []
    near = likenesses(municipality, text, at=at)
    best = sorted(
        (pk for pk, likeness in near.items() if likeness.enough),
        key=lambda pk: (-near[pk].score, pk),
    )
    best = best[: limit * 4]
    published = Answer.objects.filter(municipality=municipality).published(at=at)
    rows = published.select_related("unit").in_bulk(best)
    suggested = [rows[pk] for pk in best if pk in rows][: limit * 2]
    return (in_language(suggested, language, at=at) if language and suggested else suggested)[
        :limit
    ]
