"""The house at work inside a test: it listens, files and sends by itself, on the test's own database."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from django.db import connection

from torget.conversations.tasks import file_loop
from torget.intake.listening import listen_loop
from torget.outbox.tasks import deliver_loop

LOOPS = (listen_loop, file_loop, deliver_loop)


@contextlib.contextmanager
def working() -> Iterator[None]:
    """The worker's loops that concern channels, until the block ends. Needs a test that commits."""
    stop = threading.Event()

    def run(loop: Callable[[threading.Event], None]) -> None:
        try:
            loop(stop)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(loop,), daemon=True) for loop in LOOPS]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
        assert not any(thread.is_alive() for thread in threads)
