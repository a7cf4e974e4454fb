"""A real square for tests that need one: `torget up` as its own process, with a database of its own."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from torget.config import processes
from torget.config.assets import compile_messages
from torget.config.tests import template

READY_SECONDS = 120


def free_port() -> int:
    """Below those the system gives away (from 32768), so that no connection takes it before its server does."""
    while True:
        # Not from the seeded source: workers with the same seed would pick the same.
        port = random.SystemRandom().randrange(15_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


@dataclass
class Square:
    """An open square. `url` is where the example municipality answers."""

    home: Path
    database_url: str
    port: int
    environ: dict[str, str]
    arguments: list[str] = field(default_factory=list)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> Path:
        return self.home / "square.log"

    def open(self) -> None:
        """Start it and wait until it says it is open."""
        with self.log.open("ab") as log:
            begun = log.tell()
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "torget.config.cli",
                    "up",
                    "--port",
                    str(self.port),
                    *(() if "--workers" in self.arguments else ("--workers", "1")),
                    *self.arguments,
                ],
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # A run that is broken off leaves no square behind.
                preexec_fn=processes.interrupt_with_parent,
            )
        until = time.monotonic() + READY_SECONDS
        while b"Ctrl-C closes it" not in self.log.read_bytes()[begun:]:
            if self.process.poll() is not None or time.monotonic() > until:
                raise AssertionError(
                    f"The square did not open:\n{self.log.read_text(errors='replace')[-3000:]}"
                )
            time.sleep(0.05)

    def close(self) -> int:
        """Stop it as Ctrl-C would; its exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)

    @contextlib.contextmanager
    def without_database(self) -> Iterator[None]:
        """Its database refuses and drops every connection meanwhile, as when the server is stopped."""
        parts = urlsplit(self.database_url)
        name = sql.Identifier(parts.path.strip("/"))
        with psycopg.connect(os.environ["TORGET_DATABASE_URL"], autocommit=True) as link:
            try:
                link.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
                link.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                    [parts.path.strip("/")],
                )
                yield
            finally:
                link.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))

    def query(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask its database."""
        with psycopg.connect(self.database_url, autocommit=True) as link:
            cursor = link.execute(text, values)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []


def _create_database(name: str, template: str) -> str:
    """A new database in the test run's server, like the template; its address."""
    server = os.environ["TORGET_DATABASE_URL"]
    with psycopg.connect(server, autocommit=True) as link:
        given = (sql.Identifier(one) for one in (name, template))
        link.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*given))
    return urlsplit(server)._replace(path=f"/{name}").geturl()


def _drop_database(server: str, name: str) -> None:
    """Remove a database. While the server itself cleans up in it, which only a superuser may end, it is tried again."""
    drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(server, autocommit=True) as link:
        for _attempt in range(100):
            try:
                link.execute(drop)
            except psycopg.errors.InsufficientPrivilege:
                time.sleep(0.2)
            else:
                return
        link.execute(drop)


@functools.cache
def _migrated() -> str:
    """A database with all tables and no rows: every square begins as a copy of it. A given server gets one a run."""
    if "TORGET_TEST_DATABASE_URL" not in os.environ:
        return template.NAME
    server, name = os.environ["TORGET_DATABASE_URL"], f"migrated_{os.getpid()}"
    url = _create_database(name, "template1")

    def clean_up() -> None:
        with contextlib.suppress(psycopg.Error):  # with the run's own server it is gone already
            _drop_database(server, name)

    atexit.register(clean_up)
    subprocess.run(
        [sys.executable, "-m", "torget.config.cli", "manage", "migrate", "--verbosity", "0"],
        env={**os.environ, "TORGET_DATABASE_URL": url},
        check=True,
    )
    return name


@contextlib.contextmanager
def new_square(*arguments: str, empty: bool = False, **environ: str) -> Iterator[Square]:
    """A square not yet opened, with a database of its own: without rows, or `empty` without tables too. Removed afterwards."""
    server = os.environ["TORGET_DATABASE_URL"]
    name = f"square_{os.getpid()}_{time.monotonic_ns()}"
    home = Path(tempfile.mkdtemp(prefix="tg-square-"))
    url = _create_database(name, "template1" if empty else _migrated())
    given = {**os.environ, "TORGET_HOME": str(home), "TORGET_DATABASE_URL": url, **environ}
    square = Square(home, url, free_port(), given, list(arguments))
    try:
        yield square
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            square.close()
        if square.process is not None and square.process.poll() is None:
            square.process.kill()
        _drop_database(server, name)
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def square() -> Iterator[Square]:
    """One open square with the example municipality, shared by all tests that only add to it."""
    compile_messages()
    with new_square() as one:
        one.open()
        yield one
