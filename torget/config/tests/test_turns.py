"""Who has asked for little goes first at the threads that make pages, and a flood waits for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from torget.config.turns import (
    BUSY_RESTS,
    BUSY_SECONDS,
    EVERYBODY,
    HALF_SECONDS,
    LIGHT_SECONDS,
    Senders,
    Turns,
)

FLOOD, TOWN_HALL, KARI = "192.0.2.66", "192.0.2.1", "198.51.100.7"


class House:
    """Threads, and a clock that stands still until it is moved; each request is ended by hand."""

    def __init__(self, threads: int = 4) -> None:
        self.now = 100.0
        self.resting: list[tuple[float, Callable[[], None]]] = []
        self.turns = Turns(
            threads, lambda: self.now, lambda seconds, act: self.resting.append((seconds, act))
        )
        self.inside: list[str] = []
        self.ends: dict[str, list[asyncio.Event]] = {}

    def ask(self, address: str, seconds: float = 0.0) -> asyncio.Task[None]:
        end = asyncio.Event()
        self.ends.setdefault(address, []).append(end)

        async def be_served() -> None:
            async with self.turns.turn(address) as note:
                self.inside.append(address)
                await end.wait()
                note(seconds)
                self.inside.remove(address)

        return asyncio.create_task(be_served())

    async def end_one(self, address: str) -> None:
        self.ends[address].pop(0).set()
        await settle()

    async def make_busy(self, address: str) -> None:
        self.ask(address, BUSY_SECONDS * 3)
        await settle()
        await self.end_one(address)
        assert self.turns.is_busy(address)


async def settle() -> None:
    for _round in range(5):
        await asyncio.sleep(0)


def play(scene: Callable[[House], Awaitable[None]], threads: int = 4) -> None:
    async def run() -> None:
        await scene(House(threads))

    asyncio.run(run())


def test_nobody_waits_while_there_is_room():
    async def scene(house: House) -> None:
        for _request in range(4):
            house.ask(KARI)
        await settle()
        assert house.inside == [KARI] * 4

    play(scene)


def test_a_flood_leaves_room_while_somebody_else_is_here():
    async def scene(house: House) -> None:
        await house.make_busy(FLOOD)
        house.ask(KARI)
        await settle()
        for _request in range(20):
            house.ask(FLOOD)
        await settle()
        assert sorted(house.inside) == sorted([KARI, FLOOD])
        house.ask(KARI)
        await settle()
        assert house.inside.count(KARI) == 2

    play(scene)


def test_a_flood_rests_between_while_somebody_else_is_here():
    async def scene(house: House) -> None:
        await house.make_busy(FLOOD)
        house.ask(KARI)
        house.ask(FLOOD, 0.2)
        house.ask(FLOOD)
        await settle()
        await house.end_one(FLOOD)
        assert house.inside == [KARI]
        [(seconds, wake)] = house.resting
        assert seconds == pytest.approx(0.2 * BUSY_RESTS)
        wake()
        await settle()
        assert sorted(house.inside) == sorted([KARI, FLOOD])

    play(scene)


def test_staff_count_each_for_themselves_once_they_are_known():
    senders = Senders("sessionid")
    martin, nina = "theme=dark; sessionid=martin", "sessionid=nina"
    assert senders.of(TOWN_HALL, martin) == TOWN_HALL
    senders.note_staff(martin)
    senders.note_staff("theme=dark")
    assert senders.of(TOWN_HALL, martin) == senders.of(KARI, martin) == "martin"
    assert senders.of(TOWN_HALL, nina) == senders.of(TOWN_HALL, "theme=dark") == TOWN_HALL
    # Nobody passes for staff by a cookie of another name.
    assert senders.of(FLOOD, "xsessionid=martin") == FLOOD


def test_a_town_hall_alone_has_all_threads():
    async def scene(house: House) -> None:
        await house.make_busy(TOWN_HALL)
        house.now += LIGHT_SECONDS + 0.1
        for _request in range(20):
            house.ask(TOWN_HALL)
        await settle()
        assert house.turns.is_busy(TOWN_HALL)
        assert house.inside == [TOWN_HALL] * 4

    play(scene)


def test_who_has_had_least_is_called_first():
    async def scene(house: House) -> None:
        house.ask(TOWN_HALL, 0.5)
        await settle()
        await house.end_one(TOWN_HALL)
        for _request in range(3):
            house.ask(TOWN_HALL)
        house.ask(KARI)
        await settle()
        assert house.inside == [TOWN_HALL]
        await house.end_one(TOWN_HALL)
        assert house.inside == [KARI]

    play(scene, threads=1)


def test_pages_for_everyone_are_never_busy():
    async def scene(house: House) -> None:
        house.ask(EVERYBODY, 100)
        await settle()
        await house.end_one(EVERYBODY)
        assert not house.turns.is_busy(EVERYBODY)

    play(scene)


def test_what_one_had_is_forgotten():
    async def scene(house: House) -> None:
        await house.make_busy(FLOOD)
        house.now += HALF_SECONDS * 2
        assert not house.turns.is_busy(FLOOD)

    play(scene)


@pytest.mark.parametrize("called", [False, True])
def test_who_leaves_gives_back_the_turn(called):
    async def scene(house: House) -> None:
        first = house.ask(FLOOD)
        second = house.ask(KARI)
        third = house.ask(TOWN_HALL)
        await settle()
        (first if called else second).cancel()
        await settle()
        if not called:
            await house.end_one(FLOOD)
        assert house.turns._running == 1
        assert house.inside != [FLOOD]
        third.cancel()
        second.cancel()
        await settle()
        assert house.turns._running == 0

    play(scene, threads=1)
