"""Ready pages as files, so that the processes of a machine make each page once and a new one need not begin with none."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import random
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from torget.config.ready.keys import Key
from torget.config.ready.page import Page

log = logging.getLogger(__name__)

FOLDER = "ready"
MOST_FILES = 2_000
OLDEST_SECONDS = 12 * 3600.0
_SWEEP_ONE_IN = 100


class Shelf:
    """The folder. Whatever goes wrong with a file costs a page made once more, never an answer."""

    def __init__(self, home: Path, version: str) -> None:
        self._folder = home / FOLDER / version
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as fault:
            log.warning("Ready pages are not shared: %s", type(fault).__name__)

    def _path(self, key: Key) -> Path:
        return self._folder / hashlib.sha256(json.dumps(key).encode()).hexdigest()[:40]

    def read(self, key: Key) -> Page | None:
        """The page as some process here last kept it; None when there is none, or an old one."""
        try:
            with self._path(key).open("rb") as file:
                about = json.loads(file.readline())
                bodies = tuple(file.read(size) for size in about["sizes"])
            age = max(0.0, time.time() - about["asked_at"])
            if age > OLDEST_SECONDS or [len(body) for body in bodies] != about["sizes"]:
                return None
            page = Page(
                about["municipality"],
                time.monotonic() - age,
                about["seconds"],
                about["etag"],
                [(name, value) for name, value in about["headers"]],
                (bodies[0], bodies[1], bodies[2]),
            )
        except (OSError, ValueError, KeyError, TypeError, IndexError):
            return None
        return page

    def write(self, key: Key, page: Page) -> None:
        """Keep the page for the other processes."""
        about = {
            "municipality": page.municipality,
            "asked_at": time.time() - (time.monotonic() - page.asked_at),
            "seconds": page.seconds,
            "etag": page.etag,
            "headers": page.headers,
            "sizes": [len(body) for body in page.bodies],
        }
        try:
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as file:
                file.write(json.dumps(about).encode() + b"\n" + b"".join(page.bodies))
            os.replace(file.name, self._path(key))
            if random.randrange(_SWEEP_ONE_IN) == 0:  # noqa: S311 - only spreads the work
                self._sweep()
        except OSError as fault:
            log.debug("A ready page was not shared: %s", type(fault).__name__)

    @contextlib.contextmanager
    def claim(self, key: Key) -> Iterator[bool]:
        """Whether this process is the one to make the page; the claim ends with the block, or with the process."""
        path = self._path(key).with_suffix(".lock")
        try:
            lock = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError:
            yield True
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            yield False
            return
        try:
            yield True
        finally:
            with contextlib.suppress(OSError):
                path.unlink()
            os.close(lock)

    def _sweep(self) -> None:
        """Throw away what is old, and the oldest of too many (somebody is making up addresses)."""
        files = []
        for path in self._folder.iterdir():
            with contextlib.suppress(OSError):
                files.append((path.stat().st_mtime, path))
        files.sort(reverse=True)
        now = time.time()
        for number, (changed, path) in enumerate(files):
            if number >= MOST_FILES or now - changed > OLDEST_SECONDS:
                with contextlib.suppress(OSError):
                    path.unlink()


def clear(home: Path) -> None:
    """Forget all pages: another version of Torget, or another database, is about to make them."""
    shutil.rmtree(home / FOLDER, ignore_errors=True)
