"""The one door: ready bytes, deliveries and live events are answered here; everything else by Django in threads."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # exported, not declared

from torget.config import live, prepare, processes, ready, rsgi
from torget.config.bridge import Bridge
from torget.config.hooks import PREFIX, Hooks
from torget.config.rsgi import BadRequest, Reply, Scope, TooLarge
from torget.config.wsgi import application as django
from torget.intake.writer import Writer
from torget.people.tenancy import municipality_at

log = logging.getLogger(__name__)

DRAIN_SECONDS = 8.0
SHORT_THREADS = 2
THEME_COOKIE = "utseende"


class Front:
    """A Granian RSGI application (one in each web process)."""

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        processes.end_with_parent(DRAIN_SECONDS)
        self.pool = ThreadPoolExecutor(max(1, settings.THREADS), thread_name_prefix="django")
        # Short questions (who is this account, may they listen) must not wait behind slow pages.
        self.short = ThreadPoolExecutor(SHORT_THREADS, thread_name_prefix="short")
        self.bridge = Bridge(
            django, self.pool, settings.MAX_BODY_BYTES, trust_proxy=settings.TRUST_PROXY
        )
        self.ready = ready.Ready(
            settings.SESSION_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME, THEME_COOKIE
        )
        self.announcements = live.Announcements(self.ready.drop)
        self.writer = Writer()
        self.hooks = Hooks(self.writer, self.short, settings.MAX_BODY_BYTES)
        self.migrated = False
        self.busy = 0
        loop.run_until_complete(self._start())

    async def _start(self) -> None:
        self.writer.start()
        self.listening = asyncio.gather(self.announcements.run(), self.announcements.beat())

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let what is under way come to its end, then stop."""
        loop.run_until_complete(self._drain())
        self.writer.close()
        self.hooks.close()
        for pool in (self.pool, self.short):
            pool.shutdown(wait=False, cancel_futures=True)

    async def _drain(self) -> None:
        self.announcements.close()
        until = time.monotonic() + DRAIN_SECONDS
        while self.busy and time.monotonic() < until:
            await asyncio.sleep(0.02)
        self.listening.cancel()
        await asyncio.gather(self.listening, return_exceptions=True)

    async def __rsgi__(self, scope: Scope, reply: Reply) -> None:
        self.busy += 1
        try:
            await self._answer(scope, reply)
        except TooLarge:
            most = settings.MAX_BODY_BYTES // 1_000_000
            rsgi.say(
                reply, 413, f"For stort. Vi tar imot inntil {most} MB.", ("connection", "close")
            )
        except BadRequest:
            rsgi.say(reply, 400, "Forespørselen kan ikke leses.", ("connection", "close"))
        except ProtocolClosed:
            log.debug("A client left before its answer")
        finally:
            self.busy -= 1

    async def _answer(self, scope: Scope, reply: Reply) -> None:
        key = self.ready.key(scope)
        if key is not None and (page := self.ready.find(key)):
            ready.send(page, scope, reply)
        elif scope.path.startswith(PREFIX):
            await self.hooks.answer(scope, reply)
        elif scope.path == "/live/desk" and scope.method == "GET":
            await live.serve(scope, reply, self.announcements, self.short)
        elif scope.path == "/healthz":
            rsgi.say(reply, 200, "ok")
        elif scope.path == "/readyz":
            await self._say_readiness(reply)
        else:
            await self._page(key, scope, reply)

    async def _page(self, key: ready.Key | None, scope: Scope, reply: Reply) -> None:
        """Django answers; what it marks as the same for everyone is kept ready."""
        asked = time.monotonic()
        answer = await self.bridge.ask(scope, reply)
        marks = {name for name, _value in answer.headers}
        if scope.method not in {"GET", "HEAD", "OPTIONS"} and ready.UNCHANGED not in marks:
            self.ready.drop_host(scope.headers.get("host") or scope.authority or "")
        seconds = next((value for name, value in answer.headers if name == ready.MARK), "")
        answer.headers = [
            pair for pair in answer.headers if pair[0] not in {ready.MARK, ready.UNCHANGED}
        ]
        if key is not None and scope.method == "GET" and seconds.isdigit():
            page = self.ready.keep(
                key, answer, int(seconds), await self._municipality(key[0]), asked
            )
            if page is not None:
                ready.send(page, scope, reply)
                return
        await self.bridge.send(answer, scope.method, reply)

    async def _municipality(self, host: str) -> int | None:
        found = await asyncio.get_running_loop().run_in_executor(self.short, municipality_at, host)
        return found.pk if found else None

    async def _say_readiness(self, reply: Reply) -> None:
        fault = await asyncio.get_running_loop().run_in_executor(self.short, self._not_ready)
        rsgi.say(reply, 503 if fault else 200, fault or "ready")

    def _not_ready(self) -> str:
        close_old_connections()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            self.migrated = self.migrated or not prepare.unapplied()
        except DatabaseError:
            return "The database does not answer."
        return "" if self.migrated else "The database lacks migrations."


application = Front()
