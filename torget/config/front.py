"""The one door: ready bytes, deliveries and live events are answered here; everything else by Django in threads."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.urls import get_resolver
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined]  # exported, not declared

import torget
from torget.config import env, live, processes, readiness, rsgi
from torget.config.bridge import Answer, Bridge
from torget.config.hooks import PREFIX, Hooks
from torget.config.ready.keys import Key, Keys
from torget.config.ready.page import MARK, UNCHANGED, send
from torget.config.ready.pages import Ready
from torget.config.ready.shelf import Shelf
from torget.config.rsgi import BadRequest, HeadersTooLarge, Reply, Scope, TooLarge
from torget.config.wsgi import application as django
from torget.design.cookies import JUST_WROTE, JUST_WROTE_SECONDS
from torget.intake.writer import Writer
from torget.people.tenancy import municipality_at

log = logging.getLogger(__name__)

DRAIN_SECONDS = 8.0
SHORT_THREADS = 2
SWITCH_SECONDS = 0.0005
_SAFE = {"GET", "HEAD", "OPTIONS"}


class Front:
    """A Granian RSGI application (one in each web process)."""

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        processes.end_with_parent(DRAIN_SECONDS)
        # A page asks the database fifty times; each time it comes back it waits so long for whoever computes.
        sys.setswitchinterval(SWITCH_SECONDS)
        # Short questions (who is this account, may they listen) must not wait behind slow pages.
        self.short = ThreadPoolExecutor(SHORT_THREADS, thread_name_prefix="short")
        self.bridge = Bridge(
            django,
            max(1, settings.THREADS),
            settings.MAX_BODY_BYTES,
            trust_proxy=settings.TRUST_PROXY,
            session_cookie=settings.SESSION_COOKIE_NAME,
        )
        languages = {code for code, _name in settings.LANGUAGES}
        self.keys = Keys(settings.SESSION_COOKIE_NAME, languages, https=settings.HTTPS)
        shelf = Shelf(env.home(), torget.__version__)
        self.ready = Ready(self._page_of, self._place_of, shelf)
        self.announcements = live.Announcements(self.ready.drop)
        self.readiness = readiness.Readiness(env.home())
        self.writer = Writer()
        self.hooks = Hooks(self.writer, self.short, settings.MAX_BODY_BYTES)
        self.busy = 0
        loop.run_until_complete(self._start())

    async def _start(self) -> None:
        get_resolver().url_patterns  # noqa: B018 - loads every view now, not while the first reader waits
        self.writer.start()
        self.listening = asyncio.gather(self.announcements.run(), self.announcements.beat())

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let what is under way come to its end, then stop."""
        loop.run_until_complete(self._drain())
        self.writer.close()
        self.hooks.close()
        for pool in (self.bridge.pool, self.short):
            pool.shutdown(wait=False, cancel_futures=True)

    async def _drain(self) -> None:
        self.announcements.close()
        until = time.monotonic() + DRAIN_SECONDS
        while self.busy and time.monotonic() < until:
            await asyncio.sleep(0.02)
        self.listening.cancel()
        await asyncio.gather(self.listening, return_exceptions=True)

    async def __rsgi__(self, scope: Scope, reply: Reply) -> None:
        # The way of nearly all readers, with the fewest steps: no further call is awaited.
        headers = scope.headers
        key = self.keys.key(scope, headers)
        if key is not None and (page := self.ready.at_once(key)) is not None:
            send(page, headers.get, scope.method, reply)
            return
        self.busy += 1
        try:
            await self._answer(key, scope, reply)
        except HeadersTooLarge:
            rsgi.say(reply, 431, "Forespørselen har for store overskrifter.", _CLOSE)
        except TooLarge:
            most = settings.MAX_BODY_BYTES // 1_000_000
            rsgi.say(reply, 413, f"For stort. Vi tar imot inntil {most} MB.", _CLOSE)
        except BadRequest:
            rsgi.say(reply, 400, "Forespørselen kan ikke leses.", _CLOSE)
        except OSError as fault:
            log.warning("%s: a body could not be taken", type(fault).__name__)
            rsgi.say(reply, 503, "Dette ble ikke sendt. Gå tilbake, og send igjen om litt.", _RETRY)
        except ProtocolClosed:
            log.debug("A client left before its answer")
        finally:
            self.busy -= 1

    async def _answer(self, key: Key | None, scope: Scope, reply: Reply) -> None:
        rsgi.check_headers(scope)
        if scope.path.startswith(PREFIX):
            await self.hooks.answer(scope, reply)
        elif scope.path.startswith(live.PREFIX) and scope.method == "GET":
            await live.serve(scope, reply, self.announcements, self.short)
        elif scope.path == "/healthz":
            rsgi.say(reply, 200, "ok")
        elif scope.path == "/readyz":
            await self._say_readiness(reply)
        elif key is not None and (page := await self.ready.page(key)) is not None:
            send(page, scope.headers.get, scope.method, reply)
        else:
            await self._ask_django(scope, reply)

    async def _ask_django(self, scope: Scope, reply: Reply) -> None:
        answer = await self.bridge.ask(scope, reply)
        marks = {name for name, _value in answer.headers}
        answer.headers = [pair for pair in answer.headers if pair[0] not in {MARK, UNCHANGED}]
        if scope.method not in _SAFE and UNCHANGED not in marks and answer.status < 400:
            self.ready.drop_host(scope.headers.get("host") or scope.authority or "")
            answer.headers.append(_JUST_WROTE)
        await self.bridge.send(answer, scope.method, reply)

    async def _page_of(self, key: Key) -> Answer:
        answer = await self.bridge.run(self.keys.environ(key))
        if settings.TRUST_PROXY:
            answer.headers.append(_KEPT_BY_PROXY)
        return answer

    async def _place_of(self, host: str) -> int | None:
        place = await asyncio.get_running_loop().run_in_executor(self.short, municipality_at, host)
        return place.pk if place else None

    async def _say_readiness(self, reply: Reply) -> None:
        fault = await asyncio.get_running_loop().run_in_executor(self.short, self.readiness.fault)
        rsgi.say(reply, 503 if fault else 200, fault or "ready")


_CLOSE = ("connection", "close")
# For the proxy in front (deploy/nginx): a page for everyone may be kept for a second. It tells nobody.
_KEPT_BY_PROXY = ("x-accel-expires", "1")
_RETRY = ("retry-after", "20")
_JUST_WROTE = (
    "set-cookie",
    f"{JUST_WROTE}=1; Max-Age={JUST_WROTE_SECONDS}; Path=/; HttpOnly; SameSite=Lax",
)
application = Front()
