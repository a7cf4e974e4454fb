"""The web process: Granian with the front, any number of workers behind one port."""

from __future__ import annotations

import logging

from granian.constants import Interfaces, Loops
from granian.http import HTTP1Settings
from granian.server import Server

from torget.config import processes

GRACE_SECONDS = 10


def run(host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or Ctrl-C; ends too when the process that started it is gone."""
    processes.end_with_parent(GRACE_SECONDS)
    logging.getLogger("granian").setLevel(logging.WARNING)
    Server(
        "torget.config.front:application",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        loop=Loops.asyncio,
        workers=workers,
        websockets=False,
        # A client that sends its headers drop by drop must not keep a connection for ever.
        http1_settings=HTTP1Settings(header_read_timeout=15_000),
        respawn_failed_workers=True,
        respawn_interval=1,
        workers_kill_timeout=GRACE_SECONDS,
        log_enabled=False,
    ).serve()
