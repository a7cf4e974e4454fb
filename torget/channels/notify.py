"""Waking a loop by the database's NOTIFY, so that nothing waits for the next poll."""

from __future__ import annotations

import os
import select
import threading
import time
from types import TracebackType

import psycopg
from django.db import connection

# For what comes due by time, where a notification tells of everything else.
REST_SECONDS = 5.0
LOOK_SECONDS = 0.5


class Stop(threading.Event):
    """An event that ends a wait for a socket too: it becomes readable, and stays so."""

    def __init__(self) -> None:
        super().__init__()
        self._line, self._end = os.pipe()

    def fileno(self) -> int:
        """What to wait for."""
        return self._line

    def set(self) -> None:
        super().set()
        os.write(self._end, b"\0")


class Listener:
    """Listens on a database channel with a connection of its own; falls back to polling while it is down."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._listening: psycopg.Connection[tuple[object, ...]] | None = None

    def __enter__(self) -> Listener:
        self._connect()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._listening is not None:
            self._listening.close()

    def _connect(self) -> None:
        parameters = connection.get_connection_params()
        for ours in ("cursor_factory", "context"):
            parameters.pop(ours, None)
        self._listening = psycopg.connect(**parameters, autocommit=True)
        self._listening.execute(f"LISTEN {self.channel}")

    def wait(self, seconds: float, stop: threading.Event) -> bool:
        """Wait for a notification, `stop` or the time; True when notified. Notifications that piled up count as one."""
        until = time.monotonic() + seconds
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            try:
                if self._listening is None or self._listening.closed:
                    self._connect()
                if self._listening and self._is_told(left, stop):
                    return True
            except (psycopg.Error, OSError):
                self._listening = None
                stop.wait(min(left, 1.0))
        return False

    def _is_told(self, seconds: float, stop: threading.Event) -> bool:
        assert self._listening is not None
        poll = select.poll()
        poll.register(self._listening.fileno(), select.POLLIN)
        if isinstance(stop, Stop):
            poll.register(stop.fileno(), select.POLLIN)
        else:  # an event without a line of its own is looked at now and then
            seconds = min(seconds, LOOK_SECONDS)
        return bool(poll.poll(seconds * 1000)) and bool(list(self._listening.notifies(timeout=0)))
