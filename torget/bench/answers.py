"""Answers suggested while one writes, among 100,000: how fast, and whether the right one is found.

Every answer has a real text and real terms. Vectors of a few hundred made-up neighbours are made by the model; those of
the others are mixed of two of these with a little noise, because making 100,000 would take an hour (docs/performance.md).
"""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone

from torget.answers import learning, meaning
from torget.answers.models import Answer, Known, Meaning, Term, Wording
from torget.answers.search import suggest
from torget.answers.vectors import literal
from torget.answers.words import weighted
from torget.bench.pairs import Matter, halves, matters, neighbours
from torget.bench.place import open_account
from torget.bench.result import Result, Round, percentile
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.models import Host, Municipality, Staff
from torget.people.tenancy import forget_hosts

ROWS, ROUNDS = 100_000, 3
EMBEDDED = 600
NOISE = 0.35
BATCH = 2_000
WAYS = (("nb", "ev"), ("nn", "en"))
PER_ROUND = 100
FEWEST = 20


@dataclass(frozen=True, slots=True)
class Town:
    """Where it is measured: the municipality, its answers with pairs, and who published them."""

    municipality: Municipality
    staff: Staff
    known: dict[str, Answer]


def measure(rows: int = ROWS, rounds: int = ROUNDS) -> Result:
    """Suggestions a second through the view; limit: the query's embedding and one bare vector query, in turns."""
    at = timezone.now()
    town = _town(at)
    _neighbours(town, rows, at)
    written = matters()[: max(FEWEST, rows // 4)]  # all of them, unless it is only tried out
    for matter in written:
        _publish(town, matter, at)
    _settle()
    tune, held = halves(written)
    more = {f"{name}_cold": value for name, value in _recalls(town, tune, held, at).items()}
    more |= _recalls_with_wordings(town, tune, held, at)
    texts = [words for matter in written for _way, words in matter.asked]
    values, limits, times = _rates(town, texts, rounds, min(PER_ROUND, rows))
    more |= {"p50_ms": percentile(times, 0.5) * 1000, "p95_ms": percentile(times, 0.95) * 1000}
    more |= {"answers": Answer.objects.count(), "vectors": Meaning.objects.count()}
    more |= {"load": os.getloadavg()[0]}
    return Result("answers", "suggestions/s", values, limits, more)


# The town ---------------------------------------------------------------------------------------


def _town(at: datetime) -> Town:
    unit = open_account("form").unit
    Host.objects.create(municipality=unit.municipality, host="bench.test")
    forget_hosts()
    staff = people.add_staff(
        unit,
        email="ola@bench.test",
        password=None,
        first_name="Ola",
        last_name="Benk",
        at=at,
        by=Actor.system(unit.municipality_id),
    )
    return Town(unit.municipality, staff, {})


def _answer(town: Town, question: str, body: str, slug: str, at: datetime, **more: Any) -> Answer:
    return Answer(
        municipality=town.municipality,
        unit=town.staff.unit,
        slug=slug,
        question=question,
        body=body,
        published_at=at,
        changed_at=at,
        published_by=town.staff,
        **more,
    )


def _publish(town: Town, matter: Matter, at: datetime) -> None:
    slug, language = f"par-{len(town.known)}", matter.language
    answer = _answer(town, matter.question, matter.body, slug, at, language=language)
    answer.save()
    town.known[matter.question] = answer
    learning.index(answer)
    if meaning.available():
        learning.understand(answer, at=at)


def _neighbours(town: Town, rows: int, at: datetime) -> None:
    """Answers to hide among, with their terms and vectors."""
    source = list(itertools.islice(neighbours(), rows))
    vectors = _vectors([(question, body) for _subject, question, body in source[:EMBEDDED]])
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX IF EXISTS meaning_near")
    for start in range(0, len(source), BATCH):
        batch = [
            _answer(town, question, body, f"nabo-{start + number}", at, understood_at=at)
            for number, (_subject, question, body) in enumerate(source[start : start + BATCH])
        ]
        Answer.objects.bulk_create(batch)
        _copy_terms(batch)
        if vectors is not None:
            _copy_vectors(batch, vectors, start)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO answers_known (municipality_id, term)"
            " SELECT DISTINCT municipality_id, term FROM answers_term"
        )
        if vectors is not None:
            cursor.execute("SET maintenance_work_mem = '1GB'")
            cursor.execute(
                "CREATE INDEX meaning_near ON answers_meaning USING hnsw (vector halfvec_ip_ops)"
            )


def _copy(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(
            f"COPY {table} ({', '.join(columns)}) FROM STDIN"  # our own names
        ) as copy,
    ):
        for row in rows:
            copy.write_row(row)


def _copy_terms(batch: Sequence[Answer]) -> None:
    _copy(
        Term._meta.db_table,
        ("municipality_id", "answer_id", "term", "weight"),
        (
            (one.municipality_id, one.pk, term, weight)
            for one in batch
            for term, weight in weighted(one.question, one.body).items()
        ),
    )


def _copy_vectors(batch: Sequence[Answer], vectors: tuple[Any, Any], start: int) -> None:
    _copy(
        Meaning._meta.db_table,
        ("municipality_id", "answer_id", "part", "model", "vector"),
        (
            (one.municipality_id, one.pk, part, meaning.MODEL, literal(_mixed(rows, start + n)))
            for n, one in enumerate(batch)
            for part, rows in zip(("question", "body"), vectors, strict=True)
        ),
    )


def _vectors(texts: Sequence[tuple[str, str]]) -> tuple[Any, Any] | None:
    """What the model makes of questions and of bodies; None without a model."""
    if not meaning.available():
        return None
    array = import_module("numpy").array
    questions = array([meaning.of_question(question) for question, _body in texts])
    bodies = array([meaning.of_passage(f"{question} {body}") for question, body in texts])
    return questions, bodies


def _mixed(rows: Any, number: int) -> list[float]:
    """The real vector for the first; for the others two real ones and noise, always the same for the same number."""
    if number < len(rows):
        return list(map(float, rows[number]))
    numpy = import_module("numpy")
    chance = numpy.random.default_rng(number)
    one, other = chance.choice(len(rows), 2, replace=False)
    share = chance.uniform(0.5, 0.9)
    mixed = share * rows[one] + (1 - share) * rows[other]
    mixed += chance.normal(0, NOISE / mixed.size**0.5, mixed.size)
    return list(map(float, mixed / numpy.linalg.norm(mixed)))


def _settle() -> None:
    with connection.cursor() as cursor:
        for model in (Answer, Term, Known, Meaning):
            cursor.execute(f"VACUUM ANALYZE {model._meta.db_table}")


# Recall ----------------------------------------------------------------------------------------


def _rank(town: Town, words: str, answer: Answer, at: datetime) -> int:
    found = [one.pk for one in suggest(town.municipality, words, at=at, limit=5)]
    return found.index(answer.pk) if answer.pk in found else 99


def _ranks(
    town: Town, some: Sequence[Matter], at: datetime, ways: Sequence[str] = ("nb", "nn", "en", "ev")
) -> list[int]:
    return [
        _rank(town, words, town.known[matter.question], at)
        for matter in some
        for way, words in matter.asked
        if way in ways
    ]


def _share(ranks: Sequence[int], within: int) -> float:
    return sum(rank < within for rank in ranks) / len(ranks)


def _recalls(
    town: Town, tune: Sequence[Matter], held: Sequence[Matter], at: datetime
) -> dict[str, float]:
    """Nobody has asked it before: the answer is known by its question and body only."""
    both = {"": _ranks(town, held, at), "_tune": _ranks(town, tune, at)}
    return {
        f"recall{within}{name}": _share(ranks, within)
        for name, ranks in both.items()
        for within in (1, 5)
    }


def _recalls_with_wordings(
    town: Town, tune: Sequence[Matter], held: Sequence[Matter], at: datetime
) -> dict[str, float]:
    """Two others have asked it before, in two of the four ways; it is asked in the other two."""
    ranks: dict[str, list[int]] = {"": [], "_tune": []}
    for known, asked in (WAYS, WAYS[::-1]):
        for matter in [*tune, *held]:
            _teach(town.known[matter.question], matter, known, at)
        ranks[""] += _ranks(town, held, at, asked)
        ranks["_tune"] += _ranks(town, tune, at, asked)
    return {
        f"recall{within}{name}": _share(list_of, within)
        for name, list_of in ranks.items()
        for within in (1, 5)
    }


def _teach(answer: Answer, matter: Matter, ways: Sequence[str], at: datetime) -> None:
    answer.wordings.all().delete()
    Wording.objects.bulk_create(
        Wording(answer=answer, text=words) for way, words in matter.asked if way in ways
    )
    learning.index(answer)
    if meaning.available():
        learning.understand(answer, at=at)


# Speed -----------------------------------------------------------------------------------------


def _rates(
    town: Town, texts: Sequence[str], rounds: int, each: int
) -> tuple[list[Round], list[Round], list[float]]:
    """Value and limit in turns, `each` times. No text is asked twice: the model remembers what it has read."""
    client = Client(headers={"host": "bench.test"})
    chance = random.Random(1)  # noqa: S311 - no secret
    values, limits, times = list[Round](), list[Round](), list[float]()

    def fresh() -> list[str]:
        return [f"{chance.choice(texts)} {chance.randrange(10**6)}" for _one in range(each)]

    def ask(text: str) -> None:
        reply = client.get("/spor/forslag", {"q": text})
        if reply.status_code != 200:
            raise RuntimeError(f"The suggestions answered {reply.status_code}.")

    for number in range(rounds + 1):
        limit, _seconds = _timed(_bare(town), fresh())
        value, seconds = _timed(ask, fresh())
        if number:
            limits.append(limit)
            values.append(value)
            times += seconds
    return values, limits, times


def _timed(do: Callable[[str], object], texts: Sequence[str]) -> tuple[Round, list[float]]:
    times = list[float]()
    for text in texts:
        started = time.perf_counter()
        do(text)
        times.append(time.perf_counter() - started)
    return Round(len(texts), sum(times)), times


def _bare(town: Town) -> Callable[[str], object]:
    """The query's embedding and the five nearest vectors; without a model the five nearest by two words."""
    near = "SELECT answer_id FROM answers_meaning WHERE municipality_id = %s ORDER BY vector <#> %s::halfvec LIMIT 5"
    plain = "SELECT answer_id FROM answers_term WHERE municipality_id = %s AND term = %s LIMIT 5"

    def ask(text: str) -> object:
        vector = literal(meaning.of_question(text)) if meaning.available() else ""
        with connection.cursor() as cursor:
            cursor.execute(near if vector else plain, [town.municipality.pk, vector or "pris"])
            return cursor.fetchall()

    return ask
