"""`GET /live/…`: the desk, and anybody on a public topic, hears that something changed: one LISTEN per process."""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, connection

from torget.config import bridge, rsgi
from torget.config.rsgi import Reply, Scope, Stream
from torget.design import querytext
from torget.people.live import (
    Listener,
    TooManyLines,
    answer_call,
    answer_visitor,
    end_call,
)
from torget.rooms import live, verbs

log = logging.getLogger(__name__)

CHANNEL = "torget"
PREFIX = "/live/"
DESK = "desk"
PRESENCE = "presence"  # the verb of torget.casework.rules.presence
HEARTBEAT_SECONDS = 15.0
# A stream ends now and then, so that who has signed out or lost a role is noticed when it opens anew.
LONGEST_SECONDS = 600.0
REMEMBERED = 500
QUEUED = 100
MOST_CLIENTS = 5_000
_HEADERS = [
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-store"),
    ("x-accel-buffering", "no"),
]
_HERE = b": here\n\n"
# To everybody: that something happened. What it was, each reads on the page as everybody may.
_PUBLIC = b"event: change\ndata: {}\n\n"

Queue = asyncio.Queue[bytes | None]


class Announcements:
    """What the database announces, handed on to the pages kept ready and to everyone who listens."""

    def __init__(self, changed: Callable[[int | None], None]) -> None:
        self._changed = changed
        self._boot = secrets.token_hex(4)
        self._count = 0
        self._ring: deque[tuple[int, int | None, bytes]] = deque(maxlen=REMEMBERED)
        self._clients: dict[Queue, tuple[int, str]] = {}

    async def beat(self) -> None:
        """Say now and then to everyone that we are here, so that lines nobody uses are not cut, and dead ones are."""
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            for queue in list(self._clients):
                if queue.empty():
                    queue.put_nowait(_HERE)

    async def run(self) -> None:
        """Listen for ever; while the database is away, try again."""
        pause = 0.2
        while True:
            try:
                async with await _connect() as link:
                    await link.execute(f"LISTEN {CHANNEL}")
                    pause = 0.2
                    self._changed(None)  # whatever was announced before now was not heard
                    async for note in link.notifies():
                        self.announce(note.payload)
            except psycopg.Error as fault:
                log.warning("Not listening to the database: %s", type(fault).__name__)
            self._changed(None)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    def announce(self, payload: str) -> None:
        """Hand one announcement on. A client that does not keep up is let go; it comes back by itself."""
        try:
            entry = json.loads(payload)
            municipality = entry["m"]
            data = json.dumps(
                {
                    "verb": entry["v"],
                    "subject": f"{entry['t']}:{entry['s']}",
                    "conversation": entry.get("c"),
                }
            )
        except (ValueError, KeyError, TypeError):
            log.warning("An announcement could not be read")
            return
        if entry["v"] == PRESENCE:
            # Who looks at what changes no page and is old news at once: nothing is dropped, nothing remembered.
            event = f"event: presence\ndata: {data}\n\n".encode()
        else:
            if is_public(entry):
                self._changed(municipality)
            self._count += 1
            event = f"id: {self._boot}-{self._count}\nevent: change\ndata: {data}\n\n".encode()
            self._ring.append((self._count, municipality, event))
        topics = live_topics(entry)
        for queue, (wanted, topic) in list(self._clients.items()):
            if municipality in {wanted, None} and (topic == DESK or topic in topics):
                try:
                    queue.put_nowait(event if topic == DESK else _PUBLIC)
                except asyncio.QueueFull:
                    del self._clients[queue]
                    _hang_up(queue)

    @contextmanager
    def subscribed(self, municipality: int, last_id: str, topic: str = "desk") -> Iterator[Queue]:
        """A queue of events of the municipality; the desk's begins with those after `last_id` that are remembered."""
        queue: Queue = asyncio.Queue(QUEUED)
        boot, _dash, number = last_id.partition("-")
        if topic == DESK and boot == self._boot and (seen := querytext.number(number)) is not None:
            missed = [
                event
                for count, of, event in self._ring
                if count > seen and of in {municipality, None}
            ]
            for event in missed[-QUEUED:]:
                queue.put_nowait(event)
        self._clients[queue] = (municipality, topic)
        try:
            yield queue
        finally:
            self._clients.pop(queue, None)

    @property
    def crowded(self) -> bool:
        return len(self._clients) >= MOST_CLIENTS

    def close(self) -> None:
        """Let everyone go."""
        for queue in list(self._clients):
            _hang_up(queue)
        self._clients.clear()


def is_public(announcement: Mapping[str, Any]) -> bool:
    """Whether a page everybody reads may look otherwise after it; of a verb nobody knows that must be believed."""
    verb = verbs().get(str(announcement["v"]))
    return verb is None or (verb.public and not announcement.get("p"))


def live_topics(announcement: Mapping[str, Any]) -> set[str]:
    """The public topics whose listeners hear of it."""
    verb = verbs().get(str(announcement["v"]))
    if verb is None or not verb.public or announcement.get("p"):
        return set()
    return {topic.name for topic in live().values() if verb.name in topic.verbs}


def _hang_up(queue: Queue) -> None:
    while queue.full():
        queue.get_nowait()
    queue.put_nowait(None)


async def _connect() -> psycopg.AsyncConnection[Any]:
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context"):
        parameters.pop(ours, None)
    parameters |= {
        "autocommit": True,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    return await psycopg.AsyncConnection.connect(**parameters)


async def serve(
    scope: Scope, reply: Reply, announcements: Announcements, pool: ThreadPoolExecutor
) -> None:
    """Answer `GET /live/<topic>` for as long as the client listens: 200 as a stream, 401, 404, 429 or 503."""
    topic = scope.path.removeprefix(PREFIX)
    if topic != DESK and topic not in live():
        rsgi.say(reply, 404, "Nobody tells of that.")
        return
    if announcements.crowded:
        rsgi.say(reply, 503, "Too many listen. Come back in a moment.", ("retry-after", "20"))
        return
    headers, loop = dict(scope.headers.items()), asyncio.get_running_loop()
    answer = answer_call if topic == DESK else answer_visitor
    peer = bridge.peer_of(scope, trust_proxy=settings.TRUST_PROXY)
    try:
        listener = await loop.run_in_executor(pool, answer, headers, peer)
    except DatabaseError:
        rsgi.say(reply, 503, "Come back in a moment.", ("retry-after", "5"))
        return
    except TooManyLines:
        rsgi.say(reply, 429, "Close another window first.", ("retry-after", "60"))
        return
    if listener is None:
        rsgi.say(reply, 401, "Sign in to the desk." if topic == DESK else "No square is open here.")
        return
    try:
        last_id = headers.get("last-event-id", "")
        await _listen(reply, announcements, listener, last_id, topic)
    finally:
        with suppress(RuntimeError):  # we are closing, and the line ends by itself
            pool.submit(end_call, listener)


async def _listen(
    reply: Reply, announcements: Announcements, listener: Listener, last_id: str, topic: str
) -> None:
    with announcements.subscribed(listener.municipality_id, last_id, topic) as queue:
        gone = asyncio.ensure_future(reply.client_disconnect())
        gone.add_done_callback(lambda _gone: _hang_up(queue))
        end = asyncio.get_running_loop().call_later(LONGEST_SECONDS, _hang_up, queue)
        try:
            await _feed(reply.response_stream(200, _HEADERS), queue)
        finally:
            end.cancel()
            gone.cancel()


async def _feed(stream: Stream, queue: Queue) -> None:
    """Pass on what is queued until told to hang up. Nothing but the queue is waited for: there are thousands of these."""
    await stream.send_bytes(b"retry: 2000\n\n")
    while (event := await queue.get()) is not None:
        with suppress(asyncio.QueueEmpty):  # what has piled up goes in one piece
            while (more := queue.get_nowait()) is not None:
                event += more
            queue.put_nowait(None)
        await stream.send_bytes(event)
