"""`/hooks/<key>`: other systems deliver to us (POST), or ask whether we are who we say (GET). 202: it is committed."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qsl

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, close_old_connections
from django.db.utils import InterfaceError

from torget.channels.contract import AccountAccess, BadSignature, NothingToKeep, RawItem
from torget.channels.registry import adapter_for
from torget.channels.rules import access_by_key, note_rejected
from torget.config import rsgi
from torget.config.rsgi import Reply, Scope
from torget.errors import Refused
from torget.intake.writer import Away, Full, Rejected, Writer

log = logging.getLogger(__name__)

PREFIX = "/hooks/"
REMEMBER_SECONDS = 5.0
MOST_REMEMBERED = 5_000
NOTE_EVERY_SECONDS = 1.0
ASKERS = 16  # networks asked for keys at once; a slow one must not hold up the others
MOST_ASKING = 4_000  # deliveries that wait for that; more are asked to come again
RETRY_AFTER = ("retry-after", "5")


def _look_up(key: str) -> AccountAccess | None:
    close_old_connections()
    return access_by_key(key)


def _note(account_id: int, why: str) -> None:
    close_old_connections()
    try:
        note_rejected(account_id, why)
    except DatabaseError as fault:
        log.warning("A rejected delivery could not be noted: %s", type(fault).__name__)


def _verify_asking(account: AccountAccess, headers: dict[str, str], content: bytes) -> RawItem:
    close_old_connections()
    return adapter_for(account.network).verify(account, headers, content)


class Hooks:
    """Takes what is delivered, checks from whom it is, stores it, and only then says thanks."""

    def __init__(self, writer: Writer, pool: ThreadPoolExecutor, limit: int) -> None:
        self.writer = writer
        self.pool = pool
        self.waiting = 0
        self.asking = ThreadPoolExecutor(ASKERS, thread_name_prefix="verify")
        self.limit = limit
        self._known: dict[str, tuple[float, AccountAccess | None]] = {}
        self._noted: dict[int, float] = {}

    async def answer(self, scope: Scope, reply: Reply) -> None:
        """202 stored (again or for the first time), 400, 401, 404, 405, 413, or 503 with when to come back."""
        if scope.method not in {"GET", "POST"}:
            rsgi.say(reply, 405, "Send with POST.", ("allow", "GET, POST"))
            return
        try:
            rsgi.declared_length(scope, self.limit)
            account = await self._account(scope.path.removeprefix(PREFIX))
            if account is None:
                rsgi.say(reply, 404, "No such address.")
                return
            if scope.method == "GET":
                self._greet(account, scope, reply)
            else:
                await self._take(account, scope, reply)
        except (DatabaseError, InterfaceError, Away, Full, Refused):
            rsgi.say(reply, 503, "Not stored. Send it again in a moment.", RETRY_AFTER)
        except BadSignature as fault:
            rsgi.say(reply, 401, str(fault) or "The signature is missing or wrong.")
        except Rejected:
            rsgi.say(reply, 400, "This could not be stored.")

    def close(self) -> None:
        """Ask nobody any more."""
        self.asking.shutdown(wait=False, cancel_futures=True)

    def _greet(self, account: AccountAccess, scope: Scope, reply: Reply) -> None:
        """A network asks, before it delivers anything, whether this address is ours."""
        try:
            adapter = adapter_for(account.network)
            answer = adapter.verify_webhook(account, dict(parse_qsl(scope.query_string)))
        except (ImproperlyConfigured, ValueError):
            answer = None
        if answer is None:
            rsgi.say(reply, 405, "Send with POST.", ("allow", "GET, POST"))
        else:
            kind = "application/json" if answer.startswith("{") else "text/plain; charset=utf-8"
            reply.response_str(200, [("content-type", kind)], answer)

    async def _verified(self, account: AccountAccess, scope: Scope, content: bytes) -> RawItem:
        adapter = adapter_for(account.network)
        headers = {name.lower(): value for name, value in scope.headers.items()}
        query = f"?{scope.query_string}" if scope.query_string else ""
        headers |= {":method": scope.method, ":path": scope.path + query}
        headers.setdefault("host", scope.authority or "")
        if not adapter.capabilities.verify_asks:
            return adapter.verify(account, headers, content)
        if self.waiting >= MOST_ASKING:
            raise Full
        loop = asyncio.get_running_loop()
        self.waiting += 1
        try:
            return await loop.run_in_executor(
                self.asking, _verify_asking, account, headers, content
            )
        finally:
            self.waiting -= 1

    async def _take(self, account: AccountAccess, scope: Scope, reply: Reply) -> None:
        content = await rsgi.body(scope, reply, self.limit)
        try:
            item = await self._verified(account, scope, content)
        except BadSignature as fault:
            self._note_rejected(account.id, str(fault))
            raise
        except NothingToKeep:
            rsgi.say(reply, 202, "Nothing to keep.")
            return
        except (DatabaseError, Full):
            raise
        except (ImproperlyConfigured, NotImplementedError):
            rsgi.say(reply, 404, "No such address.")
            return
        except Exception as fault:  # noqa: BLE001 - whatever an adapter stumbles on in a stranger's bytes
            log.warning(
                "Adapter %s could not check a delivery: %s", account.network, type(fault).__name__
            )
            rsgi.say(reply, 400, "This could not be understood.")
            return
        ack = await self.writer.put(account.id, item)
        rsgi.say(reply, 202, "Already here." if ack.duplicate else "Stored.")

    async def _account(self, key: str) -> AccountAccess | None:
        known = self._known.get(key)
        if known and known[0] > time.monotonic():
            return known[1]
        snapshot = await self._in_thread(_look_up, key)
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()  # somebody is making up addresses
        self._known[key] = (time.monotonic() + REMEMBER_SECONDS, snapshot)
        return snapshot

    def _note_rejected(self, account_id: int, why: str) -> None:
        now = time.monotonic()
        if self._noted.get(account_id, 0.0) + NOTE_EVERY_SECONDS <= now:
            self._noted[account_id] = now
            self.pool.submit(_note, account_id, why)

    async def _in_thread(
        self, act: Callable[[str], AccountAccess | None], key: str
    ) -> AccountAccess | None:
        return await asyncio.get_running_loop().run_in_executor(self.pool, act, key)
