"""Group commit: many receivers wait for one transaction, so that a commit's cost is shared."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from django.db import connection
from django.utils import timezone

from torget.channels.contract import RawItem
from torget.intake.rules import external_id

log = logging.getLogger(__name__)

BATCH = 256
MAX_WAITING = 2_000
MAX_WAITING_BYTES = 128_000_000
CONNECT_SECONDS = 5

# One statement, so one journey to the database and one commit. NOTIFY only when something is new.
_INSERT = """
WITH new AS (
  INSERT INTO intake_envelope (public_id, account_id, external_id, media_type, headers, body, sha256, size,
                               received_at, state, attempts, error, next_attempt_at, lease_until)
  SELECT public_id, account_id, external_id, media_type, headers::jsonb, body, sha256, octet_length(body),
         received_at, 'received', 0, '', NULL, NULL
    FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::text[], %b::text[], %b::bytea[], %b::bytea[],
                %b::timestamptz[])
      AS t(public_id, account_id, external_id, media_type, headers, body, sha256, received_at)
  ON CONFLICT (account_id, external_id) DO NOTHING
  RETURNING id, public_id
), told AS (SELECT pg_notify('torget_intake', '') WHERE EXISTS (SELECT 1 FROM new))
SELECT id, public_id FROM new LEFT JOIN told ON true
"""
_FIND = """
SELECT e.account_id, e.external_id, e.id FROM intake_envelope e
  JOIN unnest(%b::bigint[], %b::text[]) AS t(account_id, external_id) USING (account_id, external_id)
"""


class Full(Exception):  # noqa: N818 - names the state
    """Too much waits already: ask the sender to come again."""


class Away(Exception):  # noqa: N818 - names the state
    """The database is away. Nothing was acknowledged; the sender may send the same again without harm."""


class Rejected(Exception):  # noqa: N818 - names the verdict
    """The database refuses this very item (for example: its account is gone)."""


@dataclass(frozen=True, slots=True)
class Ack:
    """Committed: the envelope's id, and whether it was here already."""

    id: int
    duplicate: bool


@dataclass(slots=True, eq=False)
class _Waiting:
    account_id: int
    item: RawItem
    done: asyncio.Future[Ack]
    received_at: datetime
    external_id: str
    public_id: uuid.UUID = field(default_factory=uuid.uuid4)
    outcome: Ack | Exception | None = None


def connect() -> psycopg.Connection[Any]:
    """A connection of our own to Django's database."""
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context"):
        parameters.pop(ours, None)
    parameters |= {"connect_timeout": CONNECT_SECONDS, "prepare_threshold": 1, "autocommit": True}
    return psycopg.connect(**parameters)


class Writer:
    """Stores what web handlers receive. `put` from the event loop; one thread writes.

    While one batch is being committed the next gathers, so batches grow with the load by themselves.
    """

    def __init__(self, open_connection: Callable[[], psycopg.Connection[Any]] = connect) -> None:
        self._open = open_connection
        self._link: psycopg.Connection[Any] | None = None
        self._queue: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._waiting = 0
        self._waiting_bytes = 0
        self._closed = False
        self._failing_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="intake-writer", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin. Call inside the running event loop that will `put`."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def put(self, account_id: int, item: RawItem) -> Ack:
        """Store one thing; returns after the commit. The same thing again gives the same id, marked duplicate.

        Raises:
            Full: too much waits, or we are closing.
            Away: the database is away.
            Rejected: the database refuses this very item.
        """
        size = len(item.body)
        if (
            self._closed
            or self._waiting >= MAX_WAITING
            or self._waiting_bytes + size > MAX_WAITING_BYTES
        ):
            raise Full
        done: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._waiting += 1
        self._waiting_bytes += size
        self._queue.put(_Waiting(account_id, item, done, timezone.now(), external_id(item)))
        try:
            return await done
        finally:
            self._waiting -= 1
            self._waiting_bytes -= size

    def close(self, seconds: float = 10.0) -> None:
        """Take nothing more, write what waits, end the thread."""
        self._closed = True
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join(seconds)

    # In the thread ------------------------------------------------------------------------------

    def _run(self) -> None:
        closing = False
        while not closing:
            batch: list[_Waiting] = []
            waiting = self._queue.get()
            while True:
                if waiting is None:
                    closing = True
                else:
                    batch.append(waiting)
                if len(batch) >= BATCH or self._queue.empty():
                    break
                waiting = self._queue.get_nowait()
            if batch:
                self._settle(batch)
        if self._link is not None:
            self._link.close()

    def _settle(self, batch: Sequence[_Waiting]) -> None:
        try:
            self._store(batch)
            self._note_stored()
        except Exception as fault:  # noqa: BLE001 - whatever it was, every waiter must be told
            self._note_failed(fault)
            for waiting in batch:
                waiting.outcome = waiting.outcome or Away(type(fault).__name__)
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(_tell, batch)
        except RuntimeError:  # the event loop has ended and nobody waits any more
            log.warning("%s stored items had nobody left to tell", len(batch))

    def _note_failed(self, fault: Exception) -> None:
        # Once for each outage: senders come again and again, and the log must stay readable.
        if self._failing_since is None:
            self._failing_since = time.monotonic()
            log.error("Deliveries cannot be stored: %s", type(fault).__name__)

    def _note_stored(self) -> None:
        if self._failing_since is not None:
            log.warning(
                "Deliveries are stored again after %.1f s", time.monotonic() - self._failing_since
            )
            self._failing_since = None

    def _store(self, batch: Sequence[_Waiting]) -> None:
        # The same order in every process: two that insert the same ids must not wait for each other in a ring.
        ordered = sorted(batch, key=lambda waiting: (waiting.account_id, waiting.external_id))
        fresh = self._link is None
        link = self._connected()
        try:
            self._insert(link, ordered)
        except psycopg.Error as fault:
            if link.broken:
                self._forget(link)
                if fresh:
                    raise
                # The line was cut while nobody used it: the database may be back. What is stored twice is stored once.
                self._store(batch)
                return
            log.warning(
                "A batch of %s failed (%s); storing one by one", len(batch), type(fault).__name__
            )
            for waiting in ordered:
                self._store_alone(waiting)

    def _store_alone(self, waiting: _Waiting) -> None:
        link = self._connected()
        try:
            self._insert(link, [waiting])
        except psycopg.OperationalError as fault:
            waiting.outcome = Away(type(fault).__name__)
            if link.broken:
                self._forget(link)
        except psycopg.Error as fault:
            waiting.outcome = Rejected(type(fault).__name__)

    def _insert(self, link: psycopg.Connection[Any], batch: Sequence[_Waiting]) -> None:
        rows = link.execute(
            _INSERT,
            (
                [waiting.public_id for waiting in batch],
                [waiting.account_id for waiting in batch],
                [waiting.external_id for waiting in batch],
                [waiting.item.media_type[:120].replace("\0", "") for waiting in batch],
                [_json(waiting.item) for waiting in batch],
                [waiting.item.body for waiting in batch],
                [hashlib.sha256(waiting.item.body).digest() for waiting in batch],
                [waiting.received_at for waiting in batch],
            ),
        ).fetchall()
        ids = {public_id: pk for pk, public_id in rows}
        missing = []
        for waiting in batch:
            if pk := ids.get(waiting.public_id):
                waiting.outcome = Ack(pk, duplicate=False)
            else:
                missing.append(waiting)
        if missing:
            stored = link.execute(
                _FIND, ([m.account_id for m in missing], [m.external_id for m in missing])
            )
            known = {(account_id, name): pk for account_id, name, pk in stored}
            for waiting in missing:
                waiting.outcome = Ack(
                    known[waiting.account_id, waiting.external_id], duplicate=True
                )

    def _connected(self) -> psycopg.Connection[Any]:
        if self._link is None or self._link.closed:
            started = time.monotonic()
            self._link = self._open()
            log.debug("Connected in %.1f s", time.monotonic() - started)
        return self._link

    def _forget(self, link: psycopg.Connection[Any]) -> None:
        link.close()
        self._link = None


def _json(item: RawItem) -> str:
    # PostgreSQL's jsonb holds no NUL character.
    return json.dumps({name: value.replace("\0", "") for name, value in item.headers.items()})


def _tell(batch: Sequence[_Waiting]) -> None:
    for waiting in batch:
        if waiting.done.done():  # its client left; what is stored stays stored
            continue
        if isinstance(waiting.outcome, Ack):
            waiting.done.set_result(waiting.outcome)
        else:
            waiting.done.set_exception(waiting.outcome or Away())
