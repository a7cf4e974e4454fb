"""A database with all tables and no rows, made once and kept beside the Python environment until a migration changes.

Every test run's server begins as a copy of it, so that one test with the database starts in seconds.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from torget.config.postgres import Cluster, url

NAME = "migrated"
_PACKAGE = Path(__file__).resolve().parents[2]
_KEPT = Path(sys.prefix) / "test-database"
_IMPORTED = re.compile(r"^\s*(?:from|import) (torget[\w.]*)", re.MULTILINE)
_SERVER = ("postgres.py", "pgsettings.py", "pgvectors.py", "pgbinaries.py", "tests/template.py")


def _key() -> str:
    """What the tables are made from: migrations, what these import, the server's settings, the packages installed."""
    migrations = sorted(_PACKAGE.glob("**/migrations/*.py"))
    imported = {
        _PACKAGE.parent / f"{module.replace('.', '/')}.py"
        for path in migrations
        for module in _IMPORTED.findall(path.read_text())
    }
    packages = sorted(path.name for path in Path(psycopg.__file__).parents[1].glob("*.dist-info"))
    digest = hashlib.sha256(f"{os.geteuid()} {packages}".encode())
    for path in [*migrations, *sorted(imported), *(_PACKAGE / "config" / name for name in _SERVER)]:
        if path.is_file():
            digest.update(str(path.relative_to(_PACKAGE)).encode() + path.read_bytes())
    return digest.hexdigest()[:20]


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One process at a time makes, copies or clears what is kept."""
    _KEPT.mkdir(exist_ok=True)
    with (_KEPT / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _copy(data: Path, target: Path) -> None:
    # cp keeps owners and shares blocks where the file system can; half a copy never gets the name.
    draft = Path(tempfile.mkdtemp(prefix="draft-", dir=target.parent))
    try:
        subprocess.run(["cp", "-a", f"{data}/.", str(draft)], check=True)
        draft.chmod(0o700)
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _migrate(home: Path) -> None:
    with psycopg.connect(url(home), autocommit=True) as link:
        link.execute(f"CREATE DATABASE {NAME} TEMPLATE template1")
    address = urlsplit(url(home))._replace(path=f"/{NAME}").geturl()
    subprocess.run(
        [sys.executable, "-m", "torget.config.cli", "manage", "migrate", "--verbosity", "0"],
        env={**os.environ, "TORGET_DATABASE_URL": address},
        check=True,
    )


def start(cluster: Cluster) -> None:
    """Start a scratch server that holds the database `migrated`: copied when it is kept, made and kept otherwise."""
    with _alone():
        kept = _KEPT / _key()
        if kept.is_dir() and not cluster.data.exists():
            _copy(kept, cluster.data)
        cluster.start()
        if kept.is_dir():
            return
        _migrate(cluster.home)
        cluster.stop()  # only what a stopped server left is whole
        for older in _KEPT.iterdir():
            if older.is_dir():
                shutil.rmtree(older)
        _copy(cluster.data, kept)
        cluster.start()
