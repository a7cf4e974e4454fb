"""Delivers signed webhooks as fast as they are acknowledged: `python -m torget.bench.generator`, a process of its own.

Neither Django nor an HTTP client here: what the sender costs is taken from what is measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from dataclasses import dataclass
from functools import partial

from torget.protocols import webhook

BODY_BYTES = 1_000
ACCEPTED = b"HTTP/1.1 202"


@dataclass(frozen=True, slots=True)
class Order:
    """What to send where."""

    port: int
    key: str
    secret: str
    count: int
    in_flight: int


def requests(order: Order) -> list[bytes]:
    """Distinct deliveries of 1 KB, signed now: a signature is good for five minutes."""
    made, stamp = [], int(time.time())
    for number in range(order.count):
        name = uuid.uuid4().hex
        said = {"id": name, "type": "message.new", "author": {"id": "a", "name": "Kari"}}
        body = json.dumps({**said, "n": number, "body": "Lokket er sprukket."}).encode()
        body = body[:-1] + b" " * (BODY_BYTES - len(body)) + b"}"
        lines = (
            f"POST /hooks/{order.key} HTTP/1.1",
            "host: localhost",
            "content-type: application/json",
            f"webhook-id: {name}",
            f"webhook-timestamp: {stamp}",
            f"webhook-signature: {webhook.sign(order.secret, name, stamp, body)}",
            f"content-length: {len(body)}",
        )
        made.append("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    return made


class Line(asyncio.Protocol):
    """One connection: the next request when the last is answered."""

    def __init__(
        self, waiting: list[bytes], times: list[float], done: asyncio.Future[None]
    ) -> None:
        self.waiting, self.times, self.done = waiting, times, done
        self.held = b""
        self.asked = 0.0
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self.held += data
        head, gap, rest = self.held.partition(b"\r\n\r\n")
        if not gap:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        if len(rest) < length:
            return
        self.held = b""
        self.times.append(time.perf_counter() - self.asked)
        if head.startswith(ACCEPTED):
            self._ask()
        else:
            self._end(RuntimeError(f"Not acknowledged: {head[:80]!r}"))

    def connection_lost(self, fault: Exception | None) -> None:
        self._end(fault or ConnectionError("The line was closed."))

    def _ask(self) -> None:
        if not self.waiting:
            self._end(None)
            return
        assert self.transport is not None
        self.asked = time.perf_counter()
        self.transport.write(self.waiting.pop())

    def _end(self, fault: Exception | None) -> None:
        if self.done.done():
            return
        if fault is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(fault)
        if self.transport is not None:
            self.transport.close()


def _same(line: Line) -> Line:
    return line


async def deliver(order: Order) -> dict[str, object]:
    """Send everything; seconds from the first to the last, and each answer's time in milliseconds."""
    loop, waiting, times = asyncio.get_running_loop(), requests(order), list[float]()
    started = time.perf_counter()
    ends = [loop.create_future() for _line in range(order.in_flight)]
    for end in ends:
        line = Line(waiting, times, end)
        await loop.create_connection(partial(_same, line), "127.0.0.1", order.port)
    await asyncio.gather(*ends)
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "times_ms": [one * 1000 for one in times]}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(deliver(Order(**json.load(sys.stdin))))))  # noqa: T201 - its answer
