"""A page as bytes: made once of Django's answer, packed once for each encoding, sent with the fewest steps."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import brotli

from torget.config.bridge import Answer
from torget.config.rsgi import Headers, Reply
from torget.design import ready

MARK, UNCHANGED = ready.MARK.lower(), ready.UNCHANGED.lower()
LARGEST_PAGE = 256_000
PLAIN, GZIP, BROTLI = range(3)
ENCODINGS = ("", "gzip", "br")
# The notice stands in every page; a page that is given although it could not be made anew shows it.
NOTICE_HIDDEN, NOTICE_SHOWN = b" data-stale hidden", b" data-stale"
_NOT_KEPT = {MARK, UNCHANGED, "content-length", "etag", "vary", "set-cookie", "date"}
_BROTLI_QUALITY = 5


@dataclass(slots=True)
class Page:
    """One page, ready to be sent. Times are seconds of the monotonic clock.

    Attributes:
        municipality: whose changes make it old; None: everybody's.
        asked_at: when Django was asked for it: what changed later is not in it.
        fresh_until: until when it is given without another thought.
        patience: how many seconds a reader may wait for a newer one before getting this one.
        failing_until: until when nobody tries again to make it, because that failed just now.
        used_at: when somebody last looked whether it was fresh.
        bodies, heads: bytes and headers for each of ENCODINGS.
    """

    municipality: int | None
    asked_at: float
    seconds: float
    etag: str
    headers: Headers
    bodies: tuple[bytes, bytes, bytes]
    heads: tuple[Headers, Headers, Headers] = field(init=False)
    fresh_until: float = 0.0
    patience: float = 0.0
    failing_until: float = 0.0
    used_at: float = 0.0
    _old: Page | None = None

    def __post_init__(self) -> None:
        whole = [*self.headers, ("etag", self.etag), ("vary", "Cookie, Accept-Encoding")]
        self.heads = (
            whole,
            [*whole, ("content-encoding", ENCODINGS[GZIP])],
            [*whole, ("content-encoding", ENCODINGS[BROTLI])],
        )

    @property
    def size(self) -> int:
        """Bytes it holds in memory."""
        return sum(len(body) for body in self.bodies)

    def old(self) -> Page:
        """The same page saying of itself that it could not be brought up to date."""
        if self._old is None:
            body = self.bodies[PLAIN].replace(NOTICE_HIDDEN, NOTICE_SHOWN, 1)
            self._old = replace(self, etag=etag_of(body), bodies=packed(body))
        return self._old


def etag_of(body: bytes) -> str:
    """A weak name for the content: the same page packed otherwise is the same page."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'


def packed(body: bytes) -> tuple[bytes, bytes, bytes]:
    """The body in each of ENCODINGS."""
    return (
        body,
        gzip.compress(body, 6, mtime=0),
        brotli.compress(body, quality=_BROTLI_QUALITY),
    )


def make(answer: Answer, municipality: int | None, *, seconds: float, asked_at: float) -> Page:
    """The answer as a page."""
    headers = [pair for pair in answer.headers if pair[0] not in _NOT_KEPT]
    if not any(name == "cache-control" for name, _value in headers):
        headers.append(("cache-control", "no-cache"))
    return Page(municipality, asked_at, seconds, etag_of(answer.body), headers, packed(answer.body))


def send(page: Page, get: Callable[[str], str | None], method: str, reply: Reply) -> None:
    """Answer with a page as the client wants it: unchanged, packed, plain, or its headers only.

    `get` gives the request's headers by name.
    """
    unchanged = get("if-none-match")
    if unchanged is not None and page.etag in unchanged:
        reply.response_empty(304, page.heads[PLAIN])
        return
    wanted = encoding(get("accept-encoding"))
    if method == "HEAD":
        length = ("content-length", str(len(page.bodies[wanted])))
        reply.response_empty(200, [*page.heads[wanted], length])
    else:
        reply.response_bytes(200, page.heads[wanted], page.bodies[wanted])


_MOST_REMEMBERED = 1_000
_encodings: dict[str | None, int] = {None: PLAIN}


def encoding(accepted: str | None) -> int:
    """Which of ENCODINGS to send for an Accept-Encoding header (RFC 9110 §12.5.3); remembered, since few are in use."""
    known = _encodings.get(accepted)
    if known is not None:
        return known
    assert accepted is not None
    names = set()
    for part in accepted.lower().split(",")[:20]:
        name, _semicolon, weight = part.partition(";")
        if weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}:
            names.add(name.strip())
    wanted = BROTLI if "br" in names else GZIP if "gzip" in names else PLAIN
    if len(_encodings) >= _MOST_REMEMBERED:
        _encodings.clear()
        _encodings[None] = PLAIN
    if len(accepted) <= 200:
        _encodings[accepted] = wanted
    return wanted
