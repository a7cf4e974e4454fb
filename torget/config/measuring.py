"""`torget bench`: each benchmark in a process of its own, against a database made for it and removed afterwards."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

from torget.bench import answers, fanout, inbox, intake, live, queue, siege, surge
from torget.bench.result import Result
from torget.config import prepare, roles
from torget.config.assets import collect_static
from torget.config.postgres import Cluster, socket_folder

NAMES: Mapping[str, Callable[[int, int], Result]] = {
    "intake": intake.measure,
    "queue": queue.measure,
    "inbox": inbox.measure,
    "live": live.measure,
    "answers": answers.measure,
    "fanout": fanout.measure,
    "siege": siege.measure,
    "surge": surge.measure,
}
USUAL: Mapping[str, tuple[int, int]] = {
    "intake": (intake.ROWS, intake.ROUNDS),
    "queue": (queue.ROWS, queue.ROUNDS),
    "inbox": (inbox.ROWS, inbox.ROUNDS),
    "live": (live.ROWS, live.ROUNDS),
    "answers": (answers.ROWS, answers.ROUNDS),
    "fanout": (fanout.ROWS, fanout.ROUNDS),
    "siege": (siege.SECONDS, siege.ROUNDS),
    "surge": (surge.SECONDS, surge.ROUNDS),
}

WHOLE = {"surge", "siege"}  # the square as residents and staff meet it, every channel with it
WITH_PAGES = {
    "inbox",
    "intake",
    "live",
    *WHOLE,
}  # or a web process, which opens only with style sheets
# They take indexes away while they fill tables, which only the owner may.
BUILDING = {"inbox", "answers"}
_FEW_ADAPTERS = "torget.adapters.webhook,torget.adapters.activitypub,torget.bench.append"


@contextmanager
def fresh_home() -> Iterator[Path]:
    """A short-lived installation with an own database that keeps its promises (fsync on)."""
    home = Path(tempfile.mkdtemp(prefix="tg-bench-"))
    if os.geteuid() == 0:
        home.chmod(0o711)  # the server's account must reach its data
    (home / "static").mkdir()
    cluster = Cluster(home, tied=True)
    try:
        cluster.start()
        yield home
    finally:
        cluster.stop()
        shutil.rmtree(socket_folder(home), ignore_errors=True)
        shutil.rmtree(cluster.base, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def run(name: str, rows: int | None, rounds: int | None) -> str:
    """Measure; the figures as one line of JSON.

    Raises:
        subprocess.CalledProcessError: it failed; why was said on standard error.
    """
    usual = USUAL[name]
    words = [sys.executable, "-m", "torget.config.cli", "measure", name]
    words += ["--rows", str(rows or usual[0]), "--rounds", str(rounds or usual[1])]
    with fresh_home() as home:
        environ = {
            key: setting for key, setting in os.environ.items() if not key.startswith("TORGET_")
        }
        environ |= {
            "TORGET_HOME": str(home),
            "TORGET_LOG_LEVEL": "WARNING",
            "TORGET_ADAPTERS": "" if name in WHOLE else _FEW_ADAPTERS,
            "TORGET_ALLOW_PRIVATE_HOSTS": "1",  # the servers that take deliveries are on loopback
        }
        done = subprocess.run(  # noqa: S603 - ourselves
            words, env=environ, stdout=subprocess.PIPE, text=True, check=True
        )
    return done.stdout.splitlines()[-1]


def measure(name: str, rows: int, rounds: int) -> str:
    """In the process made for it: migrate, make ready what pages need, and measure."""
    prepare.migrate()
    if name in WITH_PAGES:
        collect_static(Path(settings.STATIC_ROOT))
    with roles.as_owner() if name in BUILDING else contextlib.nullcontext():
        return NAMES[name](rows, rounds).as_json()


def add_commands(command: Callable[..., Any], commands: Any, say: Callable[[str], None]) -> None:
    """Give `torget` the commands `bench`, and `measure`, which `bench` starts in an installation of its own."""

    def bench(options: argparse.Namespace) -> int:
        for name in NAMES if options.name == "all" else [options.name]:
            line = run(name, options.rows, options.rounds)
            say(line if options.json else _in_words(json.loads(line)))
        return 0

    def inner(options: argparse.Namespace) -> int:
        say(measure(options.name, options.rows, options.rounds))
        return 0

    outside = command("bench", bench, "measure what has a limit")
    outside.add_argument("name", choices=[*NAMES, "all"])
    outside.add_argument("--json", action="store_true", help="one line of JSON for each")
    inside = commands.add_parser("measure")
    inside.set_defaults(run=inner)
    inside.add_argument("name", choices=list(NAMES))
    for parser in (outside, inside):
        parser.add_argument("--rows", type=int, help="how many in each round")
        parser.add_argument("--rounds", type=int, help="how often value and limit take turns")


def _in_words(result: Mapping[str, Any]) -> str:
    return "{name}: {value:,} {unit}, limit {limit:,}, ratio {ratio}".format(**result)
