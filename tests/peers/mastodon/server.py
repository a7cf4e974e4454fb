"""A Mastodon server's REST interface as its own process: mastodon-mock from PyPI, over real HTTP, on loopback.

It is not Mastodon itself, but somebody else's reading of the same documentation.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.peers.python import environment, plain_environ, wait_for
from tests.square import free_port

CONFIG = """
[server]
host = "127.0.0.1"
port = {port}

[streaming]
heartbeat_seconds = 1

[[seed.accounts]]
username = "nordvaag"
display_name = "Nordvåg"
access_token = "token-nordvaag"

[[seed.accounts]]
username = "kari"
display_name = "Kari Prøve"
access_token = "token-kari"
"""


@dataclass
class Person:
    """Somebody with an account there."""

    server: str
    name: str
    token: str

    def call(self, method: str, path: str, given: Any = None) -> Any:
        """One request of theirs; what came back."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        body = None if given is None else json.dumps(given).encode()
        request = urllib.request.Request(self.server + path, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as fault:
            raise AssertionError(f"{path}: {fault.code} {fault.read().decode()}") from fault

    def post(self, text: str, **more: Any) -> dict[str, Any]:
        """Say something."""
        made: dict[str, Any] = self.call("POST", "/api/v1/statuses", {"status": text, **more})
        return made


@dataclass
class Server:
    """The running server."""

    url: str

    @property
    def nordvaag(self) -> Person:
        return Person(self.url, "nordvaag", "token-nordvaag")

    @property
    def kari(self) -> Person:
        return Person(self.url, "kari", "token-kari")


@pytest.fixture
def mastodon(mastodon_server: Server) -> Server:
    """The server with nothing said on it yet."""
    mastodon_server.nordvaag.call("POST", "/api/v1/_mock/reset")
    return mastodon_server


@pytest.fixture(scope="session")
def mastodon_server() -> Iterator[Server]:
    """The server, started once for the test run (4 s; the first time it is installed)."""
    program = environment("mastodon") / "mastodon_mock"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tg-mastodon-") as folder:
        home = Path(folder)
        (home / "config.toml").write_text(CONFIG.format(port=port))
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [program, "serve", "--in-memory", "--config", home / "config.toml"],
                env=plain_environ(),
                cwd=home,
                stdout=log,
                stderr=log,
            )
        try:
            wait_for(f"http://127.0.0.1:{port}/health", process, home / "log")
            yield Server(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(20)
