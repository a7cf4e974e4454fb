"""RSGI as we use it (granian's specification 1.6): what a request is, how it is read and answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol, overload

BODY_SECONDS = 300
MOST_HEADER_BYTES = 32_768
WHOLE_BYTES = 65_536

Headers = list[tuple[str, str]]
PLAIN: Headers = [("content-type", "text/plain; charset=utf-8"), ("cache-control", "no-store")]


class ScopeHeaders(Protocol):
    """Request headers; names in lower case."""

    def items(self) -> list[tuple[str, str]]: ...
    @overload
    def get(self, key: str) -> str | None: ...
    @overload
    def get(self, key: str, default: str) -> str: ...


class Scope(Protocol):
    """The request line, its headers, and who is at the other end."""

    proto: str
    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str
    authority: str | None
    headers: ScopeHeaders


class Stream(Protocol):
    """An answer sent piece by piece."""

    async def send_bytes(self, data: bytes) -> None: ...


class Reply(Protocol):
    """The body on its way in, and the answer on its way out."""

    async def __call__(self) -> bytes: ...
    def __aiter__(self) -> AsyncIterator[bytes]: ...
    async def client_disconnect(self) -> None: ...
    def response_empty(self, status: int, headers: Headers) -> None: ...
    def response_str(self, status: int, headers: Headers, body: str) -> None: ...
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...
    def response_stream(self, status: int, headers: Headers) -> Stream: ...


class TooLarge(Exception):  # noqa: N818 - names the state
    """The body is larger than we take."""


class HeadersTooLarge(Exception):  # noqa: N818 - names the state
    """The headers are larger than any browser of ours sends."""


class BadRequest(Exception):  # noqa: N818 - names the state
    """The request contradicts itself, or its body never came."""


def check_headers(scope: Scope) -> None:
    """Refuse headers that only somebody up to no good sends; what reads them later need not be quick on such.

    Raises:
        HeadersTooLarge: names and values of all headers, path and query are over 32 KiB.
    """
    size = len(scope.path) + len(scope.query_string)
    if size + sum(len(n) + len(v) for n, v in scope.headers.items()) > MOST_HEADER_BYTES:
        raise HeadersTooLarge


def declared_length(scope: Scope, limit: int) -> int | None:
    """The body's length as declared; None when it comes in chunks; 0 when there is none.

    Raises:
        TooLarge: more than the limit, before a byte of it is read.
        BadRequest: not a number.
    """
    declared = scope.headers.get("content-length")
    if declared is None:
        return None if scope.headers.get("transfer-encoding") else 0
    if not (declared.isascii() and declared.isdigit()):
        raise BadRequest
    if int(declared) > limit:
        raise TooLarge
    return int(declared)


async def chunks(reply: Reply, limit: int) -> AsyncIterator[bytes]:
    """The body piece by piece, counted while it comes.

    Raises:
        TooLarge: it grew past the limit.
        BadRequest: it did not come within five minutes.
    """
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in reply:
                size += len(chunk)
                if size > limit:
                    raise TooLarge
                yield chunk
    except TimeoutError as slow:
        raise BadRequest from slow


async def body(scope: Scope, reply: Reply, limit: int) -> bytes:
    """The whole body in memory.

    Raises:
        TooLarge, BadRequest: see `declared_length` and `chunks`.
    """
    length = declared_length(scope, limit)
    if length == 0:
        return b""
    if length is not None and length <= WHOLE_BYTES:
        # The server hands over no more than was declared; one await instead of one for each piece.
        try:
            async with asyncio.timeout(BODY_SECONDS):
                whole = await reply()
        except TimeoutError as slow:
            raise BadRequest from slow
        if len(whole) != length:
            raise BadRequest  # the client left in the middle of it
        return whole
    return b"".join([chunk async for chunk in chunks(reply, limit)])


def say(reply: Reply, status: int, text: str, *more: tuple[str, str]) -> None:
    """Answer with a line of plain text."""
    reply.response_str(status, [*PLAIN, *more], text + "\n")
