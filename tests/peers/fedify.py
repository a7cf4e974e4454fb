"""A real, strict ActivityPub server for tests: Fedify, on loopback, told what to do."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.peers.clerk import Clerk, clerk_in
from tests.peers.node import install, node
from tests.square import Square, free_port, new_square

HERE = Path(__file__).resolve().parent / "fedify"
WAIT_SECONDS = 15.0


def until(look: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"Waited {seconds:.0f} s for {what}.")


@dataclass
class Fedify:
    """The running server, with kari and oda on it."""

    origin: str

    def ask(self, path: str, told: Any = None) -> Any:
        data = None if told is None else json.dumps(told).encode()
        with urllib.request.urlopen(self.origin + path, data, timeout=30) as answer:
            return json.load(answer)

    def do(self, act: str, **told: Any) -> Any:
        """Let somebody there do something; fails when our square did not take it."""
        done = self.ask("/do", {"who": "kari", "act": act, **told})
        assert "failed" not in done, done
        return done

    def heard(self, kind: str) -> list[Any]:
        """Activities of that kind that were delivered, signed well."""
        return [one for one in self.ask("/heard")["heard"] if one["type"] == kind]

    def statuses(self) -> list[Any]:
        """How it answered deliveries."""
        return self.ask("/heard")["statuses"]

    def wait_for(self, kind: str, fits: Callable[[Any], bool] = lambda _one: True) -> Any:
        """The first such activity that fits."""
        return until(
            lambda: next((one for one in self.heard(kind) if fits(one)), None), f"{kind} at Fedify"
        )


@contextlib.contextmanager
def fedify_at(port: int, *, knock: str) -> Iterator[Fedify]:
    """Fedify that signs by `knock` first; stopped afterwards."""
    folder = install(HERE)
    origin = f"http://localhost:{port}"
    process = subprocess.Popen(
        [node(), "peer.mjs"],
        cwd=folder,
        env={**os.environ, "PORT": str(port), "ORIGIN": origin, "KNOCK": knock},
        stdout=subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert b"READY" in line, f"Fedify did not start: {line!r}"
        yield Fedify(origin)
    finally:
        process.terminate()
        process.wait(10)


@dataclass
class Town:
    """An open square with an actor, and Fedify beside it."""

    square: Square
    clerk: Clerk
    fedify: Fedify
    actor: str
    inbox: str

    def do(self, act: str, **told: Any) -> Any:
        """Let somebody on Fedify do something to our actor."""
        return self.fedify.do(act, to=self.actor, inbox=self.inbox, **told)

    def message(self, uri: str) -> Any:
        """What stands in the inbox of it, as soon as it does."""
        rows = until(
            lambda: self.square.query(
                "SELECT m.id, m.conversation_id, m.body, m.visibility, m.removed_at, m.author_name FROM conversations_message m"
                " WHERE m.external_id = %s",
                uri,
            ),
            "the message in the inbox",
        )
        return rows[0]


@pytest.fixture(scope="session")
def federated_square() -> Iterator[tuple[Square, Clerk, str, str]]:
    """A square with the actor @provetorget beside the example town's own, which may call loopback addresses."""
    with new_square(TORGET_ALLOW_PRIVATE_HOSTS="1") as square:
        square.open()
        with clerk_in(square) as clerk:
            actor, inbox = clerk.do(
                "from torget.adapters.activitypub import ours, rules\n"
                "from torget.channels.rules import access\n"
                "from torget.people.actor import Actor\n"
                "from torget.people.models import Unit\n"
                "unit = Unit.objects.get(municipality__number='9901', is_front=True)\n"
                "by = Actor.system(unit.municipality_id)\n"
                "account = rules.open_actor(unit, 'provetorget', name='Prøvetorget', by=by, at=now)\n"
                "mine = ours.of(access(account))\n"
                "told = [mine.actor, mine.inbox]\n"
            )
            yield square, clerk, actor, inbox


@pytest.fixture(
    scope="session",
    params=["rfc9421", "draft-cavage-http-signatures-12"],
    ids=["rfc9421", "cavage"],
)
def town(request, federated_square) -> Iterator[Town]:
    """The square with Fedify beside it, once for each kind of signature."""
    square, clerk, actor, inbox = federated_square
    with fedify_at(free_port(), knock=request.param) as fedify:
        yield Town(square, clerk, fedify, actor, inbox)
