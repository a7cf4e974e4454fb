"""A whole Bluesky network for tests: PLC, PDS and AppView from npm, on loopback, with PostgreSQL and Redis of the test's.

The AppView takes in what the PDS has a moment later: wait for it with `until`. package.json puts better-sqlite3 13 in
place of 12, which now and then ends Node.js 24 (when a statement is collected) and has to be compiled.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.peers.node import install, node
from tests.peers.waiting import until
from tests.square import free_port
from tools.setup import apt_install

HERE = Path(__file__).resolve().parent / "bluesky"
PASSWORD = "et-passord-for-proever"
START_SECONDS = 90.0


class Said(AssertionError):  # noqa: N818 - names what happened
    """The network said no."""


@dataclass
class Resident:
    """Somebody with an account of their own there, speaking plain XRPC: no code of ours between."""

    service: str
    did: str
    handle: str
    token: str

    def call(
        self, method: str, name: str, given: Any = None, *, proxy: str = "", **query: Any
    ) -> dict[str, Any]:
        """One request; what came back. With `proxy` the PDS passes it on to that service."""
        asked = urllib.parse.urlencode(query, doseq=True)
        headers = {"content-type": "application/json"}
        if proxy:
            headers["atproto-proxy"] = proxy
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(
            f"{self.service}/xrpc/{name}{'?' if asked else ''}{asked}",
            data=None if given is None else json.dumps(given).encode(),
            headers=headers,
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                held: dict[str, Any] = json.loads(answer.read() or b"{}")
                return held
        except urllib.error.HTTPError as fault:
            raise Said(f"{name}: {fault.code} {fault.read().decode()}") from fault

    def post(self, text: str, **more: Any) -> dict[str, str]:
        """Say something in public; its uri and cid."""
        record = {"$type": "app.bsky.feed.post", "text": text, "langs": ["nb"], "createdAt": _now()}
        given = {"repo": self.did, "collection": "app.bsky.feed.post", "record": record | more}
        made = self.call("POST", "com.atproto.repo.createRecord", given)
        return {"uri": made["uri"], "cid": made["cid"]}

    def ask(self, who: Resident | Any, text: str) -> dict[str, str]:
        """Say something to somebody by mentioning them first."""
        start = f"@{who.handle}"
        mention = {"$type": "app.bsky.richtext.facet#mention", "did": who.did}
        facet = {"index": {"byteStart": 0, "byteEnd": len(start)}, "features": [mention]}
        return self.post(f"{start} {text}", facets=[facet])

    def reply(
        self, to: dict[str, str], text: str, root: dict[str, str] | None = None
    ) -> dict[str, str]:
        """Answer a post."""
        return self.post(text, reply={"parent": to, "root": root or to})

    def tell(self, who: Resident | Any, text: str, chat: str) -> str:
        """Say something to somebody in a direct message; the conversation."""
        name = "chat.bsky.convo.getConvoForMembers"
        convo = str(self.call("GET", name, proxy=chat, members=[who.did])["convo"]["id"])
        given = {"convoId": convo, "message": {"text": text}}
        self.call("POST", "chat.bsky.convo.sendMessage", given, proxy=chat)
        return convo

    def told(self, convo: str, chat: str) -> list[str]:
        """What was said in a conversation, newest first."""
        name = "chat.bsky.convo.getMessages"
        held = self.call("GET", name, proxy=chat, convoId=convo, limit=50)["messages"]
        return [one["text"] for one in held]

    def delete(self, uri: str) -> None:
        """Delete a post of one's own."""
        given = {"repo": self.did, "collection": "app.bsky.feed.post", "rkey": uri.split("/")[-1]}
        self.call("POST", "com.atproto.repo.deleteRecord", given)

    def replies(self, uri: str) -> list[dict[str, Any]]:
        """What stands directly under a post, as this person sees it."""
        try:
            held = self.call("GET", "app.bsky.feed.getPostThread", uri=uri)["thread"]
        except Said:  # the AppView has not seen it yet
            return []
        return [one["post"] for one in held.get("replies", []) if "post" in one]

    def sees(self, uri: str) -> dict[str, Any] | None:
        """A post as the AppView shows it; None when it is not there."""
        found = self.call("GET", "app.bsky.feed.getPosts", uris=[uri])["posts"]
        return found[0] if found else None


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


@dataclass
class Network:
    """The running network."""

    pds: str
    appview: str
    plc: str
    chat: str  # the DID of the stand-in for direct messages
    count: int = field(default=0)

    def resident(self, name: str) -> Resident:
        """A new account there; known to the AppView when this returns."""
        self.count += 1
        handle = f"{name}{self.count}.test"
        nobody = Resident(self.pds, "", handle, "")
        given = {"handle": handle, "email": f"{handle}@example.test", "password": PASSWORD}
        made = nobody.call("POST", "com.atproto.server.createAccount", given)
        one = Resident(self.pds, made["did"], handle, made["accessJwt"])
        until(lambda: _profile(one))
        return one


def _profile(one: Resident) -> dict[str, Any] | None:
    try:
        return one.call("GET", "app.bsky.actor.getProfile", actor=one.did)
    except Said:
        return None


@contextlib.contextmanager
def _redis() -> Iterator[str]:
    if not shutil.which("redis-server"):
        apt_install(["redis-server"])
    port = free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    with tempfile.TemporaryDirectory(prefix="tg-redis-") as home:
        process = subprocess.Popen([*command, "--dir", home], stdout=subprocess.DEVNULL)
        try:
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


@contextlib.contextmanager
def _database() -> Iterator[tuple[str, dict[str, str]]]:
    """An empty database in the test run's server: its address, and what else a client must be told."""
    server = os.environ["TORGET_DATABASE_URL"]
    name = f"bluesky_{os.getpid()}"
    passfile = parse_qs(urlsplit(server).query).get("passfile", [""])[0]
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            url = urlsplit(server)._replace(path=f"/{name}").geturl()
            yield url, {"PGPASSFILE": passfile} if passfile else {}
        finally:
            link.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.contextmanager
def network() -> Iterator[Network]:
    """The running network (12 s to start; the first time it is installed, which takes a minute or two)."""
    folder = install(HERE)
    with _redis() as redis, _database() as (url, more), tempfile.TemporaryFile() as log:
        environ = {**os.environ, **more, "REDIS_HOST": redis}
        environ |= {"DB_POSTGRES_URL": url, "DB_POSTGRES_SCHEMA": "net", "LOG_ENABLED": "false"}
        process = subprocess.Popen(
            [node(), "start.mjs"], cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=log
        )
        try:
            assert process.stdout is not None
            line = b""
            while not line.startswith(b"READY "):
                line = process.stdout.readline()
                if not line:
                    log.seek(0)
                    pytest.fail(f"The network did not start: {log.read()[-2000:].decode()}")
            yield Network(**json.loads(line.removeprefix(b"READY ")))
        finally:
            ended = process.poll()
            process.terminate()
            process.wait(20)
        if ended is not None:  # it broke on the way: its own words are worth more than ours
            log.seek(0)
            pytest.fail(f"The network ended with {ended}: {log.read()[-3000:].decode()}")


@pytest.fixture(scope="session")
def atmosphere() -> Iterator[Network]:
    """The network, started once for the test run."""
    with network() as one:
        yield one
