"""Where work on strangers' bytes is done: children that can be ended, the one way to bound what cannot be interrupted.

A thread that decodes a picture or reads a mail in C holds the interpreter's lock and hears no signal. Here it happens in
a child with a limit of memory and of time; when it is over the limit the child is killed and the caller goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import pickle
import select
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from torget.channels.apart import answers

log = logging.getLogger(__name__)

FRAME = struct.Struct(">Q")
PIECE_BYTES = 1_000_000
LOOK_AGAIN_SECONDS = 0.02
START_SECONDS = 60.0  # of a child, on a machine that has much else to do
MOST_TASKS = 500  # then a child is replaced: what it has not given back of memory is


class TooLong(Exception):  # noqa: N818 - names the verdict
    """It took more time than it was given; the child is dead."""


class Died(Exception):  # noqa: N818 - names the verdict
    """The child ended in the middle of it: too much memory, or a fault in a library."""


class NotStarted(Exception):  # noqa: N818 - names the verdict
    """No child could be started: the fault is this machine's, not that of what was to be done."""


class Full(Exception):  # noqa: N818 - names the verdict
    """No place was free in the time the caller would wait."""


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work: what is called in the child, and what it may use.

    `act` is "module:function". `at_once` counts for all processes of this machine, so that ten web processes do not
    decode twenty pictures; None leaves it to each process.
    """

    name: str
    act: str
    at_once: int | None
    most_bytes: int
    needs_django: bool = False


class Place:
    """Where a kind of work is done: children that are started when they are needed and end with this process."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self._free: list[Child] = []
        self._lock = threading.Lock()

    def run(self, asked: Any, *, seconds: float, wait_seconds: float | None = None) -> Any:
        """Do it in a child; what the function returned.

        Args:
            asked: the function's one argument, picklable.
            seconds: of the clock; then the child is killed.
            wait_seconds: how long to wait for a place; None: until there is one.

        Raises:
            Full: no place in time; nothing was begun.
            NotStarted: there is no child to do it.
            TooLong, Died: it did not come to its end.
            answers.Raised: the function raised; says what.
        """
        with self._place(wait_seconds):
            child = self._take()
            try:
                answer = child.ask(asked, seconds)
            except BaseException as fault:
                child.kill()
                log.warning("A child doing %s was ended: %s", self.work.name, type(fault).__name__)
                raise
            self._give_back(child)
        return answers.opened(answer)

    def warm(self) -> None:
        """Start a child now, so that the first who asks need not wait for it."""
        self._give_back(self._take())

    def close(self) -> None:
        """End the children that are idle."""
        with self._lock:
            idle, self._free = self._free, []
        for child in idle:
            child.kill()

    def _take(self) -> Child:
        with self._lock:
            child = self._free.pop() if self._free else None
        if child is not None and child.lives():
            return child
        return Child(self.work)

    def _give_back(self, child: Child) -> None:
        if child.tasks >= MOST_TASKS:
            child.kill()
            return
        with self._lock:
            self._free.append(child)

    @contextlib.contextmanager
    def _place(self, wait_seconds: float | None) -> Iterator[None]:
        """One of the machine's places, held by a lock on a file: who dies gives it back."""
        if self.work.at_once is None:
            yield
            return
        until = None if wait_seconds is None else time.monotonic() + wait_seconds
        with contextlib.ExitStack() as stack:
            files = [stack.enter_context(path.open("wb")) for path in _files(self.work)]
            while not any(_locked(file) for file in files):
                if until is not None and time.monotonic() >= until:
                    raise Full
                time.sleep(LOOK_AGAIN_SECONDS)
            yield


def _files(work: Work) -> list[Path]:
    folder = Path(settings.HOME) / "run"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:  # a disk that is full or read-only must not stop the work
        folder = Path(tempfile.gettempdir())
    return [folder / f"{work.name}-{number}.lock" for number in range(work.at_once or 0)]


def _locked(file: Any) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class Child:
    """One process. It is asked one thing at a time."""

    def __init__(self, work: Work) -> None:
        self.tasks = 0
        self.ready = False
        self.process = subprocess.Popen(  # noqa: S603 - ourselves
            [
                sys.executable,
                "-m",
                "torget.channels.apart.inside",
                work.act,
                str(work.most_bytes),
                str(int(work.needs_django)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=_environment(),
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.into, self.out_of = self.process.stdin.fileno(), self.process.stdout.fileno()
        for number in (self.into, self.out_of):
            os.set_blocking(number, False)

    def lives(self) -> bool:
        """Whether it can be asked."""
        return self.process.poll() is None

    def kill(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()

    def ask(self, asked: Any, seconds: float) -> bytes:
        """Its answer, as it came.

        Raises:
            NotStarted, TooLong, Died: there is none; kill it.
        """
        if not self.ready:
            self._begin()
        self.tasks += 1
        question = pickle.dumps((seconds, asked), protocol=pickle.HIGHEST_PROTOCOL)
        return self._exchange(FRAME.pack(len(question)) + question, seconds)

    def _begin(self) -> None:
        """Wait until it says that it has loaded what it needs; that is no time of what it is asked."""
        try:
            self._exchange(b"", START_SECONDS)
        except (TooLong, Died) as fault:
            raise NotStarted from fault
        self.ready = True

    def _exchange(self, question: bytes, seconds: float) -> bytes:
        until = time.monotonic() + seconds
        left = memoryview(question)
        got = bytearray()
        while True:
            if left:
                left = left[self._write(left) :]
            elif (piece := self._read()) is not None:
                got += piece
            if len(got) >= FRAME.size and len(got) - FRAME.size >= FRAME.unpack_from(got)[0]:
                return bytes(got[FRAME.size :])
            self._wait(until, writing=bool(left))

    def _write(self, left: memoryview) -> int:
        try:
            return os.write(self.into, left[:PIECE_BYTES])
        except BlockingIOError:
            return 0
        except OSError as fault:
            raise Died from fault

    def _read(self) -> bytes | None:
        try:
            piece = os.read(self.out_of, PIECE_BYTES)
        except BlockingIOError:
            return None
        if not piece:
            raise Died
        return piece

    def _wait(self, until: float, *, writing: bool) -> None:
        left = until - time.monotonic()
        if left <= 0:
            raise TooLong
        look = select.poll()  # not select(): a web process has more than 1,024 open lines
        if writing:
            look.register(self.into, select.POLLOUT)
        else:
            look.register(self.out_of, select.POLLIN)
        look.poll(left * 1000)


def _environment() -> dict[str, str]:
    """Ours; it must find the same modules, and one heap instead of one for each thread of a decoder."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "MALLOC_ARENA_MAX": "1",
        "OMP_NUM_THREADS": "1",
    }
