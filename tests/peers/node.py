"""Node.js for the peers of the tests, and what each of them takes from npm."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
OLDEST = 22  # as in tools/setup.py


def _major(program: Path | str) -> int:
    told = subprocess.run([program, "--version"], check=False, capture_output=True, text=True)
    major = told.stdout.strip().lstrip("v").split(".")[0]
    return int(major) if major.isdigit() else 0


def node() -> Path:
    """A Node.js that is new enough: the one fetched by tools/setup.py, else the machine's."""
    for found in (ROOT / ".venv" / "bin" / "node", shutil.which("node")):
        if found and Path(found).exists() and _major(found) >= OLDEST:
            return Path(found).resolve()
    pytest.fail(f"Node.js {OLDEST} or newer is missing. Run: python3 tools/setup.py dev")


def _npm(program: Path) -> list[str]:
    """The npm that belongs to this Node.js, run by it."""
    for place in ("../lib/node_modules/npm", "../../npm", "../share/nodejs/npm"):
        script = (program.parent / place / "bin" / "npm-cli.js").resolve()
        if script.exists():
            return [str(program), str(script)]
    pytest.fail(f"npm is missing beside {program}. Run: python3 tools/setup.py dev")


def _settings() -> dict[str, str]:
    """As in tools/setup.py: what the machine's own npm was told of certificates and mirrors holds for this one too."""
    if npm := shutil.which("npm"):
        ask = [npm, "config", "get", "globalconfig"]
        told = subprocess.run(ask, check=False, capture_output=True, text=True).stdout.strip()
        if told and Path(told).exists():
            return {**os.environ, "npm_config_globalconfig": told}
    return dict(os.environ)


def install(folder: Path, *, scripts: bool = False) -> Path:
    """Install what the folder's package-lock.json names, once, into its node_modules; the folder.

    With `scripts`, packages may build what they need (against the headers of this Node.js).
    """
    print_ = hashlib.sha256(b"".join((folder / name).read_bytes() for name in (
        "package.json", "package-lock.json"))).hexdigest()  # fmt: skip
    stamp = folder / "node_modules" / ".stamp"
    program = node()
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == print_:
            return folder
        command = [*_npm(program), "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(
            [*command, "--ignore-scripts=false" if scripts else "--ignore-scripts"],
            cwd=folder,
            env={
                **_settings(),
                "npm_config_nodedir": str(program.parent.parent),
                "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
            },
            check=False,
            stdout=sys.stderr,
        )
        if done.returncode != 0:
            pytest.fail(f"npm ci in {folder.relative_to(ROOT)} failed; see above.")
        stamp.write_text(print_)
    return folder
