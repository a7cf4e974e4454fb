"""Whose turn it is at the threads that make pages: who has asked for little goes first, and finds room.

What each has had is counted for an address. A town hall has one for everybody who works there, so those known to be staff count
each for themselves: by their session, once Django has answered that it is one of theirs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from django.http.cookie import parse_cookie

# What an address has had is forgotten by half in this time.
HALF_SECONDS = 5.0
# One that has had more than this, of what is remembered, is busy: a flood, or a town hall. One clerk at work is not.
BUSY_SECONDS = 1.0
# While somebody who asks for little was here within this time, busy ones leave room.
LIGHT_SECONDS = 2.0
MOST_KNOWN = 10_000
# They hold one thread in so many then: each more would slow the others as much again.
BUSY_PART = 4
# And such a thread rests so many times as long as it worked: the processors are shared too, and by the database.
BUSY_RESTS = 3
EVERYBODY = ""  # pages made for everyone have no address, and are never busy


Later = Callable[[float, Callable[[], None]], object]


def _by_the_loop(seconds: float, act: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, act)


class Senders:
    """Who a request is from, as turns count it: the address, or a session of staff.

    Args:
        session_cookie: its name.
    """

    def __init__(self, session_cookie: str) -> None:
        self._name = session_cookie
        self._staff: dict[str, None] = {}

    def of(self, address: str, cookie: str) -> str:
        """The sender of a request with this cookie header."""
        session = self._session(cookie)
        return session if session in self._staff else address

    def note_staff(self, cookie: str) -> None:
        """Django has answered somebody of the staff who sent this cookie header."""
        if session := self._session(cookie):
            if len(self._staff) >= MOST_KNOWN:
                self._staff.clear()  # each is noted again with its next page
            self._staff[session] = None

    def _session(self, cookie: str) -> str:
        # Django's own parser: a session is the one the page is made for.
        return parse_cookie(cookie).get(self._name, "") if self._name in cookie else ""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    address: str
    called: asyncio.Future[bool]  # whether it counted as busy when it was called


class Turns:
    """Everything here runs in the event loop.

    A thread is held by one request at a time. More of them are not quicker: they share one interpreter, so a flood that
    held them all would slow each resident as many times.

    Args:
        threads: how many requests are worked on at once.
        clock: seconds that only go forward.
        later: does something after so many of them; by default the running loop's `call_later`.
    """

    def __init__(
        self, threads: int, clock: Callable[[], float] = time.monotonic, later: Later | None = None
    ) -> None:
        self._threads = threads
        self._clock = clock
        self._later = later or _by_the_loop
        self._running = 0
        self._busy_running = 0
        self._waiting: list[_Waiter] = []
        self._had: dict[str, tuple[float, float]] = {}  # seconds of work remembered, as of when
        self._light_at = -LIGHT_SECONDS

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[Callable[[float], None]]:
        """Hold a thread for the block; what is given is to be told how many seconds of work it took."""
        busy = await self._called(address)
        worked = 0.0

        def note(seconds: float) -> None:
            nonlocal worked
            worked = seconds
            self._note(address, seconds)

        try:
            yield note
        finally:
            if busy and not self._is_quiet():
                self._later(BUSY_RESTS * worked, lambda: self._end(busy=True))
            else:
                self._end(busy=busy)

    def is_busy(self, address: str) -> bool:
        """Whether the address has had much lately."""
        return address != EVERYBODY and self._remembered(address) > BUSY_SECONDS

    async def _called(self, address: str) -> bool:
        if not self.is_busy(address):
            self._light_at = self._clock()
        waiter = _Waiter(address, asyncio.get_running_loop().create_future())
        self._waiting.append(waiter)
        self._call()
        try:
            return await waiter.called
        except asyncio.CancelledError:
            if waiter.called.done() and not waiter.called.cancelled():
                self._end(busy=waiter.called.result())
            elif waiter in self._waiting:
                self._waiting.remove(waiter)
            raise

    def _call(self) -> None:
        """Give what is free to those who wait."""
        while self._running < self._threads and self._waiting:
            waiter = min(self._waiting, key=lambda waiter: self._remembered(waiter.address))
            busy = self.is_busy(waiter.address)
            if busy and not self._has_room_for_busy():
                return  # all others who wait have had as much
            self._waiting.remove(waiter)
            if waiter.called.cancelled():
                continue
            self._running += 1
            self._busy_running += busy
            waiter.called.set_result(busy)

    def _is_quiet(self) -> bool:
        """Whether nobody is here who asks for little."""
        return self._clock() - self._light_at > LIGHT_SECONDS

    def _has_room_for_busy(self) -> bool:
        return self._is_quiet() or self._busy_running < max(1, self._threads // BUSY_PART)

    def _end(self, *, busy: bool) -> None:
        self._running -= 1
        self._busy_running -= busy
        self._call()

    def _remembered(self, address: str) -> float:
        seconds, at = self._had.get(address, (0.0, 0.0))
        return seconds * 0.5 ** ((self._clock() - at) / HALF_SECONDS) if seconds else 0.0

    def _note(self, address: str, seconds: float) -> None:
        if address == EVERYBODY:
            return
        if len(self._had) >= MOST_KNOWN:
            self._had = {name: had for name, had in self._had.items() if self.is_busy(name)}
        self._had[address] = self._remembered(address) + seconds, self._clock()
