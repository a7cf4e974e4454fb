"""Ready bytes: public pages that are the same for everyone, kept as bytes for a few seconds."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from dataclasses import dataclass

from torget.config.bridge import Answer
from torget.config.rsgi import Headers, Reply, Scope, cookies

MARK = "x-ready-seconds"
# On the answer to a POST that changed nothing anybody reads in public (a heartbeat, a draft).
UNCHANGED = "x-ready-unchanged"
MOST_PAGES = 500
LARGEST_PAGE = 256_000
DROP_EVERY_SECONDS = 0.5
_NOT_KEPT = {MARK, UNCHANGED, "content-length", "etag", "vary", "set-cookie", "date"}

Key = tuple[str, str, str, str]


@dataclass(slots=True)
class Page:
    """One page, ready to be sent."""

    municipality: int | None
    until: float
    etag: str
    raw: bytes
    zipped: bytes
    headers: Headers
    zipped_headers: Headers


def make(answer: Answer, municipality: int | None, until: float) -> Page:
    """The answer as bytes, raw and zipped, named by its content."""
    etag = f'W/"{hashlib.sha256(answer.body).hexdigest()[:24]}"'
    headers = [pair for pair in answer.headers if pair[0] not in _NOT_KEPT]
    if not any(name == "cache-control" for name, _value in headers):
        headers.append(("cache-control", "no-cache"))
    headers += [("etag", etag), ("vary", "Cookie, Accept-Encoding")]
    zipped = gzip.compress(answer.body, 6, mtime=0)
    zipped_headers = [*headers, ("content-encoding", "gzip")]
    return Page(municipality, until, etag, answer.body, zipped, headers, zipped_headers)


class Ready:
    """The pages kept. Everything here runs in the event loop."""

    def __init__(self, session_cookie: str, language_cookie: str, theme_cookie: str) -> None:
        self._cookies = session_cookie, language_cookie, theme_cookie
        self._pages: dict[Key, Page] = {}
        self._dropped: dict[int | None, float] = {}
        self._due: set[int | None] = set()

    def key(self, scope: Scope) -> Key | None:
        """What the page depends on; None for requests that must reach Django."""
        headers = scope.headers
        if (
            scope.method not in {"GET", "HEAD"}
            or headers.get("authorization")
            or headers.get("hx-request")
        ):
            return None
        session, language, theme = self._cookies
        held = cookies(scope)
        if session in held:
            return None
        host = scope.headers.get("host") or scope.authority or ""
        return (
            host,
            f"{scope.path}?{scope.query_string}",
            held.get(language, ""),
            held.get(theme, ""),
        )

    def find(self, key: Key) -> Page | None:
        """The page, if it is kept and fresh."""
        page = self._pages.get(key)
        return page if page is not None and page.until > time.monotonic() else None

    def keep(
        self, key: Key, answer: Answer, seconds: int, municipality: int | None, asked: float
    ) -> Page | None:
        """Make a page of an answer asked for at `asked`, and keep it unless something changed since.

        None when it cannot be one page for everyone.
        """
        plain = answer.status == 200 and answer.rest is None and len(answer.body) <= LARGEST_PAGE
        if not plain or any(name == "set-cookie" for name, _value in answer.headers):
            return None
        page = make(answer, municipality, time.monotonic() + seconds)
        changed = max(self._dropped.get(municipality, 0.0), self._dropped.get(None, 0.0))
        if changed < asked and municipality not in self._due:
            self._pages.pop(key, None)
            while len(self._pages) >= MOST_PAGES:
                del self._pages[next(iter(self._pages))]
            self._pages[key] = page
        return page

    def drop(self, municipality: int | None) -> None:
        """Something changed there (None: anywhere). At once, but in a storm of changes twice a second."""
        if municipality in self._due:
            return
        wait = self._dropped.get(municipality, 0.0) + DROP_EVERY_SECONDS - time.monotonic()
        if wait > 0:
            self._due.add(municipality)
            asyncio.get_running_loop().call_later(wait, self.drop_now, municipality)
        else:
            self.drop_now(municipality)

    def drop_now(self, municipality: int | None) -> None:
        """Forget its pages (None: all pages)."""
        self._due.discard(municipality)
        self._dropped[municipality] = time.monotonic()
        for key in [
            k
            for k, page in self._pages.items()
            if municipality is None or page.municipality == municipality
        ]:
            del self._pages[key]

    def drop_host(self, host: str) -> None:
        """Somebody has just written through this very process: what they read next must show it."""
        for municipality in {
            page.municipality for key, page in self._pages.items() if key[0] == host
        }:
            self.drop_now(municipality)


def send(page: Page, scope: Scope, reply: Reply) -> None:
    """Answer with a page as the client wants it: unchanged, zipped, raw, or its headers only."""
    if page.etag in (scope.headers.get("if-none-match") or ""):
        reply.response_empty(304, page.headers)
        return
    zipped = "gzip" in (scope.headers.get("accept-encoding") or "")
    body, headers = (page.zipped, page.zipped_headers) if zipped else (page.raw, page.headers)
    if scope.method == "HEAD":
        reply.response_empty(200, [*headers, ("content-length", str(len(body)))])
    else:
        reply.response_bytes(200, headers, body)
