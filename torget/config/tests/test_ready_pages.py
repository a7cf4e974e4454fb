"""Ready pages: made by one request for all who ask, given while they are made anew, and when nothing can make them."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import brotli
import pytest

from torget.config.bridge import Answer
from torget.config.ready import pages, shelf
from torget.config.ready.page import NOTICE_HIDDEN, encoding
from torget.config.ready.pages import Ready
from torget.config.ready.shelf import Shelf

KEY = ("torg.test", "/vegg", "", "", "")
MARKED = [("content-type", "text/html"), ("x-ready-seconds", "5")]


class Django:
    """Answers with the number of times it was asked; can be made slow, and made to fail."""

    def __init__(self) -> None:
        self.asked = 0
        self.status = 200
        self.headers = MARKED
        self.gate: asyncio.Event | None = None

    async def __call__(self, key: Any) -> Answer:
        self.asked += 1
        number, gate = self.asked, self.gate
        if gate:
            await gate.wait()
        else:
            await asyncio.sleep(0)
        body = b"<p" + NOTICE_HIDDEN + b">old</p>page %d" % number
        return Answer(self.status, list(self.headers), body)


async def one_place(_host: str) -> int | None:
    return 1


@pytest.fixture
def django() -> Django:
    return Django()


@pytest.fixture
def clock(monkeypatch) -> Callable[[float], None]:
    """Lets time pass for the pages."""
    ahead = [0.0]
    real = pages.time.monotonic

    class Time:
        monotonic = staticmethod(lambda: real() + ahead[0])

    monkeypatch.setattr(pages, "time", Time)

    def pass_(seconds: float) -> None:
        ahead[0] += seconds

    return pass_


def run(scene: Callable[[Ready], Awaitable[None]], django: Django, home: Path) -> None:
    async def play() -> None:
        await scene(Ready(django, one_place, Shelf(home, "test")))

    asyncio.run(play())


def body(page: Any) -> str:
    assert page is not None
    return page.bodies[0].decode()


def test_a_crowd_at_a_new_page_makes_one_question(django, tmp_path):
    async def scene(ready: Ready) -> None:
        given = await asyncio.gather(*(ready.page(KEY) for _reader in range(64)))
        assert django.asked == 1
        assert {body(page) for page in given} == {body(ready.at_once(KEY))}

    run(scene, django, tmp_path)


def test_a_page_that_grew_old_is_given_while_one_makes_it_anew(django, tmp_path, clock):
    async def scene(ready: Ready) -> None:
        await ready.page(KEY)
        clock(6)
        assert ready.at_once(KEY) is None
        django.gate = asyncio.Event()
        given = await asyncio.wait_for(asyncio.gather(*(ready.page(KEY) for _ in range(20))), 1)
        assert all("page 1" in body(page) for page in given)
        assert django.asked == 2
        django.gate.set()
        await asyncio.sleep(0.1)
        assert "page 2" in body(ready.at_once(KEY))

    run(scene, django, tmp_path)


def test_a_change_is_waited_for_a_moment_and_no_longer(django, tmp_path, clock):
    async def scene(ready: Ready) -> None:
        await ready.page(KEY)
        clock(1)
        ready.drop(1)
        assert "page 2" in body(await ready.page(KEY))
        clock(1)
        ready.drop(None)
        django.gate = asyncio.Event()
        assert "page 2" in body(await asyncio.wait_for(ready.page(KEY), 1))
        django.gate.set()

    run(scene, django, tmp_path)


def test_a_change_elsewhere_leaves_the_page_fresh(django, tmp_path):
    async def scene(ready: Ready) -> None:
        await ready.page(KEY)
        ready.drop(2)
        assert ready.at_once(KEY) is not None

    run(scene, django, tmp_path)


def test_a_storm_of_changes_makes_it_anew_twice_a_second(django, tmp_path, clock):
    async def scene(ready: Ready) -> None:
        await ready.page(KEY)
        for _change in range(100):
            clock(0.02)
            ready.drop(1)
            if ready.at_once(KEY) is None:
                await ready.page(KEY)
        assert 3 <= django.asked <= 6  # in two seconds

    run(scene, django, tmp_path)


def test_who_has_just_written_reads_it_even_when_an_older_page_is_under_way(
    django, tmp_path, clock
):
    async def scene(ready: Ready) -> None:
        await ready.page(KEY)
        clock(6)
        first = django.gate = asyncio.Event()
        await ready.page(KEY)  # the second is under way
        await asyncio.sleep(0.01)
        ready.drop_host("torg.test")
        django.gate = None
        reader = asyncio.create_task(ready.page(KEY))
        await asyncio.sleep(0.01)
        first.set()
        assert "page 3" in body(await reader)

    run(scene, django, tmp_path)


def test_a_page_that_cannot_be_made_is_given_for_half_a_day_and_says_so(django, tmp_path, clock):
    async def scene(ready: Ready) -> None:
        await ready.page(KEY)
        assert NOTICE_HIDDEN in ready.at_once(KEY).bodies[0]
        django.status = 503
        for hours in range(11):
            page = await ready.page(KEY) if hours else ready.at_once(KEY)
            clock(3600)
        page = await ready.page(KEY)
        assert "page 1" in body(page)
        assert NOTICE_HIDDEN not in page.bodies[0]
        assert b"data-stale" in gzip.decompress(page.bodies[1])
        assert brotli.decompress(page.bodies[2]) == page.bodies[0]
        asked = django.asked
        assert "page 1" in body(ready.at_once(KEY))  # and for two seconds nobody tries again
        assert django.asked == asked
        clock(2 * 3600)
        await ready.page(KEY)
        assert await ready.page(KEY) is None

    run(scene, django, tmp_path)


def test_once_it_can_be_made_again_it_is(django, tmp_path, clock):
    async def scene(ready: Ready) -> None:
        await ready.page(KEY)
        django.status = 500
        clock(6)
        await ready.page(KEY)
        await asyncio.sleep(0.05)
        django.status = 200
        clock(3)
        ready.drop(None)
        page = await ready.page(KEY)
        assert NOTICE_HIDDEN in page.bodies[0]
        assert "page 3" in body(page)

    run(scene, django, tmp_path)


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (200, [("content-type", "text/html")]),
        (200, [*MARKED, ("set-cookie", "csrftoken=x")]),
        (302, [("location", "/")]),
        (404, MARKED),
    ],
)
def test_what_is_not_for_everyone_is_left_to_django(django, tmp_path, status, headers):
    async def scene(ready: Ready) -> None:
        django.status, django.headers = status, headers
        assert await ready.page(KEY) is None
        assert await ready.page(KEY) is None
        assert django.asked == 1  # and each reader is answered without a second question
        assert not list((tmp_path / shelf.FOLDER / "test").iterdir())

    run(scene, django, tmp_path)


def test_an_error_at_one_address_closes_no_other(django, tmp_path):
    async def scene(ready: Ready) -> None:
        django.status = 400
        assert await ready.page(("torg.test", "/vegg", "for=%00", "", "")) is None
        django.status = 200
        assert "page" in body(await ready.page(KEY))

    run(scene, django, tmp_path)


def test_the_processes_of_a_machine_make_a_page_once(django, tmp_path):
    async def scene(ready: Ready) -> None:
        other = Ready(django, one_place, Shelf(tmp_path, "test"))
        given = await asyncio.gather(*(place.page(KEY) for place in (ready, other) * 8))
        assert django.asked == 1
        assert len({body(page) for page in given}) == 1

    run(scene, django, tmp_path)


def test_a_new_process_gives_what_an_earlier_one_kept_when_nothing_can_be_made(django, tmp_path):
    async def earlier(ready: Ready) -> None:
        await ready.page(KEY)
        await asyncio.sleep(pages.AT_LEAST_SECONDS + 0.1)

    async def later(ready: Ready) -> None:
        ready.drop(None)  # as every process does when it begins to listen
        django.status = 503
        page = await ready.page(KEY)
        assert "page 1" in body(page)
        assert NOTICE_HIDDEN not in page.bodies[0]

    run(earlier, django, tmp_path)
    run(later, django, tmp_path)


def test_an_old_page_of_another_process_is_not_given_because_a_new_one_takes_long(django, tmp_path):
    """Words in it may have been hidden while this process was not there to hear of it."""

    async def earlier(ready: Ready) -> None:
        await ready.page(KEY)
        await asyncio.sleep(pages.AT_LEAST_SECONDS + 0.1)

    async def later(ready: Ready) -> None:
        ready.drop(None)
        gate = django.gate = asyncio.Event()
        reader = asyncio.create_task(ready.page(KEY))
        await asyncio.sleep(pages.OWN_PATIENCE_SECONDS + 0.2)
        assert not reader.done()
        gate.set()
        assert "page 2" in body(await reader)

    run(earlier, django, tmp_path)
    run(later, django, tmp_path)


def test_a_broken_file_costs_a_page_made_once_more(django, tmp_path):
    async def scene(ready: Ready) -> None:
        await ready.page(KEY)
        [path] = [p for p in (tmp_path / shelf.FOLDER / "test").iterdir() if not p.suffix]
        for content in (b"", b"{}\n", b"[]\n", path.read_bytes()[:-5], b"\xff" * 500):
            path.write_bytes(content)
            other = Ready(django, one_place, Shelf(tmp_path, "test"))
            assert "page" in body(await other.page(KEY))

    run(scene, django, tmp_path)


def test_pages_of_made_up_addresses_push_out_the_least_used(django, tmp_path, monkeypatch, clock):
    monkeypatch.setattr(pages, "MOST_PAGES", 10)

    async def scene(ready: Ready) -> None:
        for number in range(30):
            clock(6)
            await ready.page(KEY)
            await ready.page((*KEY[:2], f"x={number}", "", ""))
        assert ready.at_once(KEY) or "page" in body(await ready.page(KEY))
        assert len(ready._pages) <= 10
        assert KEY in ready._pages
        assert ready._bytes == sum(page.size for page in ready._pages.values())

    run(scene, django, tmp_path)


def test_pages_hold_no_more_memory_than_they_may(django, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "MOST_BYTES", 500)

    async def scene(ready: Ready) -> None:
        for number in range(20):
            await ready.page((*KEY[:2], f"x={number}", "", ""))
        assert 0 < ready._bytes <= 500

    run(scene, django, tmp_path)


@pytest.mark.parametrize(
    ("accepted", "wanted"),
    [
        (None, 0),
        ("", 0),
        ("identity", 0),
        ("gzip", 1),
        ("gzip, deflate", 1),
        ("gzip, deflate, br", 2),
        ("BR;q=0.5", 2),
        ("br;q=0, gzip", 1),
        ("br; q=0.0,gzip;q=0", 0),
        ("bra, gzipper", 0),
        ("," * 5_000 + "br", 0),
    ],
)
def test_a_page_is_packed_as_the_reader_can_unpack_it(accepted, wanted):
    assert encoding(accepted) == wanted
    assert encoding(accepted) == wanted
