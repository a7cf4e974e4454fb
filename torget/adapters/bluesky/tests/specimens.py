"""What the shared contract test is given for Bluesky: shapes recorded from a whole network (recorded.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from torget.channels.base import json_item
from torget.channels.contract import AccountAccess, Outgoing
from torget.channels.tests.specimens import Answer, Refusal, Specimens

RECORDED = json.loads((Path(__file__).parent / "recorded.json").read_text())
OWN = RECORDED["own"]
(MENTION,) = RECORDED["getPosts_mention"]["body"]["posts"]
TOLD = RECORDED["listNotifications"]["body"]["notifications"]
ACCOUNT = AccountAccess(
    7,
    "bluesky",
    "nordvaag1.test",
    "Nordvåg",
    {"service": "http://127.0.0.1:9"},
    {"app_password": "x"},
)


def at(url: str) -> AccountAccess:
    """The account with its server at another address."""
    return replace(ACCOUNT, settings={"service": url})


def told(reason: str) -> dict[str, Any]:
    """The notification of that kind."""
    return next(one for one in TOLD if one["reason"] == reason)


def items() -> list[Any]:
    """Her mention; the same post rewritten; the same post deleted."""
    mention = told("mention")
    uri = mention["uri"]
    later = {
        **MENTION,
        "cid": "bafyrewritten",
        "record": {**MENTION["record"], "text": "Når brøytes Bakken?"},
    }
    later["record"].pop("facets", None)
    edit = {"what": "edit", "post": later, "seen_at": "2026-11-24T16:00:00+00:00"}
    gone = {"what": "gone", "uri": uri, "author": mention["author"]["did"]}
    return [
        json_item({"what": "notification", "notification": mention}, f"{uri}@{mention['cid']}"),
        json_item(edit, f"edit:{uri}@bafyrewritten"),
        json_item(gone | {"seen_at": "2026-11-24T17:00:00+00:00"}, f"gone:{uri}"),
    ]


class Peer:
    """The account's server as far as sending goes."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.records: dict[str, dict[str, Any]] = {}

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(path)
        name = parts.path.rsplit(".", 1)[1]
        given = (
            json.loads(body) if body and headers.get("content-type") == "application/json" else {}
        )
        status, held = getattr(self, f"on_{name}")(given, parse_qs(parts.query))
        return status, {"content-type": "application/json"}, json.dumps(held).encode()

    def on_createSession(self, given: Any, query: Any) -> tuple[int, Any]:  # noqa: N802
        return 200, RECORDED["createSession"]["body"]

    def on_getPosts(self, given: Any, query: Any) -> tuple[int, Any]:  # noqa: N802
        return 200, {"posts": [MENTION] if MENTION["uri"] in query.get("uris", []) else []}

    def on_putRecord(self, given: Any, query: Any) -> tuple[int, Any]:  # noqa: N802
        uri = f"at://{given['repo']}/{given['collection']}/{given['rkey']}"
        if uri in self.records and given.get("swapRecord", "") is None:
            again = RECORDED["putRecord_again"]
            return again["status"], again["body"]
        self.records[uri] = {
            "uri": uri,
            "cid": f"bafy{len(self.records)}",
            "value": given["record"],
        }
        self.published.append(uri)
        return 200, {"uri": uri, "cid": self.records[uri]["cid"], "validationStatus": "valid"}

    def on_getRecord(self, given: Any, query: Any) -> tuple[int, Any]:  # noqa: N802
        uri = f"at://{query['repo'][0]}/{query['collection'][0]}/{query['rkey'][0]}"
        if uri in self.records:
            return 200, self.records[uri]
        gone = RECORDED["getRecord_gone"]
        return gone["status"], gone["body"]

    def on_resolveHandle(self, given: Any, query: Any) -> tuple[int, Any]:  # noqa: N802
        return 400, {"error": "InvalidRequest", "message": "Unable to resolve handle"}


def refusal(name: str) -> Refusal:
    """A recorded one: all of these are the account's."""
    held = RECORDED[name]
    return Refusal(held["status"], json.dumps(held["body"]).encode(), account=True)


def documented(status: int, name: str, **how: Any) -> Refusal:
    """One in the documented shape."""
    return Refusal(status, json.dumps({"error": name, "message": ""}).encode(), **how)


SPECIMENS = Specimens(
    network="bluesky",
    account=ACCOUNT,
    items=items(),
    at=at,
    out=Outgoing(
        "m0123456789abcdef",
        told("mention")["author"]["did"],
        "Vi brøyter i morgen tidlig.",
        parent=MENTION["uri"],
        visibility="public",
    ),
    peer=Peer,
    refusals=[
        refusal("createSession_wrong"),
        refusal("bad_token"),
        documented(401, "AccountTakedown", account=True),
        documented(401, "AuthFactorTokenRequired", account=True),
        documented(400, "ExpiredToken", account=True),
        documented(401, "SomethingNew", account=True),
        documented(400, "InvalidRequest", permanent=True),
        documented(
            429, "RateLimitExceeded", headers={"ratelimit-reset": "9999999999"}, limited=True
        ),
        documented(502, "UpstreamFailure"),
    ],
)
