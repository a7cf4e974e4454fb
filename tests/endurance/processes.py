"""The processes of one square, found by descent and by the home folder in their environment."""

from __future__ import annotations

import contextlib
from pathlib import Path


def _parents() -> dict[int, int]:
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                # "pid (name) state ppid …"; the name may hold spaces and brackets.
                rest = (entry / "stat").read_text().rpartition(")")[2].split()
                if rest[0] != "Z":
                    found[int(entry.name)] = int(rest[1])
    return found


def children(of: int) -> list[int]:
    """Living processes a process has started."""
    return sorted(pid for pid, parent in _parents().items() if parent == of)


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def living_in(home: Path) -> list[str]:
    """Every living process that was started with this home folder in its environment."""
    mark = f"TORGET_HOME={home}".encode()
    found = []
    for pid in _parents():
        with contextlib.suppress(OSError):
            if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                found.append(f"{pid} {command(pid)[:120]}")
    return found
