"""Waking a loop by the database's NOTIFY, so that nothing waits for the next poll."""

from __future__ import annotations

import threading
import time
from types import TracebackType

import psycopg
from django.db import connection


class Waker:
    """Listens on a database channel with a connection of its own; falls back to polling while it is down."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self._listening: psycopg.Connection[tuple[object, ...]] | None = None

    def __enter__(self) -> Waker:
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
                if self._listening and list(
                    self._listening.notifies(timeout=min(left, 0.5), stop_after=1)
                ):
                    return True
            except psycopg.Error:
                self._listening = None
                stop.wait(min(left, 1.0))
        return False
