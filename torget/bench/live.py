"""Two thousand open desks: what each costs, and how soon all have heard of a change that was committed."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from statistics import median
from typing import IO

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.test import Client
from django.utils import timezone

from torget.bench.place import open_account
from torget.bench.result import Result, Round, percentile
from torget.bench.webprocess import web
from torget.channels.models import Account
from torget.history.rules import record
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.models import Host, LimitValue
from torget.people.roles import Role

ROWS, ROUNDS = 2_000, 20
HOST = "bench.test"
PAUSE_SECONDS = 0.6


class Desks:
    """Open desks in a process of their own."""

    def __init__(self, port: int, count: int, headers: list[str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "torget.bench.listeners"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        order = {"port": port, "path": "/live/desk", "headers": headers, "count": count}
        self._into.write(json.dumps(order) + "\n")
        self._into.flush()
        if self._out.readline().strip() != "ready":
            raise RuntimeError("Not all desks opened.")

    @property
    def _into(self) -> IO[str]:
        assert self._process.stdin is not None
        return self._process.stdin

    @property
    def _out(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

    def close(self) -> dict[str, list[float]]:
        """Close them; when each event was heard, by all who heard it."""
        told, _none = self._process.communicate()
        heard: dict[str, list[float]] = json.loads(told)
        return heard


def measure(rows: int = ROWS, rounds: int = ROUNDS) -> Result:
    """`rounds` changes told to `rows` desks; the limit is the same events written to as many bare sockets."""
    account, cookie = _desk()
    headers = [f"host: {HOST}", f"cookie: {cookie}"]
    with web() as opened:
        before = opened.memory_bytes()
        desks = Desks(opened.port, rows, headers)
        grown = opened.memory_bytes() - before
        value = _tell(desks, rows, rounds, lambda number: _commit(account, number))
    with _loudspeaker() as (port, say):
        limit = _tell(Desks(port, rows, headers), rows, rounds, say)
    times = [one for event in value for one in event]
    more = {
        "kib_each": grown / rows / 1024,
        "p50_ms": median(times) * 1000,
        "p99_ms": percentile(times, 0.99) * 1000,
        "limit_p99_ms": percentile([one for event in limit for one in event], 0.99) * 1000,
        "desks": rows,
    }
    return Result("live", "desks told/s", _rounds(value), _rounds(limit), more)


def _rounds(events: list[list[float]]) -> list[Round]:
    return [Round(len(times), max(times)) for times in events]


def _tell(desks: Desks, rows: int, rounds: int, say: Callable[[int], str]) -> list[list[float]]:
    """Say `rounds` things; for each how long it took to reach every desk, in seconds.

    Raises:
        RuntimeError: some did not hear it.
    """
    said: dict[str, float] = {}
    for number in range(rounds):
        time.sleep(PAUSE_SECONDS)
        at = time.time()
        said[say(number)] = at
    time.sleep(PAUSE_SECONDS)
    heard = desks.close()
    if any(len(heard.get(subject, [])) != rows for subject in said):
        raise RuntimeError("Not every desk heard of every change.")
    return [[moment - at for moment in heard[subject]] for subject, at in said.items()]


def _commit(account: Account, number: int) -> str:
    """A change as rules make them: a row of history, announced when it is committed."""
    subject = Account(pk=1_000_000 + number)
    with transaction.atomic():
        record(
            "account.arranged", subject, by=Actor.system(account.municipality_id), at=timezone.now()
        )
    return f"channels.account:{subject.pk}"


@contextlib.contextmanager
def _loudspeaker() -> Iterator[tuple[int, Callable[[int], str]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "torget.bench.loudspeaker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    into = process.stdin

    def say(number: int) -> str:
        into.write(f"event {number}\n")
        into.flush()
        return f"event {number}"

    try:
        yield int(process.stdout.readline()), say
    finally:
        process.terminate()
        process.wait(30)


def _desk() -> tuple[Account, str]:
    """An account of a town, and the cookie of somebody at its desk."""
    account, at = open_account("webhook"), timezone.now()
    system = Actor.system(account.municipality_id)
    Host.objects.create(municipality=account.municipality, host=HOST)
    staff = people.add_staff(
        account.unit,
        email="s@bench.test",
        password=None,
        first_name="Ansatt",
        last_name="Prøve",
        at=at,
        by=system,
    )
    LimitValue.objects.bulk_create(  # all desks are one member of staff's, from one address
        LimitValue(municipality=account.municipality, name=name, value=100_000, changed_at=at)
        for name in ("lines_staff", "lines_address")
    )
    people.grant(staff, Role.RESPONDER, account.unit, at=at, by=system)
    client = Client(HTTP_HOST=HOST)
    client.force_login(staff.user)
    session = client.session
    assert isinstance(session, SessionStore)
    return account, f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
