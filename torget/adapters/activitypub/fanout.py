"""The loop that carries deliveries to other servers: many in flight, in batches to and from the database."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import uniform

from django.db import close_old_connections, connection
from django.utils import timezone

from torget.adapters.activitypub import announcing, inbox_deliveries, reach, rotation, signed_post
from torget.adapters.activitypub import ours as our
from torget.adapters.activitypub.inbox_deliveries import Claimed, Failed, Round
from torget.adapters.activitypub.ours import Ours
from torget.adapters.activitypub.peers import Hosts, Known
from torget.adapters.activitypub.signed_post import Try
from torget.adapters.activitypub.waits import asked_to_wait, due_again
from torget.channels import accounts
from torget.channels import rules as channels
from torget.channels.http import HttpError, Response
from torget.channels.http.many import Many
from torget.channels.notify import Listener
from torget.errors import Refused
from torget.protocols.http_signatures import BadKey

log = logging.getLogger(__name__)

BATCH = 250
MOST_WAITING = 500  # claimed and not begun
MOST_IN_FLIGHT = 128
SIGNERS = 2  # OpenSSL lets go of the interpreter: while one thread waits for it, the other signs
SIGN_AT_ONCE = 16
AHEAD = 2  # batches that wait behind those being signed, so that a signer never stands idle
ANSWER_SECONDS = 10.0  # Mastodon's own limit for a delivery
HELD_SECONDS = 20.0  # what stands behind a slow host goes back to the database after that
SETTLE_SECONDS = 0.05
IDLE_SECONDS = 5.0
TIDY_SECONDS = 10
REMEMBER_ACCOUNT_SECONDS = 5.0
ANNOUNCE_SECONDS = 60.0
AGAIN = frozenset({401, 403, 408, 409, 425, 429})  # of the 4xx, what may go away by itself


class Fanout:
    """One process's share of the carrying. `signers` threads sign; the event loop's thread sends."""

    def __init__(
        self,
        *,
        signers: int = SIGNERS,
        clock: Callable[[], datetime] = timezone.now,
        in_flight: int = MOST_IN_FLIGHT,
        many: Many | None = None,
    ) -> None:
        self.clock = clock
        self.many = many or Many(timeout_seconds=ANSWER_SECONDS)
        self.signers = signers
        self.most = in_flight
        self.hosts = Hosts()
        self.waiting: deque[Claimed] = deque()
        self.behind: dict[str, deque[tuple[float, Claimed]]] = {}  # those whose host has no room
        self.round = Round()
        self.flying = 0
        self.news = asyncio.Event()
        self.room = asyncio.Event()
        self.accounts: dict[int, tuple[float, Ours | None]] = {}
        self.old: set[tuple[str, str]] = set()  # key and host: may not have it yet
        self.announced = -ANNOUNCE_SECONDS
        self.tasks: set[asyncio.Task[None]] = set()
        self.link: object = None
        self.writing = ThreadPoolExecutor(1, thread_name_prefix="fanout-db")
        self.signing = ThreadPoolExecutor(signers, thread_name_prefix="fanout-sign")

    # In the database's thread ------------------------------------------------------------------

    def write(self, finished: Round) -> None:
        """Write down what came of things."""
        at = self.clock()
        inbox_deliveries.settle_sent(finished.sent, at=at)
        inbox_deliveries.settle_failed(finished.failed, at=at)
        inbox_deliveries.give_back(finished.back, due_at=at + timedelta(seconds=uniform(1, 5)))  # noqa: S311 - only to spread them
        lost = [failed.id for failed in finished.failed if failed.due_at is None]
        for inbox in finished.gone:
            lost += inbox_deliveries.forget_inbox(inbox)
        reach.tell_desk(lost, at=at)
        rotation.note_taken(finished.renewed)
        for host in finished.back_again:
            inbox_deliveries.bring_forward(host, at=at)
        self.hosts.save(at=at)

    def claim(self, limit: int) -> list[Claimed]:
        """Take what is due, and learn what is needed to send it."""
        at = self.clock()
        claimed = inbox_deliveries.claim(
            inbox_deliveries.sendable_accounts(), at=at, limit=limit, without=self.hosts.without(at)
        )
        if claimed:
            self.hosts.load({delivery.host for delivery in claimed}, at=at)
        now = time.monotonic()
        for pk in {delivery.account_id for delivery in claimed}:
            if self.accounts.get(pk, (0.0, None))[0] < now:
                self.accounts[pk] = (now + REMEMBER_ACCOUNT_SECONDS, self._account(pk))
        ours = [self.accounts[pk][1] for pk in {delivery.account_id for delivery in claimed}]
        hosts = {delivery.host for delivery in claimed}
        kept = {holder for holder in self.old if holder[1] not in hosts}
        self.old = kept | rotation.holders(ours, hosts, at=at)
        return claimed

    def _account(self, pk: int) -> Ours | None:
        try:
            mine = our.of(channels.access(accounts.get(pk)))
            mine.key("rsa")
            mine.key("ed25519")
        except (Refused, BadKey, KeyError) as fault:
            log.warning("Account %s cannot sign: %s", pk, type(fault).__name__)
            return None
        return mine

    def _round(self, finished: Round, limit: int) -> list[Claimed]:
        close_old_connections()
        if connection.connection is not self.link:
            # What a crash of the database forgets is carried once more: who receives it knows it by its id.
            with connection.cursor() as cursor:
                cursor.execute("SET synchronous_commit = off")
            self.link = connection.connection
        if finished or finished.gone:
            self.write(finished)
        return self.claim(limit) if limit else []

    # In the event loop -------------------------------------------------------------------------

    async def run(self, stop: threading.Event, *, until_empty: bool = False) -> None:
        """Carry until told to stop (or until there is nothing left that is due)."""
        loop = asyncio.get_running_loop()
        many = self.many
        signers = [asyncio.create_task(self._sign(many)) for _one in range(self.signers + AHEAD)]
        listener = None if until_empty else asyncio.create_task(self._listen(stop))
        tidied = 0.0
        try:
            while not stop.is_set():
                self._hand_back_held()
                finished, self.round = self.round, Round()
                limit = BATCH if len(self.waiting) <= MOST_WAITING - BATCH else 0
                claimed = await loop.run_in_executor(self.writing, self._round, finished, limit)
                self.waiting.extend(claimed)
                self.room.set()
                for signer in signers:
                    if signer.done():
                        signer.result()
                idle = not (
                    claimed or self.waiting or self.flying or len(self.round) or self.behind
                )
                if until_empty and idle:
                    return
                if time.monotonic() - tidied > TIDY_SECONDS:
                    tidied = time.monotonic()
                    await loop.run_in_executor(self.writing, self._tidy)
                busy = len(claimed) == BATCH and len(self.waiting) <= MOST_WAITING - BATCH
                if not busy:
                    await self._pause(idle=idle)
        finally:
            await self._end([*signers, *([listener] if listener else [])])

    def _tidy(self) -> None:
        channels.beat("fanout", every_seconds=TIDY_SECONDS)
        inbox_deliveries.lose_expired(at=self.clock())
        inbox_deliveries.prune(at=self.clock())
        if time.monotonic() > self.announced + ANNOUNCE_SECONDS:
            self.announced = time.monotonic()
            announcing.tidy(at=self.clock())

    async def _pause(self, *, idle: bool) -> None:
        """Wait for news: a notification, or a few things to settle."""
        self.news.clear()
        try:
            await asyncio.wait_for(self.news.wait(), IDLE_SECONDS if idle else SETTLE_SECONDS)
        except TimeoutError:
            return

    async def _listen(self, stop: threading.Event) -> None:
        """Wake up when somebody puts deliveries in."""
        loop = asyncio.get_running_loop()

        def listen() -> None:
            with Listener("torget_fanout") as listener:
                while not stop.is_set():
                    if listener.wait(IDLE_SECONDS, stop):
                        loop.call_soon_threadsafe(self.news.set)

        await asyncio.to_thread(listen)

    async def _end(self, tasks: list[asyncio.Task[None]]) -> None:
        """Let what is in flight land, write it down, and give the rest back."""
        for task in tasks[: self.signers + AHEAD]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=ANSWER_SECONDS + 1)
        self.round.back += [delivery.id for delivery in self.waiting]
        self.round.back += [
            delivery.id for behind in self.behind.values() for _since, delivery in behind
        ]
        self.waiting.clear()
        self.behind.clear()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self.writing, self._last, self.round)
        self.writing.shutdown()
        self.signing.shutdown()

    def _last(self, finished: Round) -> None:
        try:
            self.write(finished)
        finally:
            connection.close()

    # Signing and sending -----------------------------------------------------------------------

    def _next(self, most: int) -> list[Claimed]:
        """Up to `most` deliveries whose hosts have room; the others wait behind their host."""
        batch: list[Claimed] = []
        while self.waiting and len(batch) < most and self.flying < self.most:
            delivery = self.waiting.popleft()
            host = self.hosts.of(delivery.host)
            mine = self.accounts.get(delivery.account_id, (0.0, None))[1]
            if mine is None or (host.closed_until and host.is_closed(self.clock())):
                self.round.back.append(delivery.id)
            elif host.room <= 0:
                behind = self.behind.setdefault(delivery.host, deque())
                behind.append((time.monotonic(), delivery))
            else:
                host.flying += 1
                self.flying += 1
                batch.append(delivery)
        if batch and len(self.waiting) <= MOST_WAITING - BATCH:
            self.news.set()  # there is room for more
        return batch

    async def _sign(self, many: Many) -> None:
        """Keep a signing thread busy, and let go what it has signed."""
        loop = asyncio.get_running_loop()
        while True:
            batch = self._next(SIGN_AT_ONCE)
            if not batch:
                self.room.clear()
                await self.room.wait()
                continue
            made = await loop.run_in_executor(self.signing, self._headers, batch)
            for delivery, tries, headers in made:
                task = asyncio.create_task(self._carry(delivery, tries, headers, many))
                self.tasks.add(task)
                task.add_done_callback(self.tasks.discard)

    def _headers(self, batch: list[Claimed]) -> list[tuple[Claimed, Sequence[Try], dict[str, str]]]:
        made = []
        for delivery in batch:
            host, mine = self.hosts.of(delivery.host), self.accounts[delivery.account_id][1]
            assert mine is not None
            has_new = (mine.key_id("rsa"), delivery.host) not in self.old
            tries = signed_post.tries(
                mine, host.takes, host.signs, has_new=has_new, at=self.clock()
            )
            made.append((delivery, tries, self._signed(delivery, tries[0])))
        return made

    def _signed(self, delivery: Claimed, way: Try) -> dict[str, str]:
        mine = self.accounts[delivery.account_id][1]
        assert mine is not None
        return signed_post.headers(delivery, mine, way, now=time.time())

    async def _carry(
        self, delivery: Claimed, tries: Sequence[Try], headers: dict[str, str], many: Many
    ) -> None:
        """One delivery to its inbox, and what came of it."""
        host = self.hosts.of(delivery.host)
        try:
            answer, how = await self._knock(delivery, tries, headers, many)
        except HttpError as fault:
            self._failed(delivery, host, 0, str(fault))
            host.failed(self.clock())
        except Exception as fault:  # noqa: BLE001 - its text may quote what is in the delivery
            log.error(
                "Inbox delivery %s could not be carried: %s", delivery.id, type(fault).__name__
            )
            self._failed(delivery, host, 0, type(fault).__name__)
        else:
            self._judge(delivery, host, answer, how)
        finally:
            host.flying -= 1
            self.flying -= 1
            self._move_up(host)
            self.room.set()
            if len(self.round) >= BATCH // 2:
                self.news.set()

    async def _knock(
        self, delivery: Claimed, tries: Sequence[Try], headers: dict[str, str], many: Many
    ) -> tuple[Response, Try]:
        """Deliver; where the signature is refused, once more with each other way of signing."""
        answer = await many.post(delivery.inbox, headers=headers, content=delivery.body)
        loop = asyncio.get_running_loop()
        for way in tries[1:]:
            if answer.status not in signed_post.REFUSED_SIGNATURE:
                break
            headers = await loop.run_in_executor(self.signing, self._signed, delivery, way)
            again = await many.post(delivery.inbox, headers=headers, content=delivery.body)
            if again.status not in signed_post.REFUSED_SIGNATURE:
                return again, way
        return answer, tries[0]

    def _judge(self, delivery: Claimed, host: Known, answer: Response, how: Try) -> None:
        """Sent, gone, refused for good, or again later (by status, RFC 9110 §15)."""
        status = answer.status
        if 200 <= status < 300:
            self.round.sent.append(delivery.id)
            if host.answered(how.way, at=self.clock()):
                self._is_back(host.host)
            mine = self.accounts[delivery.account_id][1]
            if mine is not None and mine.changes_keys(self.clock()) and not how.before:
                self._has_new_key(delivery, mine.key_id("rsa"))
            return
        at = self.clock()
        if status == 410:
            host.answered()
            self.round.gone.append(delivery.inbox)
            self.round.failed.append(Failed(delivery.id, None, status, "Gone."))
        elif 400 <= status < 500 and status not in AGAIN:
            host.answered()
            self.round.failed.append(Failed(delivery.id, None, status, f"HTTP {status}"))
        else:
            until = asked_to_wait(answer, at)
            self._failed(delivery, host, status, f"HTTP {status}", until)
            if until is not None:
                host.wait(until)
            elif status >= 500:
                host.failed(at)

    def _is_back(self, host: str) -> None:
        """Everything that waits for it goes now, oldest first: what was claimed goes back to stand in that order."""
        self.round.back_again.append(host)
        self.round.back += [delivery.id for _since, delivery in self.behind.pop(host, ())]
        self.round.back += [delivery.id for delivery in self.waiting if delivery.host == host]
        self.waiting = deque(delivery for delivery in self.waiting if delivery.host != host)

    def _has_new_key(self, delivery: Claimed, key: str) -> None:
        if (key, delivery.host) in self.old:
            self.old.discard((key, delivery.host))
            self.round.renewed.append((delivery.account_id, key, delivery.host))

    def _failed(
        self, delivery: Claimed, host: Known, status: int, why: str, until: datetime | None = None
    ) -> None:
        due_at = due_again(delivery.attempts, self.clock())
        if due_at is not None and until is not None:
            due_at = max(due_at, until)
        self.round.failed.append(Failed(delivery.id, due_at, status, why))

    def _move_up(self, host: Known) -> None:
        """The host has room again: the next of those behind it may go."""
        behind = self.behind.get(host.host)
        if not behind:
            return
        if host.is_closed(self.clock()):
            self.round.back += [delivery.id for _since, delivery in behind]
            behind.clear()
        elif host.room > 0:
            self.waiting.appendleft(behind.popleft()[1])
        if not behind:
            del self.behind[host.host]

    def _hand_back_held(self) -> None:
        """What has stood behind a slow host for long goes back to the database, for another process or a better day."""
        before = time.monotonic() - HELD_SECONDS
        for host, behind in list(self.behind.items()):
            while behind and behind[0][0] < before:
                self.round.back.append(behind.popleft()[1].id)
            if not behind:
                del self.behind[host]


def fanout_loop(stop: threading.Event) -> None:
    """Carry deliveries until told to stop; what a worker that died had taken is taken again."""
    close_old_connections()
    inbox_deliveries.lose_expired(at=timezone.now())
    connection.close()
    asyncio.run(_carry_until(stop))


async def _carry_until(stop: threading.Event) -> None:
    fanout = Fanout()
    try:
        await fanout.run(stop)
    finally:
        await fanout.many.close()
