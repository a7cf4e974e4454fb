"""A child never outlives its parent, not even one that died before the child could ask who it is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from torget.config import processes

CHILD = (
    "import time; from torget.config import processes; processes.end_with_parent(1); time.sleep(30)"
)
MOTHER = f"""
import subprocess, sys, time
from torget.config import processes
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], env=processes.started_by_us())
print(child.pid, flush=True)
time.sleep(float(sys.argv[1]))
"""


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_child_ends_when_its_parent_was_gone_before_it_looked() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], env={**os.environ, processes.STARTER: str(gone.pid)}
    )
    assert child.wait(20) == -signal.SIGTERM


def test_a_child_lives_as_long_as_its_parent_and_no_longer() -> None:
    mother = subprocess.Popen(
        [sys.executable, "-c", MOTHER, "3"], stdout=subprocess.PIPE, text=True
    )
    assert mother.stdout is not None
    child = int(mother.stdout.readline())
    time.sleep(1.5)
    assert is_running(child)
    mother.wait(20)
    until = time.monotonic() + 15
    while is_running(child):
        assert time.monotonic() < until
        time.sleep(0.1)
