"""Many requests at once from an event loop, to many hosts: as bounded and as checked as `http.request`."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from torget.channels.http import (
    HttpError,
    Response,
    bound,
    checked_address,
    checked_url,
    never_left,
)

MOST_HOSTS = 1_000
LOOKERS = 16
ADDRESS_SECONDS = 60.0  # then a host's address is looked up and checked again
FAILED_SECONDS = 30.0
READ_BYTES = 16_384  # of an answer: what is said besides the status is of no use to us


@dataclass(slots=True)
class _Line:
    """Our connections to one host."""

    client: Client
    address: str
    good_until: float


class Many:
    """Requests in flight side by side; connections to a host are kept for the next one. Close it when done."""

    def __init__(self, *, timeout_seconds: float) -> None:
        self.timeout = timedelta(seconds=timeout_seconds)
        self._lines: OrderedDict[tuple[str, int], _Line] = OrderedDict()
        self._opening: dict[tuple[str, int], asyncio.Task[_Line]] = {}
        self._failed: dict[tuple[str, int], tuple[float, HttpError]] = {}
        self._lookers = ThreadPoolExecutor(LOOKERS, thread_name_prefix="look-up")

    async def post(self, url: str, *, headers: dict[str, str], content: bytes) -> Response:
        """One POST: no redirects, no retries.

        Raises:
            HttpError: no answer; says whether the request may have gone out.
        """
        place = checked_url(url)
        client = (await self._line(place.host, place.port)).client
        try:
            building = client.post(place.url).headers(headers).body_bytes(content)
            async with building.timeout(self.timeout).build_streamed() as answer:
                headers_told = answer.headers  # a mapping that does not mind how names are written
                nothing = headers_told.get("content-length") == "0"
                body = b"" if nothing else bytes(await answer.body_reader.read(READ_BYTES) or b"")
                return Response(answer.status, headers_told, body)
        except PyreqwestError as fault:
            raise HttpError(
                f"{type(fault).__name__} at {place.host}", maybe_sent=not never_left(fault)
            ) from fault

    async def _line(self, host: str, port: int) -> _Line:
        name = (host, port)
        line = self._lines.get(name)
        if line is not None and line.good_until > time.monotonic():
            self._lines.move_to_end(name)
            return line
        failed = self._failed.get(name)
        if failed and failed[0] > time.monotonic():
            raise HttpError(str(failed[1]), maybe_sent=False)
        task = self._opening.get(name)
        if task is None:
            task = self._opening[name] = asyncio.create_task(self._open(host, port))
        try:
            return await asyncio.shield(task)
        finally:
            if task.done():
                self._opening.pop(name, None)

    async def _open(self, host: str, port: int) -> _Line:
        name = (host, port)
        loop = asyncio.get_running_loop()
        try:
            address = await loop.run_in_executor(self._lookers, checked_address, host, port)
        except HttpError as fault:
            if len(self._failed) > MOST_HOSTS:
                self._failed.clear()
            self._failed[name] = (time.monotonic() + FAILED_SECONDS, fault)
            raise
        line = self._lines.get(name)
        if line is not None and line.address == address:
            line.good_until = time.monotonic() + ADDRESS_SECONDS
            return line
        client = bound(ClientBuilder(), host, address, port).build()
        self._lines[name] = line = _Line(client, address, time.monotonic() + ADDRESS_SECONDS)
        while len(self._lines) > MOST_HOSTS:
            self._lines.popitem(
                last=False
            )  # what is in flight there ends before the client is dropped
        return line

    async def close(self) -> None:
        """Close every connection."""
        for line in self._lines.values():
            await line.client.close()
        self._lines.clear()
        self._lookers.shutdown(wait=False, cancel_futures=True)
