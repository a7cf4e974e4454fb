"""ActivityPub servers and libraries that nobody here wrote, on loopback, told what to do: bovine with fediverse-pasture, and apkit."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.peers.python import environment, plain_environ, wait_for
from tests.square import free_port

HERE = Path(__file__).resolve().parent
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
WAIT_SECONDS = 20.0
_numbers = itertools.count(time.time_ns())


def until(look: Callable[[], Any], what: str, seconds: float = WAIT_SECONDS) -> Any:
    """What `look` finds, as soon as it finds something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"Waited {seconds:.0f} s for {what}.")


@dataclass
class Peer:
    """A running server with kari on it."""

    name: str
    port: int

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def host(self) -> str:
        return f"localhost:{self.port}"

    @property
    def kari(self) -> str:
        return f"{self.origin}/kari"

    def ask(self, path: str, given: Any = None) -> Any:
        data = None if given is None else json.dumps(given).encode()
        headers = {"content-type": "application/json"}
        url = f"{self.origin}/control/{path}"
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=90) as told:
            return json.load(told)

    def send(self, inbox: str, kind: str, about: Any, **more: Any) -> int:
        """Kari does something; the status she was answered with."""
        activity = {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": f"{self.kari}/a/{next(_numbers)}",
            "type": kind,
            "actor": self.kari,
            "object": about,
            **more,
        }
        status: int = self.ask("send", {"inbox": inbox, "activity": activity})["status"]
        return status

    def note(self, actor: str, text: str, **more: Any) -> dict[str, Any]:
        """A note of kari's that speaks to an actor of ours, as she would send it."""
        whom = {"to": [PUBLIC], "cc": [actor]}
        return {
            "id": f"{self.kari}/n/{next(_numbers)}",
            "type": "Note",
            "attributedTo": self.kari,
            "content": f"<p>{text}</p>",
            "tag": [{"type": "Mention", "href": actor, "name": "@us"}],
            **whom,
            **more,
        }

    def heard(self, kind: str) -> list[Any]:
        """Activities of that kind that were delivered and verified there."""
        return [one for one in self.ask("heard")["heard"] if one["type"] == kind]

    def wait_for(self, kind: str, fits: Callable[[Any], bool] = lambda _one: True) -> Any:
        """The first such activity that fits."""
        return until(
            lambda: next((one for one in self.heard(kind) if fits(one)), None),
            f"{kind} at {self.name}",
        )

    def statuses(self) -> list[int]:
        """How it answered our deliveries."""
        found: list[int] = self.ask("heard")["statuses"]
        return found


@contextlib.contextmanager
def peer_at(name: str, port: int = 0) -> Iterator[Peer]:
    """The server of that name ("pasture", "apkit"); stopped afterwards."""
    python = environment(name) / "python"
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix=f"tg-{name}-") as folder:
        log = Path(folder) / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [python, HERE / name / "peer.py"],
                cwd=folder,
                env={**plain_environ(), "PORT": str(port)},
                stdout=out,
                stderr=out,
            )
        try:
            wait_for(f"http://127.0.0.1:{port}/control/heard", process, log)
            yield Peer(name, port)
        finally:
            process.terminate()
            process.wait(20)
