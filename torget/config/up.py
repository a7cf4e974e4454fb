"""`torget up`: database, web and worker under one roof, watched over and started again when they die."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connections

from torget.config import env, processes
from torget.config.pgbinaries import ClusterFault
from torget.config.postgres import Cluster
from torget.config.prepare import own_cluster, prepare
from torget.demo import story, texts
from torget.people.models import Municipality

STOP_SECONDS = 25
READY_SECONDS = 60
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 10.0  # who has lived so long did not die of starting
AGAIN_SECONDS = 1.0


class CannotOpen(RuntimeError):  # noqa: N818 - a sentence for the operator
    """The square cannot be opened; the message says why and what to do."""


def say(text: str) -> None:
    """One line to the person at the terminal."""
    print(text, flush=True)  # noqa: T201 - this is what the command is for


@dataclass
class Child:
    """One process we watch over."""

    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    pause: float = 0.5
    started: float = 0.0
    again_at: float = field(default=0.0)

    def start(self) -> None:
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "torget.config.cli", self.name, *self.arguments],
            env=processes.started_by_us(),
            start_new_session=True,  # Ctrl-C reaches us alone; we stop the children in order
        )

    def tend(self) -> None:
        """Start it again when it has died, after a pause that grows while it keeps dying."""
        if self.process is None:
            if time.monotonic() >= self.again_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        if time.monotonic() - self.started > STEADY_SECONDS:
            self.pause = 0.5
        say(f"The {self.name} process ended ({code}). Starting it again in {self.pause:g} s.")
        self._end_group()  # what it had started must not live on beside the new one
        self.process, self.again_at = None, time.monotonic() + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE_SECONDS)

    def ask_to_stop(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def stop(self, until: float) -> None:
        """Wait for the end; past the deadline without asking."""
        if self.process is None:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.1, until - time.monotonic()))
        self._end_group()
        self.process.wait()

    def _end_group(self) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[None]:
    """Hold the installation for this process.

    Raises:
        CannotOpen: another `torget up` runs here.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            raise CannotOpen(
                "This square is open already, in another terminal. Stop it there with Ctrl-C."
            ) from taken
        yield


def check_port(host: str, port: int) -> None:
    """Refuse early when somebody else listens there.

    Raises:
        CannotOpen: the port is taken, or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as fault:
            raise CannotOpen(
                f"Port {port} on {host}: {fault.strerror}. Choose another with --port."
            ) from fault


def wait_until_ready(host: str, port: int, web: Child, stop: threading.Event) -> None:
    """Return when the square answers that it is ready.

    Raises:
        CannotOpen: it did not in time.
    """
    to = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and not stop.is_set():
        web.tend()
        link = http.client.HTTPConnection(to, port, timeout=5)
        try:
            link.request("GET", "/readyz")
            if link.getresponse().status == http.HTTPStatus.OK:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            link.close()
        stop.wait(0.1)
    if not stop.is_set():
        raise CannotOpen("The web process did not get ready. What it said stands above.")


def example_is_here() -> bool:
    """Does the example municipality live here?"""
    return Municipality.objects.filter(number=texts.NUMBER).exists()


def load_demo() -> None:
    """Build the example municipality in an empty house; where it is, see to it that somebody is on duty."""
    if example_is_here():
        story.load()
    elif not Municipality.objects.exists():
        say("Building the example municipality")
        story.load()


def tell_address(host: str, port: int, *, demo: bool) -> None:
    """Where the square is, and who may sign in to the example municipality."""
    shown = "localhost" if host in {"127.0.0.1", "0.0.0.0", "::", "::1"} else host  # noqa: S104
    say(f"\nThe square is open:  http://{shown}:{port}/")
    if demo and example_is_here():
        say(f"The desk for staff:  http://{shown}:{port}/desk/\n")
        for role, email, password in story.SIGN_INS:
            say(f"  {role:<28} {email:<32} {password}")
    say("\nCtrl-C closes it.")


def watch(children: list[Child], cluster: Cluster | None, stop: threading.Event) -> None:
    """Keep everything running until told to stop."""
    while not stop.wait(0.5):
        if cluster is not None and not cluster.is_running():
            say("The database had stopped. Starting it again.")
            try:
                cluster.start()
            except ClusterFault as fault:
                say(f"{fault}\nTrying again.")
                stop.wait(AGAIN_SECONDS)
        for child in children:
            child.tend()


def run(host: str, port: int, workers: int, *, demo: bool) -> None:
    """Open the square and keep it open until Ctrl-C or SIGTERM.

    Raises:
        CannotOpen: see there.
        ClusterFault: our own database cannot be started.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_args: stop.set())
    cluster = own_cluster(tied=True)
    web = Child("web", ["--host", host, "--port", str(port), "--workers", str(workers)])
    children = [web, Child("work", [])]
    with only_one(env.home()):
        check_port(host, port)
        try:
            if cluster is not None:
                say("Starting the database")
                cluster.start()
            prepare(say)
            # Under https a proxy stands in front, and links and actors are named by its address.
            if not (
                settings.PUBLIC_PORT or settings.HTTPS
            ):  # for us too, who may build the example
                settings.PUBLIC_PORT = os.environ["TORGET_PUBLIC_PORT"] = str(port)
            if demo:
                load_demo()
            for child in children:
                child.start()
            wait_until_ready(host, port, web, stop)
            if not stop.is_set():
                tell_address(host, port, demo=demo)
            connections.close_all()
            watch(children, cluster, stop)
        finally:
            say("\nClosing the square")
            for child in children:
                child.ask_to_stop()
            until = time.monotonic() + STOP_SECONDS
            for child in children:
                child.stop(until)
            connections.close_all()
            if cluster is not None:
                cluster.stop()
