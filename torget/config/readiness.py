"""`/readyz`: whether this process can take what people send: a database that answers, is migrated and can be written to."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path

from django.db import DatabaseError, close_old_connections, connection, transaction

from torget.config import prepare

REMEMBER_SECONDS = 1.0
# New pages on the database's disk: a row changed in place would succeed though the disk is full.
_PROBE = """
CREATE TEMPORARY TABLE readiness_probe ON COMMIT DROP
AS SELECT repeat('x', 4000) AS filler FROM generate_series(1, 16)
"""
_PROBE_BYTES = b"\0" * 65_536


class Readiness:
    """Looks at most once a second, however often it is asked: each look writes a row and a file."""

    def __init__(self, home: Path) -> None:
        self._files = home / "files"
        self._migrated = False
        self._looking = threading.Lock()
        self._known: tuple[float, str] = (0.0, "")

    def fault(self) -> str:
        """What is wrong, in a sentence; empty when all is well."""
        with self._looking:
            until, known = self._known
            if time.monotonic() >= until:
                known = self._look()
                self._known = time.monotonic() + REMEMBER_SECONDS, known
            return known

    def _look(self) -> str:
        close_old_connections()
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            self._migrated = self._migrated or not prepare.unapplied()
        except DatabaseError:
            return "The database does not answer."
        if not self._migrated:
            return "The database lacks migrations."
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_PROBE)
        except DatabaseError:
            return "The database cannot be written to. Is its disk full?"
        try:
            self._files.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._files) as file:
                file.write(_PROBE_BYTES)
        except OSError:
            return "Files cannot be written. Is the disk full?"
        return ""
