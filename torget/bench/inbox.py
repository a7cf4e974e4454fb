"""The queue and the search of a town with a million conversations, beside the same questions in plain SQL."""

from __future__ import annotations

import gc
import logging
import random
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from django.db import connection
from django.test import Client

from torget.bench import town
from torget.bench.result import Result, Round, percentile
from torget.conversations.models import Conversation, Message
from torget.people.actor import Actor

log = logging.getLogger(__name__)

ROWS, ROUNDS = 1_000_000, 10
SLOWEST = 5  # searches and pages told of on standard error, to be looked into
QUEUE_PAGES = (
    "/desk/",
    "/desk/?vis=mine",
    "/desk/?vis=free",
    "/desk/?enhet=skole",
    "/desk/?vis=closed",
)
_SEARCH = "/desk/sok"


def measure(rows: int = ROWS, rounds: int = ROUNDS) -> Result:
    """Build the town, then ask: each question as a page and as SQL, in turns. The value is searches a second."""
    started = time.perf_counter()
    made = town.build(rows)
    built = time.perf_counter() - started
    gc.collect()
    gc.freeze()  # what the builder left in memory is no web process's
    lead, narrow = made.staff[0], made.staff[1]
    pages = {staff.pk: _client(staff) for staff in (lead, narrow)}
    for staff in (lead, narrow):  # what every process does once
        for page in QUEUE_PAGES:
            _page(pages[staff.pk], page)
    queue, queue_sql, search, search_sql = [], [], [], []
    slow: list[tuple[float, str]] = []
    slow_pages: list[tuple[float, str]] = []
    for number in range(rounds):
        for staff in (lead, narrow):
            for page in QUEUE_PAGES:
                took, in_sql = _page_and_sql(pages[staff.pk], page)
                queue.append(took)
                slow_pages.append((took, f"{page} by {staff.first_name}"))
                queue_sql.append(in_sql)
            for query in _queries(made.words, seed=number):
                took, in_sql = _page_and_sql(pages[staff.pk], f"{_SEARCH}?del=treff&{query}")
                search.append(took)
                slow.append((took, query))
                search_sql.append(in_sql)
    for several in (slow, slow_pages):
        for took, asked in sorted(several, reverse=True)[:SLOWEST]:
            log.warning("slow: %.0f ms %s", took * 1000, asked)
    more = {
        "p95_search_ms": percentile(search, 0.95) * 1000,
        "p95_search_sql_ms": percentile(search_sql, 0.95) * 1000,
        "p50_search_ms": median(search) * 1000,
        "p95_queue_ms": percentile(queue, 0.95) * 1000,
        "p95_queue_sql_ms": percentile(queue_sql, 0.95) * 1000,
        "p50_queue_ms": median(queue) * 1000,
        "queue_ratio": sum(queue_sql) / sum(queue),
        "conversations": Conversation.objects.count(),
        "messages": Message.objects.count(),
        "built_seconds": built,
    }
    return Result(
        "inbox",
        "searches/s",
        [Round(len(search), sum(search))],
        [Round(len(search_sql), sum(search_sql))],
        more,
    )


def _client(staff: Any) -> Client:
    client = Client(HTTP_HOST=town.HOST)
    client.force_login(staff.user)
    if not Actor.of_staff(staff).may("conversations.read"):
        raise RuntimeError("The staff of the bench may not read.")
    return client


def _queries(vocabulary: list[str], *, seed: int) -> list[str]:
    """Searches as people make them: common and rare words, phrases, unfinished words, slips, and with filters."""
    draw = random.Random(seed)  # noqa: S311 - a measurement, not a secret

    def word(low: float, high: float) -> str:
        return vocabulary[int(len(vocabulary) * draw.uniform(low, high))]

    slip = word(0.0, 0.05)
    return [
        "q=hei",
        f"q={word(0, 0.0005)}",
        f"q={word(0.001, 0.01)}",
        f"q={word(0.1, 0.4)}",
        f"q={word(0.9, 1.0)}",
        f"q={word(0, 0.001)}+{word(0.001, 0.01)}",
        f"q={word(0, 0.01)[:4]}",
        f'q="{_phrase(vocabulary, draw.randint(1, town.TEXTS))}"',
        f"q={slip[:-1]}{slip[-1] * 2}q",
        "q=brøyting&enhet=skole",
        "q=vann&tilstand=new",
        f"q=Person+{draw.randint(1, 1000)}",
        "q=finnesikkenoested",
    ]


def _phrase(vocabulary: list[str], number: int) -> str:
    """Three words that somebody said in a row."""
    for at, text in town.texts(vocabulary, number):
        if at == number:
            return "+".join(text.rstrip(".").split()[3:6])
    raise ValueError(number)


def _page(client: Client, address: str) -> None:
    response = client.get(address)
    if response.status_code != 200:
        raise RuntimeError(f"{address} answered {response.status_code}")


def _timed(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


class _Kept:
    """The statements a page asked, to be asked again by themselves."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Any]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.asked.append((sql, params))
        return execute(sql, params, many, context)


def _page_and_sql(client: Client, address: str) -> tuple[float, float]:
    """Seconds for the page, and for the statements about conversations it asked, run bare in the same order."""
    _page(client, address)  # the first time warms the cache for both
    kept = _Kept()
    with connection.execute_wrapper(kept):
        _page(client, address)
    asked = [
        (sql, params)
        for sql, params in kept.asked
        if "conversations_" in sql and sql.lstrip()[:6] in {"SELECT", "WITH c"}
    ]

    def bare() -> None:
        with connection.cursor() as cursor:
            for sql, params in asked:
                cursor.execute(sql, params)
                cursor.fetchall()

    return _timed(lambda: _page(client, address)), _timed(bare)
