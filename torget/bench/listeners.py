"""Many open desks: `python -m torget.bench.listeners`, a process of its own that notes when each hears of what.

Reads one line of JSON (port, path, headers, count), says "ready" when all listen, and at the end of its input tells when each
event came: {event: [seconds since the epoch, …]}. Neither Django nor an HTTP client here.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from functools import partial
from typing import Any

AT_ONCE = 50


class Desk(asyncio.Protocol):
    """One open desk."""

    def __init__(self, request: bytes, heard: dict[str, list[float]]) -> None:
        self.request, self.heard = request, heard
        self.open = asyncio.get_running_loop().create_future()
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        at = time.time()
        if not self.open.done() and b"200 OK" in data[:20]:
            self.open.set_result(None)
        self.held += data
        *lines, self.held = self.held.split(b"\n")
        for line in lines:
            if line.startswith(b"data: "):
                self.heard[json.loads(line[6:])["subject"]].append(at)

    def connection_lost(self, fault: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(fault or ConnectionError("The line was closed."))


def _same(desk: Desk) -> Desk:
    return desk


async def listen(order: dict[str, Any]) -> dict[str, list[float]]:
    """Open the desks, a few at a time, and listen until standard input ends."""
    loop, heard = asyncio.get_running_loop(), defaultdict[str, list[float]](list)
    head = [f"GET {order['path']} HTTP/1.1", *order["headers"]]
    request = "\r\n".join(head).encode() + b"\r\n\r\n"
    left = order["count"]
    while left:
        desks = [Desk(request, heard) for _desk in range(min(AT_ONCE, left))]
        for desk in desks:
            await loop.create_connection(partial(_same, desk), "127.0.0.1", order["port"])
        await asyncio.gather(*(desk.open for desk in desks))
        left -= len(desks)
    print("ready", flush=True)  # noqa: T201 - its answer
    await loop.run_in_executor(None, sys.stdin.read)
    return heard


if __name__ == "__main__":
    print(json.dumps(asyncio.run(listen(json.loads(sys.stdin.readline())))))  # noqa: T201 - its answer
