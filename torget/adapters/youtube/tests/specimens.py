"""The YouTube Data API v3 in its documented shapes; invented data."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

from torget.adapters.youtube import polling
from torget.channels.contract import AccountAccess, Outgoing
from torget.channels.tests.specimens import Refusal, Specimens

CHANNEL = "UCnordvaag"
ACCOUNT = AccountAccess(
    1,
    "youtube",
    CHANNEL,
    "Nordvåg kommune",
    {"client_id": "77.apps.example"},
    {"client_secret": "h", "refresh_token": "1//r"},
)


def comment(
    named="Ugx1", text="Når åpner badet?", *, by="UCkari", at="2026-11-23T08:00:00Z", **more
):
    return {
        "kind": "youtube#comment",
        "id": named,
        "snippet": {
            "authorDisplayName": "@kari-prove",
            "authorChannelId": {"value": by},
            "channelId": CHANNEL,
            "textDisplay": text,
            "textOriginal": text,
            "publishedAt": at,
            "updatedAt": at,
            **more,
        },
    }


def thread(top, *replies, total=None):
    return {
        "kind": "youtube#commentThread",
        "id": top["id"],
        "snippet": {
            "channelId": CHANNEL,
            "videoId": "vid1",
            "topLevelComment": top,
            "totalReplyCount": len(replies) if total is None else total,
        },
        **({"replies": {"comments": list(replies)}} if replies else {}),
    }


def item(held, status="published"):
    return polling._item({"videoId": "vid1", **held}, status)


NEW = comment()
EDITED = comment(text="Når åpner badet i dag?", updatedAt="2026-11-23T08:30:00Z")
HELD = comment("Ugx2", "Ring meg", moderationStatus="heldForReview")
REPLY = comment("Ugx1.9a", "Det lurer jeg også på")
OUT = Outgoing("m7a1", "UCkari", "Klokka ti.", parent="Ugx1.9a", visibility="public")


def said(held, status=200):
    return status, {"content-type": "application/json"}, json.dumps(held).encode()


def fault(reason, status):
    return said({"error": {"code": status, "errors": [{"reason": reason, "domain": "x"}]}}, status)


class Tube:
    """A channel that gives keys, takes answers and sets the status of comments."""

    def __init__(self):
        self.published, self.calls, self.keys = [], [], 0
        self.comments = {NEW["id"]: comment(), HELD["id"]: comment("Ugx2", "Ring meg")}
        self.threads = {"published": [], "heldForReview": []}
        self.wrong_key = False

    def answer(self, method, path, headers, body):
        parts = urlsplit(path)
        query = {name: held[0] for name, held in parse_qs(parts.query).items()}
        if parts.path == "/token":
            self.keys += 1
            return said({"access_token": f"ya{self.keys}", "expires_in": 3599})
        if headers.get("authorization") != f"Bearer ya{self.keys}" or self.wrong_key:
            self.wrong_key = False
            return fault("authError", 401)
        resource = parts.path.removeprefix("/youtube/v3/")
        self.calls.append((method, resource, query))
        name = f"{method.lower()}_{resource.replace('/', '_').lower()}"
        return getattr(self, name)(query, json.loads(body) if body else {})

    def post_comments(self, query, held):
        snippet = held["snippet"]
        self.published.append(snippet["textOriginal"])
        named = f"{snippet['parentId']}.ours{len(self.published)}"
        self.comments[named] = comment(named, snippet["textOriginal"], by=CHANNEL)
        return said(self.comments[named])

    def put_comments(self, query, held):
        self.published.append(held["snippet"]["textOriginal"])
        self.comments[held["id"]]["snippet"]["textOriginal"] = held["snippet"]["textOriginal"]
        return said(self.comments[held["id"]])

    def delete_comments(self, query, held):
        if self.comments.pop(query["id"], None) is None:
            return fault("commentNotFound", 404)
        return 204, {}, b""

    def post_comments_setmoderationstatus(self, query, held):
        self.published.append(query["moderationStatus"])
        if query["moderationStatus"] == "rejected":
            self.comments.pop(query["id"])
        else:
            one = self.comments[query["id"]]["snippet"]
            one["moderationStatus"] = query["moderationStatus"]
        return 204, {}, b""

    def get_comments(self, query, held):
        if "id" in query:
            one = self.comments.get(query["id"])
            return said({"items": [one] if one else []})
        inside = [
            one for key, one in self.comments.items() if key.startswith(query["parentId"] + ".")
        ]
        return said({"items": inside})

    def get_commentthreads(self, query, held):
        return said({"items": self.threads[query["moderationStatus"]]})

    def get_channels(self, query, held):
        return said({"items": [{"id": CHANNEL, "snippet": {"title": "Nordvåg kommune"}}]})


def at(url):
    return replace(ACCOUNT, settings={**ACCOUNT.settings, "api": url}, id=hash(url))


def refused(reason, status, **kinds):
    return Refusal(status, fault(reason, status)[2], **kinds)


SPECIMENS = Specimens(
    network="youtube",
    account=ACCOUNT,
    items=[item(NEW), item(EDITED)],
    at=at,
    out=OUT,
    peer=Tube,
    refusals=[
        refused("authError", 401, account=True),
        refused("insufficientPermissions", 403, account=True),
        refused("invalid_grant", 400, account=True),
    ],
)
