"""LinkedIn's Community Management API in its documented shapes; invented data."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from torget.adapters.linkedin.comments import item_of
from torget.channels.contract import AccountAccess, File, Outgoing
from torget.channels.tests.specimens import Refusal, Specimens

OWN = "urn:li:organization:7001"
POST = "urn:li:share:6001"
ACCOUNT = AccountAccess(
    1,
    "linkedin",
    "7001",
    "Nordvåg kommune",
    {"client_id": "c", "organisation": "7001", "version": "202611"},
    {"client_secret": "h", "token": "AQX"},
)
OBJECT = "urn:li:activity:6002"


def comment(
    number="11",
    text="Søker dere lærere?",
    *,
    by="urn:li:person:kari",
    at=1795424400000,
    changed=None,
):
    return {
        "actor": by,
        "commentUrn": f"urn:li:comment:({OBJECT},{number})",
        "created": {"actor": by, "time": at},
        "id": number,
        "lastModified": {"actor": by, "time": changed or at},
        "message": {"attributes": [], "text": text},
        "object": OBJECT,
    }


NEW = comment()
EDITED = comment(text="Søker dere lærere i år?", changed=1795424500000)
OUT = Outgoing(
    "m7a1", "urn:li:person:kari", "Ja, fem.", parent=NEW["commentUrn"], visibility="public"
)
POSTED = Outgoing(
    "p7a1",
    "",
    "Vi søker fem lærere (nå) #jobb @Nordvåg",
    act="publish",
    visibility="public",
    link="https://square.nordvaag.test/innlegg/1",
    attachments=[File("a.jpg", "image/jpeg", b"\xff\xd8", "Skolen")],
)


def item(held):
    return item_of(held, POST)


def said(held, status=200, **headers):
    return status, {"content-type": "application/json", **headers}, json.dumps(held).encode()


class Page:
    """A page that keeps posts and comments."""

    def __init__(self):
        self.published, self.calls, self.url = [], [], ""
        self.posts, self.comments, self.pictures = {}, {"11": comment()}, []

    def answer(self, method, path, headers, body):
        parts = urlsplit(path)
        steps = [unquote(one) for one in parts.path.strip("/").split("/")]
        self.calls.append((method, steps, headers))
        if method == "PUT":
            self.pictures.append(body)
            return 201, {}, b""
        held = json.loads(body) if body else {}
        if steps[1] == "images":
            url = f"http://{headers['host']}/upload"
            return said(
                {"value": {"uploadUrl": url, "image": f"urn:li:image:{len(self.pictures)}"}}
            )
        if steps[1] == "organizations":
            return said({"id": 7001})
        return (
            self.post(method, steps, held)
            if steps[1] == "posts"
            else self.comment(method, steps, held)
        )

    def post(self, method, steps, held):
        if method == "GET" and len(steps) == 2:
            return said({"elements": list(self.posts.values())})
        if method == "POST" and len(steps) == 2:
            self.published.append(held["commentary"])
            named = f"urn:li:share:{100 + len(self.published)}"
            self.posts[named] = {**held, "id": named, "createdAt": int(time.time() * 1000)}
            return 201, {"x-restli-id": named}, b""
        return self.thing(method, self.posts, steps[2], held, "commentary")

    def comment(self, method, steps, held):
        if method == "GET" and len(steps) == 4:
            return said({"elements": list(self.comments.values())})
        if method == "POST" and len(steps) == 4:
            self.published.append(held["message"]["text"])
            number = str(50 + len(self.published))
            self.comments[number] = comment(number, held["message"]["text"], by=held["actor"])
            return said(self.comments[number], 201, **{"x-restli-id": number})
        return self.thing(method, self.comments, steps[4], held, "message")

    def thing(self, method, where, named, held, field):
        if named not in where:
            return said({"status": 404, "code": "NOT_FOUND"}, 404)
        if method == "DELETE":
            del where[named]
            return 204, {}, b""
        if method == "POST":
            patch = held["patch"]
            new = patch["$set"][field] if "$set" in patch else patch[field]["$set"]
            where[named][field] = new
            return 204, {}, b""
        return said(where[named])


def at(url):
    return replace(ACCOUNT, settings={**ACCOUNT.settings, "api": url})


def refused(status, code, **kinds):
    return Refusal(status, json.dumps({"status": status, "code": code}).encode(), **kinds)


SPECIMENS = Specimens(
    network="linkedin",
    account=ACCOUNT,
    items=[item(NEW), item(EDITED)],
    at=at,
    out=POSTED,
    peer=Page,
    refusals=[
        refused(401, "REVOKED_ACCESS_TOKEN", account=True),
        refused(403, "ACCESS_DENIED", account=True),
        refused(426, "NONEXISTENT_VERSION", account=True),
        refused(429, "TOO_MANY_REQUESTS", limited=True),
        refused(422, "DUPLICATE", permanent=True),
        refused(400, "INVALID", permanent=True),
    ],
)
