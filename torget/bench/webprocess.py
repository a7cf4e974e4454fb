"""A web process of its own, as it runs in an installation."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

READY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Web:
    """A running web process."""

    port: int
    pid: int

    def memory_bytes(self) -> int:
        """What it and its children hold, shared pages counted in part (PSS)."""
        return sum(_pss(pid) for pid in _descent(self.pid))


@contextlib.contextmanager
def web(*words: str, **environ: str) -> Iterator[Web]:
    """Start one, wait until it is ready, and end it afterwards."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "torget.config.cli", "web", "--port", str(port), *words]
    process = subprocess.Popen(command, env={**os.environ, **environ})  # noqa: S603 - ourselves
    try:
        until = time.monotonic() + READY_SECONDS
        while not _ready(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("The web process did not get ready.")
            time.sleep(0.1)
        yield Web(port, process.pid)
    finally:
        process.terminate()
        process.wait(30)


@contextlib.contextmanager
def work() -> Iterator[Web]:
    """Start a worker process, and end it afterwards."""
    command = [sys.executable, "-m", "torget.config.cli", "work"]
    process = subprocess.Popen(command)  # noqa: S603 - ourselves
    try:
        yield Web(0, process.pid)
    finally:
        process.terminate()
        process.wait(60)


def _ready(port: int) -> bool:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", "/readyz")
        return link.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()


def _descent(pid: int) -> list[int]:
    found = [pid]
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in path.read_text().split():
            found += _descent(int(child))
    return found


def _pss(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
