"""Record what the network says, for the tests that run without it: python -m tests.peers.bluesky.record

Writes torget/adapters/bluesky/tests/recorded.json. Names, keys and tokens are the network's own inventions.
"""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.peers.atmosphere import PASSWORD, Network, Resident, network
from tests.peers.waiting import until
from torget.config.tests import database
from torget.protocols import atproto

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "torget.config.settings")
OUT = Path(__file__).resolve().parents[3] / "torget/adapters/bluesky/tests/recorded.json"
POST = "app.bsky.feed.post"
PIXEL = (
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415478da63f8cfc000"
    "00030101009b1e6d0e0000000049454e44ae426082"
)


def raw(one: Resident, method: str, name: str, given: Any = None) -> dict[str, Any]:
    """Status and body of one request, also of a refused one."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {one.token}"}
    body = None if given is None else json.dumps(given).encode()
    asked = urllib.request.Request(f"{one.service}/xrpc/{name}", body, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return {"status": answer.status, "body": json.loads(answer.read())}
    except urllib.error.HTTPError as fault:
        return {"status": fault.code, "body": json.loads(fault.read())}


def story(net: Network) -> dict[str, Any]:
    """Kari mentions the municipality, answers it, quotes it with a picture; and what is refused."""
    us, kari = net.resident("nordvaag"), net.resident("kari")
    said: dict[str, Any] = {"own": us.did}
    ours = us.post("Vi åpner den nye brua.")
    asked = kari.ask(us, "Når blir Fjellveien brøytet? 🚜 Hilsen Åse")
    kari.reply(ours, "Fint! Kommer det fortau?")
    picture = urllib.request.Request(
        f"{kari.service}/xrpc/com.atproto.repo.uploadBlob",
        bytes.fromhex(PIXEL),
        {"content-type": "image/png", "authorization": f"Bearer {kari.token}"},
    )
    with urllib.request.urlopen(picture, timeout=20) as answer:
        blob = json.loads(answer.read())["blob"]
    images = {"$type": "app.bsky.embed.images", "images": [{"alt": "En bru", "image": blob}]}
    quoted = {"$type": "app.bsky.embed.record", "record": ours}
    both = {"$type": "app.bsky.embed.recordWithMedia", "record": quoted, "media": images}
    shown = kari.post("Se her", embed=both)
    name = "app.bsky.notification.listNotifications"
    until(lambda: len(us.call("GET", name)["notifications"]) == 3)
    said["listNotifications"] = raw(us, "GET", name)
    said["getPosts"] = raw(us, "GET", f"app.bsky.feed.getPosts?uris={shown['uri']}")
    said["getPosts_mention"] = raw(us, "GET", f"app.bsky.feed.getPosts?uris={asked['uri']}")
    at = atproto.at_uri(asked["uri"])
    assert at is not None
    where = f"repo={at.repo}&collection={POST}&rkey="
    get = "com.atproto.repo.getRecord?" + where
    said["getRecord"] = raw(us, "GET", get + at.rkey)
    said["getRecord_gone"] = raw(us, "GET", get + "3zzzzzzzzzzzz")
    record = {"$type": POST, "text": "Hei", "createdAt": "2026-11-23T09:00:00Z"}
    given = {"repo": us.did, "collection": POST, "rkey": atproto.tid("k"), "record": record}
    given["swapRecord"] = None
    said["putRecord"] = raw(us, "POST", "com.atproto.repo.putRecord", given)
    given["record"] = record | {"text": "Hei igjen"}  # the very same record again would be taken
    said["putRecord_again"] = raw(us, "POST", "com.atproto.repo.putRecord", given)
    wrong = {"identifier": us.handle, "password": "feil"}
    said["createSession_wrong"] = raw(us, "POST", "com.atproto.server.createSession", wrong)
    right = {"identifier": us.handle, "password": PASSWORD}
    said["createSession"] = raw(us, "POST", "com.atproto.server.createSession", right)
    for name in ("accessJwt", "refreshJwt"):
        said["createSession"]["body"][name] = "recorded"
    us.token = "x"
    said["bad_token"] = raw(us, "GET", "com.atproto.server.getSession")
    return said


if __name__ == "__main__":
    try:
        with network() as net:
            OUT.write_text(json.dumps(story(net), indent=1, ensure_ascii=False) + "\n")
    finally:
        database.pytest_unconfigure()
