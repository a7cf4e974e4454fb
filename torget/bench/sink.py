"""A hundred servers that take every delivery, in one process; one that never answers, and one that is not there."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

TAKEN = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"


class Taker(asyncio.Protocol):
    """Reads requests with a content-length and answers 202; as little else as possible."""

    def __init__(self, answers: bool) -> None:
        self.answers = answers
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end].lower()
            at = head.find(b"content-length:") + 15
            length = int(head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else None])
            if len(self.held) < end + 4 + length:
                return
            self.held = self.held[end + 4 + length :]
            if self.answers:
                self.transport.write(TAKEN)


@dataclass(frozen=True, slots=True)
class Sink:
    """The running servers, as host and port."""

    hosts: list[str]
    slow: str
    dead: str


async def _serve(count: int) -> None:
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(lambda: Taker(answers=True), "127.0.0.1", 0, backlog=512)
        for _one in range(count)
    ]
    servers.append(await loop.create_server(lambda: Taker(answers=False), "127.0.0.1", 0))
    ports = [one.sockets[0].getsockname()[1] for one in servers]
    sys.stdout.write(" ".join(map(str, ports)) + "\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


@contextlib.contextmanager
def sink(count: int) -> Iterator[Sink]:
    """Start it, and end it afterwards."""
    words = [sys.executable, "-m", "torget.bench.sink", str(count)]
    process = subprocess.Popen(  # noqa: S603 - ourselves
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        ports = [f"127.0.0.1:{port}" for port in process.stdout.readline().split()]
        with socket.socket() as nobody:  # bound and not listening: calls are refused
            nobody.bind(("127.0.0.1", 0))
            yield Sink(ports[:-1], ports[-1], f"127.0.0.1:{nobody.getsockname()[1]}")
    finally:
        process.stdin.close()
        process.wait(10)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
