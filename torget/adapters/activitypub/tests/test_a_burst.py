"""A thousand signed deliveries at the same moment are all checked, stored and thanked for."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.db import connections

from torget.adapters.activitypub.tests.specimens import activity, bytes_of, know_kari, note, sign
from torget.config.hooks import ASKERS, Hooks
from torget.intake.models import Envelope
from torget.intake.writer import Writer

AT_ONCE = 1_000


class Reply:
    def __init__(self, body):
        self.body, self.status = body, 0

    async def __call__(self):
        return self.body

    def response_str(self, status, headers, text):
        self.status = status

    response_bytes = response_str


def knock(mine, number):
    """Kari's question number so and so as the front gets it, and where its answer is told."""
    said = note(id=f"https://mastodon.example/n/{number}", cc=[mine.actor])
    headers, body = sign(bytes_of(activity("Create", said, mark=f"-{number}")), url=mine.inbox)
    path, _method = headers.pop(":path"), headers.pop(":method")
    scope = SimpleNamespace(
        method="POST",
        path=path,
        query_string="",
        authority=headers["host"],
        headers={**headers, "content-length": str(len(body))},
    )
    return scope, Reply(body)


def close_connections(pool, threads):
    """Each thread has a connection of its own, which must not outlive the test."""
    all_here = threading.Barrier(threads)

    def close(_turn):
        all_here.wait(20)
        connections.close_all()

    list(pool.map(close, range(threads)))


@pytest.mark.django_db(transaction=True)
def test_a_thousand_at_once_are_taken_and_none_is_sent_away(mine):
    know_kari()
    knocks = [knock(mine, number) for number in range(AT_ONCE)]

    async def all_at_once(hooks, writer):
        writer.start()
        try:
            await asyncio.gather(*(hooks.answer(scope, reply) for scope, reply in knocks))
        finally:
            await asyncio.to_thread(writer.close)

    with ThreadPoolExecutor(1) as pool:
        writer = Writer()
        hooks = Hooks(writer, pool, 1_000_000)
        asyncio.run(all_at_once(hooks, writer))
        close_connections(pool, 1)
        close_connections(hooks.asking, ASKERS)
        hooks.close()
    assert Counter(reply.status for _scope, reply in knocks) == {202: AT_ONCE}
    assert Envelope.objects.count() == AT_ONCE
