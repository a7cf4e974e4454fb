"""The web process: Granian with the front, any number of workers behind one port."""

from __future__ import annotations

import logging
import resource

from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server import Server

from torget.config import processes
from torget.config.live import MOST_CLIENTS

GRACE_SECONDS = 10
# Requests a worker takes on at once. An open desk is one for as long as it listens, and must not keep others out.
AT_ONCE = MOST_CLIENTS + 1_024


def run(host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or Ctrl-C; ends too when the process that started it is gone."""
    processes.end_with_parent(GRACE_SECONDS)
    logging.getLogger("granian").setLevel(logging.WARNING)
    _raise_file_limit()
    Server(
        "torget.config.front:application",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        loop=Loops.asyncio,
        workers=workers,
        backpressure=AT_ONCE,
        websockets=False,
        # A client that sends its headers drop by drop must not keep a connection for ever.
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        respawn_failed_workers=True,
        respawn_interval=1,
        workers_kill_timeout=GRACE_SECONDS,
        log_enabled=False,
    ).serve()


def _raise_file_limit() -> None:
    """As many open connections as this machine lets us have: shells often begin with 1,024."""
    _now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
