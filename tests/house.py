"""An installation with a database server of its own, for tests of what only such a one has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from torget.config import postgres
from torget.config.postgres import Cluster


@dataclass
class House:
    """An installation with a server of its own that runs."""

    home: Path

    def torget(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        given = {
            name: value for name, value in os.environ.items() if not name.startswith("TORGET_")
        }
        return subprocess.run(
            [sys.executable, "-m", "torget.config.cli", *words],
            env={**given, "TORGET_HOME": str(self.home), **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, code: str, **environ: str) -> str:
        done = self.torget("manage", "shell", "-v0", "-c", code, **environ)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def as_owner(self, code: str) -> str:
        """The same as somebody who got hold of the owner's password."""
        return self.run(code, TORGET_DATABASE_URL=postgres.owner_url(self.home))

    def serving(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """One statement as the role that web and worker are."""
        with psycopg.connect(postgres.url(self.home)) as link:
            cursor = link.execute(statement, values)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def owning(self, *statements: str) -> None:
        with psycopg.connect(postgres.owner_url(self.home)) as link:
            for statement in statements:
                link.execute(statement)  # type: ignore[arg-type]

    def doctor(self) -> str:
        """What the doctor says of history and its guard."""
        text = self.torget("doctor").stdout
        return text[text.index("  history") - 2 :]


def remove(home: Path) -> None:
    Cluster(home).stop()
    shutil.rmtree(postgres.socket_folder(home), ignore_errors=True)
    shutil.rmtree(Cluster(home).base / "database", ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def new_home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="tgf-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return home
