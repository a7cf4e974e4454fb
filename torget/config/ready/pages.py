"""Which page is given to whom: fresh ones at once, old ones while one request makes them anew, and when nothing can."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from torget.config.bridge import Answer
from torget.config.ready import page as pages
from torget.config.ready.keys import Key
from torget.config.ready.page import LARGEST_PAGE, MARK, Page
from torget.config.ready.shelf import Shelf

MOST_PAGES = 500
MOST_BYTES = 64_000_000
MOST_UNKEPT = 10_000
UNKEPT_SECONDS = 60.0
# In a storm of changes a page is made anew twice a second, not for each.
AT_LEAST_SECONDS = 0.5
# A page that only grew old is given while it is made anew; one that something changed in, when that takes long.
OLD_SECONDS = 30.0
CHANGED_PATIENCE_SECONDS = 0.25
OWN_PATIENCE_SECONDS = 2.0
UNHEARD_PATIENCE_SECONDS = 60.0
FAILING_SECONDS = 2.0
STALE_SECONDS = 12 * 3600.0
ELSEWHERE_SECONDS = 1.0  # how long another process here may take to make it
ELSEWHERE_LOOK_SECONDS = 0.02

Ask = Callable[[Key], Awaitable[Answer]]
PlaceOf = Callable[[str], Awaitable[int | None]]


class Failed(Exception):  # noqa: N818 - names what happened
    """Django could not make the page now."""


class Ready:
    """The pages kept. Everything here runs in the event loop.

    Args:
        ask: Django's answer to a key.
        place_of: the municipality of a host.
        shelf: what the processes of this machine share.
    """

    def __init__(self, ask: Ask, place_of: PlaceOf, shelf: Shelf) -> None:
        self._ask = ask
        self._place_of = place_of
        self._shelf = shelf
        self._pages: dict[Key, Page] = {}
        self._bytes = 0
        self._changed: dict[int | None, float] = {}
        self._flights: dict[Key, tuple[float, asyncio.Task[Page | None]]] = {}
        self._unkept: dict[Key | tuple[str, str], float] = {}

    def at_once(self, key: Key) -> Page | None:
        """The page when it is fresh, or when making it anew has just failed; None when it takes more than a look."""
        page = self._pages.get(key)
        if page is None:
            return None
        now = time.monotonic()
        if now < page.fresh_until:
            return page
        return page.old() if now < page.failing_until else None

    async def page(self, key: Key) -> Page | None:
        """The page, made anew by one request for all who ask; None when Django must answer this reader itself.

        Others get the last one: at once when it only grew old, and after a moment when it is known that something in
        it changed. One that cannot be made is given for half a day, and says so.
        """
        now = time.monotonic()
        if max(self._unkept.get(key, 0.0), self._unkept.get(key[:2], 0.0)) > now:
            return None
        if key not in self._pages and (page := self._from_shelf(key)):
            return page
        page = self._pages.get(key)
        began, flight = self._flight(key)
        until = None
        if page is not None:
            page.used_at = now
            until = began + _patience(page, now)
        newer = await _within(until, flight)
        if newer is not None and self._changed_since(newer):
            # It was under way already when something changed: once more, for who has just written.
            newer = await _within(until, self._flight(key)[1]) or newer
        if newer is not None or (page := self._pages.get(key)) is None:
            return newer
        late = time.monotonic() - began > OWN_PATIENCE_SECONDS
        return page.old() if late or time.monotonic() < page.failing_until else page

    def drop(self, municipality: int | None) -> None:
        """Something changed there (None: anywhere): its pages are made anew before long."""
        now = self._changed[municipality] = time.monotonic()
        for page in self._of(municipality):
            page.fresh_until = min(page.fresh_until, max(now, page.asked_at + AT_LEAST_SECONDS))
            page.patience = max(page.patience, CHANGED_PATIENCE_SECONDS)

    def drop_host(self, host: str) -> None:
        """Somebody has just written through this very process: what they read next must show it."""
        now = time.monotonic()
        for municipality in {p.municipality for key, p in self._pages.items() if key[0] == host}:
            self._changed[municipality] = now
            for page in self._of(municipality):
                page.fresh_until, page.patience = min(page.fresh_until, now), OWN_PATIENCE_SECONDS

    def _of(self, municipality: int | None) -> list[Page]:
        return [
            page
            for page in self._pages.values()
            if municipality is None or page.municipality in {municipality, None}
        ]

    # Making ------------------------------------------------------------------------------------

    def _flight(self, key: Key) -> tuple[float, asyncio.Task[Page | None]]:
        if key not in self._flights:
            task = asyncio.create_task(self._make(key))
            self._flights[key] = time.monotonic(), task
            task.add_done_callback(lambda done: self._landed(key, done))
        return self._flights[key]

    def _landed(self, key: Key, task: asyncio.Task[Page | None]) -> None:
        del self._flights[key]
        if task.cancelled() or task.exception() is None:
            return
        until = time.monotonic() + FAILING_SECONDS
        if page := self._pages.get(key):
            page.failing_until = until
            if time.monotonic() - page.asked_at > STALE_SECONDS:
                self._forget(key)
        else:
            self._leave_alone(key, until)

    async def _make(self, key: Key) -> Page | None:
        """The page, from another process or from Django; None when it is not the same for everyone.

        Raises:
            Failed: Django answered that it cannot now.
        """
        if page := self._from_shelf(key):
            return page
        with self._shelf.claim(key) as alone:
            if not alone and (page := await self._from_elsewhere(key)):
                return page
            asked_at = time.monotonic()
            answer = await self._ask(key)
            if answer.status >= 500:
                raise Failed
            if (seconds := _seconds_kept(answer)) == 0:
                self._forget(key)
                # A page like this one is never kept; an error may be this one address's only.
                which = key[:2] if answer.status < 400 else key
                self._leave_alone(which, time.monotonic() + UNKEPT_SECONDS)
                return None
            place = await self._place_of(key[0])
            page = await asyncio.to_thread(
                pages.make, answer, place, seconds=seconds, asked_at=asked_at
            )
            self._put(key, page)
            await asyncio.to_thread(self._shelf.write, key, page)
            return page

    def _from_shelf(self, key: Key) -> Page | None:
        """What another process made since the last change; an older one is kept for the hour nothing can be made."""
        page = self._shelf.read(key)
        known = self._pages.get(key)
        if page is None or (known and known.asked_at >= page.asked_at):
            return None
        self._put(key, page)
        # What others kept may lack a change nobody here has heard of (words hidden since): only a failure brings it out.
        page.patience = UNHEARD_PATIENCE_SECONDS
        return page if time.monotonic() < page.fresh_until else None

    async def _from_elsewhere(self, key: Key) -> Page | None:
        until = time.monotonic() + ELSEWHERE_SECONDS
        while time.monotonic() < until:
            await asyncio.sleep(ELSEWHERE_LOOK_SECONDS)
            if page := self._from_shelf(key):
                return page
        return None

    def _put(self, key: Key, page: Page) -> None:
        page.used_at = time.monotonic()
        page.fresh_until = page.asked_at + page.seconds
        if self._changed_since(page):
            page.fresh_until = min(page.fresh_until, page.asked_at + AT_LEAST_SECONDS)
            page.patience = CHANGED_PATIENCE_SECONDS
        self._forget(key)
        while self._pages and (
            len(self._pages) >= MOST_PAGES or self._bytes + page.size > MOST_BYTES
        ):
            self._forget(min(self._pages, key=lambda other: self._pages[other].used_at))
        self._pages[key] = page
        self._bytes += page.size

    def _changed_since(self, page: Page) -> bool:
        there, anywhere = (self._changed.get(place, 0.0) for place in (page.municipality, None))
        return max(there, anywhere) >= page.asked_at

    def _forget(self, key: Key) -> None:
        if page := self._pages.pop(key, None):
            self._bytes -= page.size

    def _leave_alone(self, key: Key | tuple[str, str], until: float) -> None:
        """Django answers readers of the key, or of all its queries, one by one until then."""
        if len(self._unkept) >= MOST_UNKEPT:
            self._unkept.clear()  # somebody is making up addresses
        self._unkept[key] = until


def _patience(page: Page, now: float) -> float:
    """How long, from when it was begun, a reader waits for a newer page than this one, in seconds."""
    long_ago = now - page.fresh_until > OLD_SECONDS
    return max(page.patience, OWN_PATIENCE_SECONDS if long_ago else 0.0)


async def _within(until: float | None, flight: asyncio.Task[Page | None]) -> Page | None:
    """What the flight brings before that time (None: whenever); it goes on whether or not anybody waits."""
    seconds = None if until is None else until - time.monotonic()
    if seconds is not None and seconds <= 0:
        return None
    with contextlib.suppress(TimeoutError, Failed):
        return await asyncio.wait_for(asyncio.shield(flight), seconds)
    return None


def _seconds_kept(answer: Answer) -> int:
    """How long the answer may be given to everyone; 0: not at all."""
    marked = next((value for name, value in answer.headers if name == MARK), "")
    whole = answer.status == 200 and answer.rest is None and len(answer.body) <= LARGEST_PAGE
    personal = any(name == "set-cookie" for name, _value in answer.headers)
    return int(marked) if whole and not personal and marked.isdecimal() else 0
