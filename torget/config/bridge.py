"""From RSGI to Django's WSGI application on a pool of threads: PEP 3333, without loading large bodies into memory."""

from __future__ import annotations

import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any

from torget.config import rsgi
from torget.config.rsgi import Headers, Reply, Scope
from torget.config.turns import Senders, Turns
from torget.design.ready import STAFF
from torget.protocols.cookies import without_escapes

log = logging.getLogger(__name__)

SPOOL_BYTES = 1_000_000
PIECE_BYTES = 256_000
_STAFF = STAFF.lower()
_WITHOUT_BODY = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


@dataclass(slots=True)
class Answer:
    """What Django answered; `rest` holds what did not fit in the first piece (None: nothing)."""

    status: int
    headers: Headers
    body: bytes = b""
    rest: Iterator[bytes] | None = None
    close: Callable[[], None] = field(default=lambda: None)


def split_address(address: str, otherwise: str) -> tuple[str, str]:
    """Host and port of `127.0.0.1:80` or `[::1]:80`."""
    host, _colon, port = address.rpartition(":")
    return (host.strip("[]") or otherwise), port


def environ(scope: Scope, content: IO[bytes], length: int, *, trust_proxy: bool) -> Environ:
    """The request as PEP 3333 wants it."""
    host, port = split_address(scope.server, "localhost")
    made: Environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        # PEP 3333: bytes of the path, each as the character with that number.
        "PATH_INFO": scope.path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": content,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope.headers.items():
        if "_" in name:  # would be taken for the same name with dashes
            continue
        key = f"HTTP_{name.upper().replace('-', '_')}"
        joint = "; " if key == "HTTP_COOKIE" else ","
        made[key] = f"{made[key]}{joint}{value}" if key in made else value
    if "HTTP_COOKIE" in made:
        made["HTTP_COOKIE"] = without_escapes(made["HTTP_COOKIE"])
    made["CONTENT_TYPE"] = made.pop("HTTP_CONTENT_TYPE", "")
    made.pop("HTTP_CONTENT_LENGTH", None)
    made.pop("HTTP_TRANSFER_ENCODING", None)
    made["CONTENT_LENGTH"] = str(length) if length else ""
    if scope.authority:
        made.setdefault("HTTP_HOST", scope.authority)
    made["REMOTE_ADDR"] = peer_of(scope, trust_proxy=trust_proxy)
    return made


def peer_of(scope: Scope, *, trust_proxy: bool) -> str:
    """The address of who asks: behind a proxy of ours what it saw, the last it wrote in X-Forwarded-For."""
    forwarded = ",".join(
        value for name, value in scope.headers.items() if name == "x-forwarded-for"
    )
    if trust_proxy and forwarded:
        return forwarded.rpartition(",")[2].strip()
    return split_address(scope.client, "")[0]


async def spool(scope: Scope, reply: Reply, limit: int) -> tuple[IO[bytes], int]:
    """The body in a file that stays in memory while it is small, and its length.

    Raises:
        TooLarge, BadRequest: see rsgi.
    """
    if rsgi.declared_length(scope, limit) == 0:
        return BytesIO(), 0
    content: IO[bytes] = tempfile.SpooledTemporaryFile(SPOOL_BYTES)  # noqa: SIM115 - closed by its reader
    try:
        async for chunk in rsgi.chunks(reply, limit):
            content.write(chunk)
    except BaseException:
        content.close()
        raise
    length = content.tell()
    content.seek(0)
    return content, length


def call(application: Application, request: Environ) -> Answer:
    """Run Django, in a thread; large and streamed answers stop after their first piece."""
    started: list[tuple[str, Headers]] = []

    def start_response(status: str, headers: Headers, _fault: object = None) -> None:
        started.append((status, headers))

    result = application(request, start_response)
    close: Callable[[], None] = getattr(result, "close", lambda: None)
    pieces = iter(result)
    first = gather(pieces)
    status, headers = started[-1]
    answer = Answer(
        int(status.split(" ", 1)[0]), [(name.lower(), value) for name, value in headers], first
    )
    if len(first) < PIECE_BYTES:  # there was no more
        close()
    else:
        answer.rest, answer.close = pieces, close
    return answer


def _timed(application: Application, request: Environ) -> tuple[Answer, float]:
    """As `call`, and the seconds of the processor it took."""
    started = time.thread_time()
    return call(application, request), time.thread_time() - started


def gather(pieces: Iterator[bytes]) -> bytes:
    """The next pieces, about a quarter of a megabyte; empty at the end."""
    chunks, size = [], 0
    for piece in pieces:
        chunks.append(piece)
        size += len(piece)
        if size >= PIECE_BYTES:
            break
    return b"".join(chunks)


class Bridge:
    """Hands requests to a WSGI application on a pool of threads."""

    def __init__(
        self,
        application: Application,
        threads: int,
        limit: int,
        *,
        trust_proxy: bool,
        session_cookie: str = "",
    ) -> None:
        self.application = application
        self.senders = Senders(session_cookie)
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="django")
        self.turns = Turns(threads)
        self.limit = limit
        self.trust_proxy = trust_proxy

    async def ask(self, scope: Scope, reply: Reply) -> Answer:
        """Read the request and get Django's answer.

        Raises:
            TooLarge, BadRequest: see rsgi.
        """
        content, length = await spool(scope, reply, self.limit)
        with closing(content):
            return await self.run(environ(scope, content, length, trust_proxy=self.trust_proxy))

    async def run(self, request: Environ) -> Answer:
        """Django's answer to a request, when it is its sender's turn."""
        cookie = request.get("HTTP_COOKIE", "")
        async with self.turns.turn(self.senders.of(request["REMOTE_ADDR"], cookie)) as note:
            answer, seconds = await asyncio.get_running_loop().run_in_executor(
                self.pool, _timed, self.application, request
            )
            note(seconds)
        self._note_staff(answer, cookie)
        return answer

    def _note_staff(self, answer: Answer, cookie: str) -> None:
        count = len(answer.headers)
        answer.headers = [pair for pair in answer.headers if pair[0] != _STAFF]
        if len(answer.headers) < count:
            self.senders.note_staff(cookie)

    async def send(self, answer: Answer, method: str, reply: Reply) -> None:
        """Send the answer, piece by piece when it is large."""
        try:
            if method == "HEAD" or answer.status in _WITHOUT_BODY:
                reply.response_empty(answer.status, answer.headers)
            elif answer.rest is None:
                reply.response_bytes(answer.status, answer.headers, answer.body)
            else:
                await self._stream(answer, reply)
        finally:
            if answer.rest is not None:  # Django's own closing, in a thread of its own kind
                with suppress(RuntimeError):
                    self.pool.submit(answer.close)

    async def _stream(self, answer: Answer, reply: Reply) -> None:
        assert answer.rest is not None
        loop = asyncio.get_running_loop()
        stream = reply.response_stream(answer.status, answer.headers)
        piece = answer.body
        while piece:
            await stream.send_bytes(piece)
            piece = await loop.run_in_executor(self.pool, gather, answer.rest)
