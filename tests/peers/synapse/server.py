"""A Matrix homeserver for tests: Synapse from PyPI, as its own process on loopback, in a folder that is thrown away."""

from __future__ import annotations

import hashlib
import hmac
import json
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.peers.python import environment, plain_environ, wait_for
from tests.square import free_port

NAME = "synapse.test"
SHARED = "delt"
PASSWORD = "et-passord-for-proever"
CONFIG = """
listeners:
  - port: {port}
    tls: false
    type: http
    bind_addresses: ['127.0.0.1']
    resources: [{{names: [client], compress: false}}]
trusted_key_servers: []
federation_domain_whitelist: []
enable_registration: false
registration_shared_secret: "{shared}"
rc_message: {{per_second: 1000, burst_count: 1000}}
rc_joins: {{local: {{per_second: 1000, burst_count: 1000}}}}
rc_login:
  address: {{per_second: 1000, burst_count: 1000}}
  account: {{per_second: 1000, burst_count: 1000}}
  failed_attempts: {{per_second: 1000, burst_count: 1000}}
rc_invites:
  per_room: {{per_second: 1000, burst_count: 1000}}
  per_user: {{per_second: 1000, burst_count: 1000}}
  per_issuer: {{per_second: 1000, burst_count: 1000}}
"""


@dataclass
class Person:
    """Somebody with an account there, speaking plain HTTP: no code of ours between."""

    server: str
    user: str
    token: str
    count: int = field(default=0)

    def call(
        self, method: str, path: str, given: Any = None, kind: str = "application/json"
    ) -> Any:
        """One request of theirs; what came back."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": kind}
        raw = given if isinstance(given, bytes | None) else json.dumps(given).encode()
        url = (
            f"{self.server}/{path}"
            if path.startswith("_synapse")
            else f"{self.server}/_matrix/{path}"
        )
        request = urllib.request.Request(url, raw, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as fault:
            raise AssertionError(f"{path}: {fault.code} {fault.read().decode()}") from fault

    def room(self, **given: Any) -> str:
        """Make a room."""
        made = self.call("POST", "client/v3/createRoom", given)
        return str(made["room_id"])

    def say(self, room: str, text: str, **more: Any) -> str:
        """Say something; the event."""
        self.count += 1
        path = f"client/v3/rooms/{quote(room)}/send/m.room.message/t{self.count}"
        made = self.call("PUT", path, {"msgtype": "m.text", "body": text, **more})
        return str(made["event_id"])

    def redact(self, room: str, event: str) -> None:
        """Take something back."""
        self.count += 1
        self.call("PUT", f"client/v3/rooms/{quote(room)}/redact/{quote(event)}/t{self.count}", {})

    def sees(self, room: str, event: str) -> dict[str, Any]:
        """One event."""
        found: dict[str, Any] = self.call(
            "GET", f"client/v3/rooms/{quote(room)}/event/{quote(event)}"
        )
        return found

    def messages(self, room: str) -> list[dict[str, Any]]:
        """What was said in a room, newest first."""
        held = self.call("GET", f"client/v3/rooms/{quote(room)}/messages?dir=b&limit=50")["chunk"]
        return [one for one in held if one["type"] == "m.room.message"]


@dataclass
class Homeserver:
    """The running homeserver."""

    url: str
    count: int = field(default=0)

    def person(self, name: str, display: str = "") -> Person:
        """A new account there."""
        self.count += 1
        nobody = Person(self.url, "", "")
        user = f"{name}{self.count}"
        path = "_synapse/admin/v1/register"
        nonce = nobody.call("GET", path)["nonce"]
        said = f"{nonce}\0{user}\0{PASSWORD}\0notadmin"
        mac = hmac.new(SHARED.encode(), said.encode(), hashlib.sha1).hexdigest()
        given = {"nonce": nonce, "username": user, "password": PASSWORD, "mac": mac}
        made = nobody.call("POST", path, given | {"displayname": display or name.title()})
        return Person(self.url, made["user_id"], made["access_token"])


@pytest.fixture(scope="session")
def homeserver() -> Iterator[Homeserver]:
    """The homeserver, started once for the test run (7 s; the first time it is installed, half a minute)."""
    python = environment("synapse") / "python"
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="tg-synapse-") as folder:
        home = Path(folder)
        (home / "ours.yaml").write_text(CONFIG.format(port=port, shared=SHARED))
        program = [str(python), "-m", "synapse.app.homeserver"]
        given = ["--config-path", "homeserver.yaml", "--server-name", NAME, "--report-stats", "no"]
        subprocess.run(
            [*program, *given, "--generate-config", "--data-directory", folder],
            env=plain_environ(),
            cwd=home,
            check=True,
            capture_output=True,
        )
        with (home / "log").open("wb") as log:
            process = subprocess.Popen(
                [*program, "-c", "homeserver.yaml", "-c", "ours.yaml"],
                env=plain_environ(),
                cwd=home,
                stdout=log,
                stderr=log,
            )
        try:
            wait_for(f"http://127.0.0.1:{port}/health", process, home / "log")
            yield Homeserver(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(20)
