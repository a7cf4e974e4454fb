"""ActivityPub for the shared contract test: deliveries as Mastodon and its kin write them, and how they are signed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone

from torget.adapters.activitypub import remotes
from torget.channels.contract import AccountAccess, Outgoing, RawItem
from torget.channels.tests.specimens import Signed, Specimens
from torget.protocols.activitypub import ActorSaid
from torget.protocols.http_signatures import (
    PrivateKey,
    Request,
    cavage,
    new_ed25519,
    new_rsa,
    rfc9421,
)

ORIGIN = "https://square.example.no"
HOOK = "0123456789abcdef0123456789abcdef"
INBOX = f"{ORIGIN}/hooks/{HOOK}"
OURS = f"{ORIGIN}/ap/nordvaag"
KARI = "https://mastodon.example/users/kari"
NOTE = f"{KARI}/statuses/1"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
CONTEXT = [
    "https://www.w3.org/ns/activitystreams",
    {"sensitive": "as:sensitive", "Hashtag": "as:Hashtag"},
]
PEM = new_rsa()
KEYS = {
    "rsa": PrivateKey.from_pem(f"{KARI}#main-key", PEM),
    "ed25519": PrivateKey.from_pem(f"{KARI}#ed25519-key", new_ed25519()),
}
SECRETS = {"rsa": new_rsa(), "ed25519": new_ed25519()}

ACCOUNT = AccountAccess(
    1,
    "activitypub",
    "nordvaag@square.example.no",
    "Nordvåg kommune",
    {"origin": ORIGIN, "hook": HOOK},
    SECRETS,
)


def note(text: str = "Når brøytes Fjellveien?", **changes: Any) -> dict[str, Any]:
    """A note as Mastodon writes it."""
    mention = f'<span class="h-card" translate="no"><a href="{OURS}" class="u-url mention">@<span>nordvaag</span></a></span>'
    html = f"<p>{mention} {text}</p>"
    return {
        "id": NOTE,
        "type": "Note",
        "summary": None,
        "inReplyTo": None,
        "published": "2026-11-23T08:00:00Z",
        "url": "https://mastodon.example/@kari/1",
        "attributedTo": KARI,
        "to": [PUBLIC],
        "cc": [f"{KARI}/followers", OURS],
        "sensitive": False,
        "content": html,
        "contentMap": {"nb": html},
        "attachment": [
            {
                "type": "Document",
                "mediaType": "image/png",
                "url": "https://files.mastodon.example/media/1.png",
                "name": "Ei gate full av snø",
                "width": 640,
                "height": 480,
            }
        ],
        "tag": [
            {"type": "Mention", "href": OURS, "name": "@nordvaag@square.example.no"},
            {"type": "Hashtag", "href": "https://mastodon.example/tags/snø", "name": "#snø"},
        ],
        **changes,
    }


def activity(kind: str, about: Any, *, mark: str = "", **changes: Any) -> dict[str, Any]:
    """An activity of kari's."""
    return {
        "@context": CONTEXT,
        "id": f"{NOTE}/{kind.lower()}{mark}",
        "type": kind,
        "actor": KARI,
        "published": "2026-11-23T08:00:00Z",
        "to": [PUBLIC],
        "cc": [f"{KARI}/followers", OURS],
        "object": about,
        **changes,
    }


def bytes_of(held: Any) -> bytes:
    """As it is sent."""
    return json.dumps(held, ensure_ascii=False).encode()


def item(held: dict[str, Any], **headers: str) -> RawItem:
    """As `verify` stores it."""
    told = {
        "actor-name": "Kari",
        "actor-handle": "@kari@mastodon.example",
        "actor-page": "https://mastodon.example/@kari",
    }
    return RawItem(
        f"{held['id']}#x", bytes_of(held), "application/activity+json", {**told, **headers}
    )


CREATED = activity("Create", note())
UPDATED = activity(
    "Update",
    note("Når brøytes Fjellveien og Sjøgata?", updated="2026-11-23T09:00:00Z"),
    mark="-1",
    published="2026-11-23T09:00:00Z",
)
DELETED = activity("Delete", {"id": NOTE, "type": "Tombstone"}, published="2026-11-23T10:00:00Z")


def sign(
    body: bytes,
    *,
    way: str = "cavage",
    kind: str = "rsa",
    at: float | None = None,
    url: str = INBOX,
) -> Signed:
    """A delivery of kari's, as the front hands it to `verify`."""
    request = Request.of("POST", url)
    make = cavage.sign if way == "cavage" else rfc9421.sign
    made = make(request, body, KEYS[kind], now=time.time() if at is None else at)
    return {
        ":method": "POST",
        ":path": request.target,
        "host": request.authority,
        "content-type": "application/activity+json",
        **made,
    }, body


def know_kari(**changes: Any) -> remotes.Remote:
    """Kari's actor as if it had been fetched."""
    keys = [(one.id, "pem", one.public().pem()) for one in KEYS.values()]
    held = {
        "id": KARI,
        "type": "Person",
        "username": "kari",
        "name": "Kari",
        "inbox": f"{KARI}/inbox",
        "shared_inbox": "https://mastodon.example/inbox",
        "url": "https://mastodon.example/@kari",
        "keys": keys,
        **changes,
    }
    return remotes.keep(ActorSaid(**held), "@kari@mastodon.example", at=timezone.now())


def signed() -> list[Signed]:
    """Deliveries that verify now: by both kinds of signature and both kinds of key."""
    know_kari()
    return [
        sign(
            bytes_of(activity("Create", note(id=f"{NOTE}-{way}-{kind}"), mark=f"-{way}-{kind}")),
            way=way,
            kind=kind,
        )
        for way in ("cavage", "rfc9421")
        for kind in KEYS
    ]


def _bare(held: dict[str, Any]) -> dict[str, Any]:
    return {**held, "object": {**held["object"], "attachment": []}}


SPECIMENS = Specimens(
    network="activitypub",
    account=ACCOUNT,
    # Without pictures: nobody answers for them where these are filed.
    items=[item(_bare(CREATED)), item(_bare(UPDATED)), item(DELETED)],
    signed=signed,
    out=Outgoing("svar-1", KARI, "Den brøytes før klokka sju.", parent=NOTE, visibility="public"),
)
AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
