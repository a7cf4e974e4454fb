"""Group commit stores everything acknowledged once, and fails only what is bad."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest

from tests.cast import make_municipality
from torget.channels.contract import RawItem
from torget.channels.rules import form_account
from torget.intake import writer as module
from torget.intake.models import Envelope
from torget.intake.writer import Ack, Away, Full, Rejected, Writer

pytestmark = pytest.mark.django_db(transaction=True)


def run(act: Callable[[Writer], Awaitable[Any]], **options: Any) -> Any:
    async def whole() -> Any:
        writer = Writer(**options)
        writer.start()
        try:
            return await act(writer)
        finally:
            await asyncio.to_thread(writer.close)

    return asyncio.run(whole())


def item(name: str, body: bytes = b"{}", **fields: Any) -> RawItem:
    return RawItem(external_id=name, body=body, media_type="application/json", **fields)


@pytest.fixture
def account() -> int:
    return int(form_account(make_municipality()).pk)


def test_many_at_once_are_all_stored_byte_for_byte(account: int) -> None:
    bodies = {f"n{i}": bytes([i]) * i for i in range(200)}

    async def send(writer: Writer) -> list[Ack]:
        return await asyncio.gather(
            *(writer.put(account, item(name, body)) for name, body in bodies.items())
        )

    acks = run(send)
    assert len({ack.id for ack in acks}) == 200
    assert not any(ack.duplicate for ack in acks)
    stored = {e.external_id: (bytes(e.body), e.size, e.state) for e in Envelope.objects.all()}
    assert stored == {name: (body, len(body), "received") for name, body in bodies.items()}


def test_the_same_thing_again_is_one_envelope_also_within_one_batch(account: int) -> None:
    async def send(writer: Writer) -> list[Ack]:
        at_once = await asyncio.gather(*(writer.put(account, item("same")) for _ in range(5)))
        return [*at_once, await writer.put(account, item("same"))]

    acks = run(send)
    assert len({ack.id for ack in acks}) == 1
    assert [ack.duplicate for ack in acks].count(False) == 1
    assert Envelope.objects.count() == 1


def test_only_the_bad_one_of_a_batch_fails(account: int) -> None:
    async def send(writer: Writer) -> list[Any]:
        good = [writer.put(account, item(f"good{i}")) for i in range(10)]
        bad = writer.put(999_999, item("of no account"))
        return await asyncio.gather(*good[:5], bad, *good[5:], return_exceptions=True)

    results = run(send)
    assert isinstance(results[5], Rejected)
    assert sum(isinstance(one, Ack) for one in results) == 10
    assert Envelope.objects.count() == 10


def test_odd_characters_in_names_and_headers_are_stored(account: int) -> None:
    odd = item("a\0b" + "æ" * 600, headers={"x": "\0\u202e\\u0000"})
    assert not run(lambda writer: writer.put(account, odd)).duplicate
    assert run(lambda writer: writer.put(account, odd)).duplicate


def test_a_connection_cut_while_nobody_used_it_costs_no_delivery(account: int) -> None:
    opened: list[psycopg.Connection[Any]] = []

    def remember() -> psycopg.Connection[Any]:
        opened.append(module.connect())
        return opened[-1]

    async def send(writer: Writer) -> tuple[Ack, Ack]:
        await writer.put(account, item("first"))
        with module.connect() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [opened[0].info.backend_pid])
        return await writer.put(account, item("second")), await writer.put(account, item("second"))

    stored, again = run(send, open_connection=remember)
    assert (stored.duplicate, again.duplicate) == (False, True)
    assert len(opened) == 2
    assert Envelope.objects.count() == 2


def test_a_database_that_is_away_is_said_at_once_and_found_again(account: int) -> None:
    away = True

    def sometimes() -> psycopg.Connection[Any]:
        if away:
            raise psycopg.OperationalError("connection refused")
        return module.connect()

    async def send(writer: Writer) -> Ack:
        nonlocal away
        with pytest.raises(Away):
            await writer.put(account, item("one"))
        away = False
        return await writer.put(account, item("one"))

    assert not run(send, open_connection=sometimes).duplicate


def test_when_too_much_waits_the_next_is_refused(
    account: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)

    async def send(writer: Writer) -> list[Any]:
        return await asyncio.gather(
            *(writer.put(account, item(f"n{i}")) for i in range(5)), return_exceptions=True
        )

    results = run(send)
    assert [type(one) for one in results] == [Ack, Ack, Ack, Full, Full]
    assert Envelope.objects.count() == 3


def test_closing_writes_what_waits_and_takes_nothing_more(account: int) -> None:
    async def send(writer: Writer) -> list[Any]:
        waiting = [asyncio.ensure_future(writer.put(account, item(f"n{i}"))) for i in range(20)]
        await asyncio.sleep(0)
        await asyncio.to_thread(writer.close)
        with pytest.raises(Full):
            await writer.put(account, item("too late"))
        return await asyncio.gather(*waiting)

    assert len(run(send)) == 20
    assert Envelope.objects.count() == 20


def test_an_item_waits_for_its_commit_and_wakes_the_filing_loop(account: int) -> None:
    with module.connect() as listener:
        listener.execute("LISTEN torget_intake")
        ack = run(lambda writer: writer.put(account, item("wake")))
        assert Envelope.objects.filter(pk=ack.id).exists()
        assert [note.channel for note in listener.notifies(timeout=5, stop_after=1)] == [
            "torget_intake"
        ]
