"""A crowd at the door: pages for everyone, beside nginx giving the same bytes from disk in the same run."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from django.conf import settings
from django.db import close_old_connections, connections, transaction
from django.utils import timezone

from torget.bench import crowd
from torget.bench.crowd import Reading
from torget.bench.opened import HOST, Opened, open_square
from torget.bench.result import Result, Round
from torget.bench.webprocess import web
from torget.conversations.rules.handling import note
from torget.conversations.rules.submitting import Submission, comment
from torget.people.actor import Actor

SECONDS, ROUNDS = 4, 3
FEW, MANY = 64, 1_000
WORKERS = "2"
NOTES_A_SECOND = 50.0
CONFIGURATION = Path(settings.BASE_DIR).parent / "deploy" / "nginx" / "torget.conf"
_ASKED = {"Accept_Encoding": "gzip"}  # as every browser asks

Pair = tuple[Reading, Reading]


class Scene:
    """A square and an nginx with its pages; every reading is a pair: nginx, then Torget."""

    def __init__(self, port: int, disk: int, pages: dict[str, str], seconds: int) -> None:
        self.port, self.disk, self.pages, self.seconds = port, disk, pages, seconds

    def pair(self, page: str, connections: int) -> Pair:
        """The same page from both."""
        limit = self._read(f"http://127.0.0.1:{self.disk}/{page}", connections)
        value = self._read(f"http://{HOST}:{self.port}{self.pages[page]}", connections)
        return limit, value

    def _read(self, url: str, connections: int) -> Reading:
        reading = crowd.read(url, connections=connections, seconds=self.seconds, **_ASKED)
        if reading.failed:
            raise RuntimeError(f"{reading.failed} of {reading.count} got no answer at {url}.")
        return reading


def measure(rows: int = SECONDS, rounds: int = ROUNDS) -> Result:
    """Each reading lasts `rows` seconds. The ratio is over three pages, at 64 readers and at 1,000."""
    opened = open_square()
    more: dict[str, float] = {}
    with (
        tempfile.TemporaryDirectory(prefix="tg-surge-") as place,
        web("--workers", WORKERS, TORGET_TRUST_PROXY="1") as door,
    ):
        folder = Path(place)
        folder.chmod(0o755)
        kept = {name: crowd.fetch(door.port, path, **_ASKED) for name, path in opened.pages.items()}
        with crowd.from_disk(folder / "disk", kept) as disk:
            scene = Scene(door.port, disk, opened.pages, rows)
            still = {
                (page, many): [scene.pair(page, many) for _round in range(rounds)]
                for page in opened.pages
                for many in (FEW, MANY)
            }
            for (page, many), pairs in still.items():
                more[f"{page}_{many}"] = ratio(pairs)
            few = [pair for (_page, many), pairs in still.items() if many == FEW for pair in pairs]
            more["p99_ms_64"] = median(value.p99_ms for _limit, value in few)
            more["limit_p99_ms_64"] = median(limit.p99_ms for limit, _value in few)
            with _meanwhile(opened, _comment, 1.0):
                more["changing_64"] = ratio([scene.pair("post", FEW) for _round in range(rounds)])
            with _meanwhile(opened, _note, NOTES_A_SECOND):
                more["notes_64"] = ratio([scene.pair("front", FEW) for _round in range(rounds)])
            more["behind_nginx_64"] = _behind(folder / "front", scene, rounds)
            with _without_database():
                _wait_until_old(door.port)
                more["no_database_64"] = ratio(
                    [scene.pair("front", FEW) for _round in range(rounds)]
                )
    everything = [pair for pairs in still.values() for pair in pairs]
    return Result(
        "surge",
        "answers/s",
        [Round(value.count, value.seconds) for _limit, value in everything],
        [Round(limit.count, limit.seconds) for limit, _value in everything],
        more | {"bytes": float(len(kept["front"]))},
    )


def ratio(pairs: list[Pair]) -> float:
    """Torget's rate as a part of nginx's, the median of the pairs."""
    return median(
        (value.count / value.seconds) / (limit.count / limit.seconds) for limit, value in pairs
    )


def _comment(opened: Opened, number: int) -> None:
    submission = Submission(f"Et ord til, nummer {number}", "public", name="Nils")
    comment(opened.post, submission, by=Actor.resident(opened.municipality.pk), at=timezone.now())


def _note(opened: Opened, number: int) -> None:
    """A note for colleagues, which no page for everybody shows."""
    note(
        opened.private,
        f"Et notat, nummer {number}",
        by=Actor.of_staff(opened.staff),
        at=timezone.now(),
    )


@contextlib.contextmanager
def _meanwhile(
    opened: Opened, write: Callable[[Opened, int], None], a_second: float
) -> Iterator[None]:
    """Something is written so often meanwhile."""
    stop = threading.Event()

    def talk() -> None:
        number, began = 0, time.monotonic()
        while not stop.wait(max(0.0, began + number / a_second - time.monotonic())):
            number += 1
            close_old_connections()
            with transaction.atomic():
                write(opened, number)
        connections.close_all()

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _behind(folder: Path, scene: Scene, rounds: int) -> float:
    """The front page through the configuration we ship."""
    port = crowd.free_port()
    site = crowd.shipped(CONFIGURATION, folder, port=port, torget=scene.port)
    with crowd.nginx(folder, site):
        crowd.fetch(port, scene.pages["front"], **_ASKED)
        proxied = Scene(port, scene.disk, scene.pages, scene.seconds)
        proxied.pair("front", FEW)  # to warm up
        return ratio([proxied.pair("front", FEW) for _round in range(rounds)])


@contextlib.contextmanager
def _without_database() -> Iterator[None]:
    """The installation's database server is stopped; it is the last thing measured, and nobody starts it again."""
    connections.close_all()
    pid_file = Path(os.environ["TORGET_HOME"]) / "database" / "postmaster.pid"
    os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGINT)  # PostgreSQL's fast shutdown
    until = time.monotonic() + 30
    while pid_file.exists():
        if time.monotonic() > until:
            raise RuntimeError("The database did not stop.")
        time.sleep(0.05)
    yield


def _wait_until_old(port: int) -> None:
    """Until the page says that it could not be made anew."""
    until = time.monotonic() + 30
    while b"data-stale hidden" in crowd.fetch(port, "/"):
        if time.monotonic() > until:
            raise RuntimeError("The page does not say that it is old.")
        time.sleep(0.2)
