"""What the shared contract test is given for Mastodon: entities and answers in the shapes of docs.joinmastodon.org."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from torget.channels.base import json_item
from torget.channels.contract import AccountAccess, Outgoing
from torget.channels.tests.specimens import Answer, Refusal, Specimens

ACCOUNT = AccountAccess(
    8,
    "mastodon",
    "nordvaag@mastodon.test",
    "Nordvåg",
    {"server": "https://mastodon.test"},
    {"access_token": "x"},
)
KARI = {
    "id": "109",
    "username": "kari",
    "acct": "kari@elsewhere.test",
    "display_name": "Kari Prøve",
    "url": "https://elsewhere.test/@kari",
}
US = {"id": "1", "username": "nordvaag", "acct": "nordvaag", "display_name": "Nordvåg"}
STATUS: dict[str, Any] = {
    "id": "103254962155278888",
    "created_at": "2026-11-24T14:08:19.000Z",
    "in_reply_to_id": None,
    "sensitive": False,
    "spoiler_text": "",
    "visibility": "public",
    "language": "nb",
    "uri": "https://elsewhere.test/users/kari/statuses/103254962155278888",
    "url": "https://elsewhere.test/@kari/103254962155278888",
    "edited_at": None,
    "content": '<p><span class="h-card"><a href="https://mastodon.test/@nordvaag" class="u-url mention">@'
    "<span>nordvaag</span></a></span> Når blir Fjellveien brøytet?<br />Hilsen Åse &amp; Per</p>"
    '<p><a href="https://kart.test/fjellveien/3"><span class="invisible">https://</span>'
    '<span class="ellipsis">kart.test/fjell</span><span class="invisible">veien/3</span></a></p>',
    "account": KARI,
    "media_attachments": [],
    "mentions": [{"id": "1", "acct": "nordvaag", "username": "nordvaag"}],
}
MEDIA = {"id": "2", "type": "image", "url": "https://files.test/hull.jpg", "description": "Et hull"}
MENTION = {
    "id": "34975861",
    "type": "mention",
    "created_at": "2026-11-24T14:08:20.000Z",
    "account": KARI,
    "status": STATUS,
}
EDITED = {
    **STATUS,
    "edited_at": "2026-11-24T15:00:00.000Z",
    "content": "<p>Når brøytes Bakken?</p>",
}
GONE = {
    "what": "gone",
    "id": STATUS["id"],
    "author": KARI["acct"],
    "seen_at": "2026-11-24T16:00:00+00:00",
}


def at(url: str) -> AccountAccess:
    """The account with its server at another address."""
    return replace(ACCOUNT, settings={"server": url})


class Peer:
    """The server as far as sending goes. It keeps what each Idempotency-Key made."""

    def __init__(self) -> None:
        self.published: list[str] = []
        self.keys: dict[str, str] = {}
        self.statuses: dict[str, dict[str, Any]] = {STATUS["id"]: STATUS}

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        parts = urlsplit(path)
        given = (
            json.loads(body) if body and headers.get("content-type") == "application/json" else {}
        )
        status, held = self.told(method, parts.path, given, headers, parse_qs(parts.query))
        return status, {"content-type": "application/json"}, json.dumps(held).encode()

    def told(self, method: str, path: str, given: Any, headers: Any, query: Any) -> tuple[int, Any]:
        if path == "/api/v2/instance":
            limits = {
                "max_characters": 500,
                "characters_reserved_per_url": 23,
                "max_media_attachments": 4,
            }
            return 200, {"domain": "mastodon.test", "configuration": {"statuses": limits}}
        if path == "/api/v1/accounts/verify_credentials":
            return 200, US
        if path == "/api/v1/accounts/1/statuses":
            return 200, [self.statuses[one] for one in reversed(self.published)]
        if (method, path) == ("POST", "/api/v1/statuses"):
            return 200, self.posted(given, headers["idempotency-key"])
        number, _slash, more = path.removeprefix("/api/v1/statuses/").partition("/")
        if number not in self.statuses:
            return 404, {"error": "Record not found"}
        if more == "source":
            return 200, {"id": number, "text": self.statuses[number]["said"], "spoiler_text": ""}
        return 200, self.statuses[number]

    def posted(self, given: Any, key: str) -> dict[str, Any]:
        if key not in self.keys:
            number = self.keys[key] = str(200 + len(self.keys))
            self.statuses[number] = {
                **STATUS,
                "id": number,
                "account": US,
                "said": given["status"],
                "in_reply_to_id": given.get("in_reply_to_id"),
                "visibility": given["visibility"],
                "url": f"https://mastodon.test/@nordvaag/{number}",
                "created_at": "2999-01-01T00:00:00.000Z",
            }
            self.published.append(number)
        return self.statuses[self.keys[key]]


def refusal(status: int, **how: Any) -> Refusal:
    """One in the documented shape."""
    return Refusal(status, b'{"error": "said no"}', **how)


SPECIMENS = Specimens(
    network="mastodon",
    account=ACCOUNT,
    items=[
        json_item({"what": "notification", "notification": MENTION}, "notification:34975861:"),
        json_item(
            {"what": "edit", "status": EDITED}, f"edit:{STATUS['id']}:2026-11-24T15:00:00.000Z"
        ),
        json_item(GONE, f"gone:{STATUS['id']}"),
    ],
    at=at,
    out=Outgoing(
        "m0123456789abcdef",
        "kari@elsewhere.test",
        "Vi brøyter i morgen tidlig.",
        parent=f"mastodon:mastodon.test:{STATUS['id']}",
        visibility="public",
    ),
    peer=Peer,
    refusals=[
        refusal(401, account=True),
        refusal(403, account=True),
        refusal(404, permanent=True),
        refusal(422, permanent=True),
        refusal(429, headers={"x-ratelimit-reset": "2999-01-01T00:00:00.000Z"}, limited=True),
        refusal(500),
        refusal(503),
    ],
)
