"""Somebody at work inside an open square: a process of its own with the square's settings, told what to do in Python."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.square import Square

_LOOP = """
import json, sys, traceback, django
django.setup()
from django.utils import timezone
for line in sys.stdin:
    held = {"now": timezone.now()}
    try:
        exec(json.loads(line), held)
        told = {"told": held.get("told")}
    except Exception:
        told = {"fault": traceback.format_exc()}
    print(json.dumps(told, default=str), flush=True)
"""


class Clerk:
    """Runs Python inside the square; what it leaves in `told` comes back."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def do(self, code: str, **given: Any) -> Any:
        """Run it, with `given` as names."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        names = "".join(f"{name} = {value!r}\n" for name, value in given.items())
        self.process.stdin.write(json.dumps(names + code) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        assert "fault" not in answer, answer["fault"]
        return answer["told"]


@contextlib.contextmanager
def clerk_in(square: Square) -> Iterator[Clerk]:
    """A clerk of that square; goes home afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-c", _LOOP],
        env={
            **square.environ,
            "TORGET_PUBLIC_PORT": str(square.port),
            "DJANGO_SETTINGS_MODULE": "torget.config.settings",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Clerk(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)
