"""The web process: Granian with the front, any number of workers behind one port."""

from __future__ import annotations

import contextlib
import logging
import os
import resource

from granian.constants import Interfaces, Loops, RuntimeModes
from granian.http import HTTP1Settings
from granian.server import Server

from torget.config import processes
from torget.config.live import MOST_CLIENTS
from torget.config.rsgi import MOST_HEADER_BYTES

GRACE_SECONDS = 10
# Requests a worker takes on at once. An open desk is one for as long as it listens, and must not keep others out.
AT_ONCE = MOST_CLIENTS + 1_024
BUFFER_BYTES = 2 * MOST_HEADER_BYTES


def run(host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or Ctrl-C; ends too when the process that started it is gone."""
    processes.end_with_parent(GRACE_SECONDS)
    logging.getLogger("granian").setLevel(logging.WARNING)
    _raise_file_limit()
    _work_in_batches()
    Server(
        "torget.config.front:application",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        loop=Loops.auto,  # uvloop where it is to be had
        runtime_mode=RuntimeModes.mt,
        workers=workers,
        backpressure=AT_ONCE,
        websockets=False,
        # A client that sends its headers drop by drop must not keep a connection for ever.
        # Nor do headers grow without end: this is a little more than the front lets through.
        http1_settings=HTTP1Settings(header_read_timeout=15_000, max_buffer_size=BUFFER_BYTES),
        respawn_failed_workers=True,
        respawn_interval=1,
        workers_kill_timeout=GRACE_SECONDS,
        log_enabled=False,
    ).serve()


def _work_in_batches() -> None:
    """Let no thread of ours push another aside the moment it is woken.

    A request passes between two threads twice; each goes on with what it has at hand, and a crowd is served a third faster.
    """
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _raise_file_limit() -> None:
    """As many open connections as this machine lets us have: shells often begin with 1,024."""
    _now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
