"""Programs we start: as which account, how they are known again, and how they die with their starter."""
# ruff: noqa: S603, S607 - the programs are named here, never by input

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
STARTER = "STARTED_BY_TORGET"  # the process that started this one; no setting, so it is not named like one


def server_account() -> int | None:
    """Who runs the server: ourselves (None), or as root an unprivileged account, made when there is none."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name: entry.pw_uid for entry in pwd.getpwall()}
    for name in ("postgres", "torget"):
        if name in names:
            return names[name]
    if program := shutil.which("useradd"):
        command = [
            program,
            "--system",
            "--user-group",
            "--no-create-home",
            "--shell",
            "/usr/sbin/nologin",
            "torget",
        ]
        if subprocess.run(command, check=False, capture_output=True).returncode == 0:
            return pwd.getpwnam("torget").pw_uid
    return names["nobody"]


def may_enter(folder: Path, account: int | None) -> bool:
    """Can the account reach what lies in folder?"""
    if account is None:
        return True
    return (
        subprocess.run(["test", "-d", f"{folder}/."], user=account, cwd="/", check=False).returncode
        == 0
    )


def interrupt_with_parent() -> None:
    """Between fork and exec: be interrupted when the parent dies. Linux only; elsewhere nothing happens."""
    # SIGINT is PostgreSQL's fast shutdown. Set after the change of user, which would clear it.
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def started_by_us() -> dict[str, str]:
    """The environment for a process of ours: it says who started it, see `end_with_parent`."""
    return {**os.environ, STARTER: str(os.getpid())}


def end_with_parent(grace_seconds: float = 10.0) -> None:
    """In a child: end when the parent is gone, however it went, so that no process is left over.

    Watches from a thread: first SIGTERM to ourselves, and after the grace the end without asking.
    """
    # Told by the parent where it can be: it may have died before we could ask who it is.
    parent = int(os.environ.get(STARTER) or os.getppid())
    os.environ.update(started_by_us())  # for whom we start in our turn

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(grace_seconds)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def group_of(account: int) -> int:
    """The account's own group."""
    return pwd.getpwuid(account).pw_gid


def run_as(account: int | None) -> dict[str, Any]:
    """What `subprocess` must be told to run as the account; nothing for ourselves."""
    if account is None:
        return {}
    return {"user": account, "group": group_of(account), "extra_groups": []}


def command_line(pid: int) -> str:
    """How the process was started; empty when it is gone."""
    if Path("/proc/self").exists():
        try:
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
            )
        except OSError:
            return ""
    answer = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return answer.stdout
