"""A hundred servers that take every delivery, in one process; one that never answers, and one that is not there."""

from __future__ import annotations

import contextlib
import re
import select
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

_LENGTH = re.compile(rb"content-length: *([0-9]+)", re.IGNORECASE)
TAKEN = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Sink:
    """The running servers, as host and port."""

    hosts: list[str]
    slow: str
    dead: str


def _listener() -> socket.socket:
    held = socket.create_server(("127.0.0.1", 0), backlog=512)
    held.setblocking(False)
    return held


def _serve(count: int) -> None:
    """Take everything until standard input ends. Bare sockets: what the sink costs, the carrying lacks."""
    poll = select.epoll()
    listeners = {one.fileno(): one for one in (_listener() for _one in range(count + 1))}
    slow = list(listeners)[-1]
    for number in (*listeners, sys.stdin.fileno()):
        poll.register(number, select.EPOLLIN)
    ports = [one.getsockname()[1] for one in listeners.values()]
    sys.stdout.write(" ".join(map(str, ports)) + "\n")
    sys.stdout.flush()
    lines: dict[int, tuple[socket.socket, bool]] = {}
    begun: dict[int, bytes] = {}
    while True:
        for number, _event in poll.poll():
            if number in lines:
                _take(lines, begun, number)
            elif number in listeners:
                line, _address = listeners[number].accept()
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                lines[line.fileno()] = line, number != slow
                poll.register(line.fileno(), select.EPOLLIN)
            else:
                return


def _take(
    lines: dict[int, tuple[socket.socket, bool]], begun: dict[int, bytes], number: int
) -> None:
    line, answers = lines[number]
    try:
        data = line.recv(65_536)
    except ConnectionError:
        data = b""
    if not data:
        line.close()
        del lines[number]
        begun.pop(number, None)
        return
    held = begun.pop(number, b"") + data
    while (end := held.find(b"\r\n\r\n")) >= 0 and (length := _LENGTH.search(held, 0, end)):
        whole = end + 4 + int(length[1])
        if len(held) < whole:
            break
        held = held[whole:]
        if answers:
            line.send(TAKEN)
    if held:
        begun[number] = held


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
    _serve(int(sys.argv[1]))
