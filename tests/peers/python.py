"""Peers written in Python: each in an environment of its own, so that what it needs never meets what we need."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent


def environment(name: str) -> Path:
    """The `bin` folder of the peer's environment, made once from its requirements.txt."""
    wanted = HERE / name / "requirements.txt"
    home = ROOT / ".peers" / name
    home.parent.mkdir(exist_ok=True)
    print_ = hashlib.sha256(wanted.read_bytes() + sys.version.encode()).hexdigest()
    stamp = home / "stamp"
    with (home.parent / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == print_:
            return home / "bin"
        pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install"]
        for command in (
            [sys.executable, "-m", "venv", "--clear", str(home)],
            [*pip, "--quiet", "--require-hashes", "--requirement", str(wanted)],
        ):
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            if done.returncode != 0:
                pytest.fail(f"The peer {name} could not be installed: {done.stderr[-2000:]}")
        stamp.write_text(print_)
    return home / "bin"


def plain_environ() -> dict[str, str]:
    """The environment without what belongs to us or to another Python."""
    left_out = ("TORGET_", "DJANGO_", "PYTHON", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)}


def wait_for(
    url: str, process: subprocess.Popen[bytes], log: Path, *, seconds: float = 60.0
) -> None:
    """Until the address answers; fails with the peer's own words when it ends or takes too long."""
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"The peer did not start: {log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
