"""What the shared contract test is given for Matrix: events and answers in the shapes of the specification."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from torget.channels.contract import AccountAccess, Outgoing, RawItem
from torget.channels.tests.specimens import Answer, Refusal, Specimens

ROOM = "!636q39766251:matrix.test"
OWN = "@nordvaag:matrix.test"
KARI = "@kari:matrix.test"
ASKED = "$143273582443PhrSn"
ACCOUNT = AccountAccess(
    9, "matrix", OWN, "Nordvåg", {"homeserver": "https://matrix.test"}, {"access_token": "x"}
)


def event(event_id: str, content: Any, **more: Any) -> dict[str, Any]:
    """A message event."""
    return {
        "type": "m.room.message",
        "event_id": event_id,
        "sender": KARI,
        "origin_server_ts": 1795520000000,
        "content": content,
        "unsigned": {"age": 1234},
        **more,
    }


def held(one: dict[str, Any], **more: Any) -> dict[str, Any]:
    """It as we store it."""
    return {"room": ROOM, "event": one, "public": True, "members": {KARI: "Kari Prøve"}, **more}


def item(one: dict[str, Any]) -> RawItem:
    """The envelope of it."""
    body = json.dumps(one, ensure_ascii=False).encode()
    return RawItem(f"{ROOM}/{one['event']['event_id']}", body, "application/json")


NEW = held(event(ASKED, {"msgtype": "m.text", "body": "Når blir Fjellveien brøytet? Hilsen Åse"}))
EDIT = held(
    event(
        "$edit",
        {
            "msgtype": "m.text",
            "body": "* Når brøytes Bakken?",
            "m.new_content": {"msgtype": "m.text", "body": "Når brøytes Bakken?"},
            "m.relates_to": {"rel_type": "m.replace", "event_id": ASKED},
        },
        origin_server_ts=1795520060000,
    ),
    original_sender=KARI,
)
REDACTION = held(
    event(
        "$redaction",
        {"redacts": ASKED, "reason": "angret"},
        type="m.room.redaction",
        origin_server_ts=1795520120000,
    )
)
REPLY = held(
    event(
        "$reply",
        {
            "msgtype": "m.text",
            "body": "> <@nordvaag:matrix.test> Vi brøyter nå\n> og salter\n\nTakk!",
            "m.relates_to": {
                "rel_type": "m.thread",
                "event_id": "$root",
                "m.in_reply_to": {"event_id": "$ours"},
            },
        },
    )
)
PICTURE = held(
    event(
        "$picture",
        {
            "msgtype": "m.image",
            "body": "Et hull i veien",
            "filename": "hull.png",
            "url": "mxc://matrix.test/abc",
            "info": {"mimetype": "image/png", "size": 4},
        },
    ),
    file=base64.b64encode(b"\x89PNG").decode(),
)


def at(url: str) -> AccountAccess:
    """The account with its homeserver at another address."""
    return replace(ACCOUNT, settings={"homeserver": url})


class Peer:
    """The homeserver as far as sending goes: the same transaction is the same event."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.transactions: dict[str, str] = {}
        self.events: dict[str, dict[str, Any]] = {}

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(path)
        status, told = self.told(method, unquote(parts.path), json.loads(body) if body else {})
        return status, {"content-type": "application/json"}, json.dumps(told).encode()

    def told(self, method: str, path: str, given: Any) -> tuple[int, Any]:
        inside = path.partition(f"/rooms/{ROOM}/")[2]
        if method == "PUT" and inside.startswith("send/m.room.message/"):
            transaction = inside.rsplit("/", 1)[1]
            if transaction not in self.transactions:
                name = self.transactions[transaction] = f"$made{len(self.transactions)}"
                self.events[name] = event(name, given, sender=OWN)
                self.published.append(name)
            return 200, {"event_id": self.transactions[transaction]}
        if inside == "messages":
            return 200, {"chunk": [self.events[name] for name in reversed(self.published)]}
        return 404, {"errcode": "M_NOT_FOUND", "error": "Not found"}


def refusal(
    status: int, code: str, *, more: Mapping[str, Any] | None = None, **how: Any
) -> Refusal:
    """One in the documented shape."""
    body = {"errcode": code, "error": "said no", **(more or {})}
    return Refusal(status, json.dumps(body).encode(), **how)


SPECIMENS = Specimens(
    network="matrix",
    account=ACCOUNT,
    items=[item(NEW), item(EDIT), item(REDACTION)],
    at=at,
    out=Outgoing(
        "m0123456789abcdef",
        KARI,
        "Vi brøyter i morgen tidlig.",
        parent=f"{ROOM}/{ASKED}",
        visibility="public",
    ),
    peer=Peer,
    refusals=[
        refusal(401, "M_UNKNOWN_TOKEN", account=True),
        refusal(401, "M_MISSING_TOKEN", account=True),
        refusal(403, "M_USER_DEACTIVATED", account=True),
        refusal(403, "M_FORBIDDEN", permanent=True),
        refusal(413, "M_TOO_LARGE", permanent=True),
        refusal(429, "M_LIMIT_EXCEEDED", more={"retry_after_ms": 2500}, limited=True),
    ],
)
