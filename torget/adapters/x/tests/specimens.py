"""The X API v2 in its documented shapes; invented data."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import urlsplit

from torget.adapters.x import posts
from torget.channels.contract import AccountAccess, Outgoing
from torget.channels.tests.specimens import Refusal, Specimens

ACCOUNT = AccountAccess(
    1,
    "x",
    "500",
    "nordvaag",
    {"client_id": "c"},
    {"client_secret": "h", "token": "t", "refresh_token": "r0"},
)
KARI = {"id": "9", "username": "kari_prove", "name": "Kari Prøve"}
NEW = {
    "id": "1001",
    "text": "@nordvaag Når åpner badet? &lt;3 https://t.co/a",
    "author_id": "9",
    "created_at": "2026-11-23T08:00:00.000Z",
    "conversation_id": "900",
    "referenced_tweets": [{"type": "replied_to", "id": "901"}],
    "edit_history_tweet_ids": ["1001"],
    "entities": {"urls": [{"url": "https://t.co/a", "expanded_url": "https://avis.example/bad"}]},
}
EDITED = NEW | {
    "id": "1002",
    "text": "@nordvaag Når åpner badet i dag?",
    "edit_history_tweet_ids": ["1001", "1002"],
    "created_at": "2026-11-23T08:10:00.000Z",
    "entities": {},
}
OUT = Outgoing(
    "p7a1",
    "",
    "Badet er åpent igjen & varmt.",
    act="publish",
    visibility="public",
    link="https://square.nordvaag.test/innlegg/1",
)


def item(held):
    return posts.item(held, {"users": [KARI]})


def said(held, status=200, **headers):
    return status, {"content-type": "application/json", **headers}, json.dumps(held).encode()


class Service:
    """Gives keys that work once, takes posts, and shows them as X does: escaped, with its own short addresses."""

    def __init__(self):
        self.published, self.asked, self.refreshed = [], [], 0
        self.posts, self.mentions, self.lasting = {}, [], "r0"

    def answer(self, method, path, headers, body):
        parts = urlsplit(path)
        if parts.path == "/2/oauth2/token":
            return self.token(body.decode())
        self.asked.append((method, path))
        held = json.loads(body) if body else {}
        steps = parts.path.strip("/").split("/")[1:]
        if method == "POST":
            return self.post(held)
        if method == "DELETE":
            self.posts.pop(steps[1], None)
            self.published.append(f"deleted {steps[1]}")
            return said({"data": {"deleted": True}})
        if method == "PUT":
            self.published.append(f"hidden {held['hidden']}")
            return said({"data": held})
        if steps == ["users", "me"]:
            return said({"data": {"id": "500", "username": "nordvaag"}})
        if steps[-1] == "mentions":
            return self.mentions.pop(0)
        if steps[-1] == "tweets":
            return said({"data": list(self.posts.values()), "meta": {}})
        one = self.posts.get(steps[1])
        return said({"data": one} if one else {"errors": [{"title": "Not Found Error"}]})

    def token(self, form):
        if "grant_type=refresh_token" in form:
            if f"refresh_token={self.lasting}" not in form:
                return said({"error": "invalid_request"}, 400)
            self.refreshed += 1
            self.lasting = f"r{self.refreshed}"
        return said(
            {"access_token": "noekkelen", "refresh_token": self.lasting, "expires_in": 7200}
        )

    def post(self, held):
        self.published.append(held["text"])
        named = str(2000 + len(self.published))
        shown = (
            held["text"]
            .replace("&", "&amp;")
            .replace("https://square.nordvaag.test/innlegg/1", "https://t.co/z")
        )
        above = held.get("reply", {}).get("in_reply_to_tweet_id")
        self.posts[named] = {
            "id": named,
            "text": shown,
            "entities": {"urls": [{"url": "https://t.co/z", "expanded_url": OUT.link}]},
            "referenced_tweets": [{"type": "replied_to", "id": above}] if above else [],
        }
        return said({"data": {"id": named, "text": shown}}, 201)


def at(url):
    return replace(ACCOUNT, settings={**ACCOUNT.settings, "api": url})


def refused(status, kind="about:blank", headers=None, **kinds):
    body = json.dumps({"title": "x", "type": kind, "status": status}).encode()
    return Refusal(status, body, headers or {}, **kinds)


SPECIMENS = Specimens(
    network="x",
    account=ACCOUNT,
    items=[item(NEW), item(EDITED)],
)
# What is sent is counted in the database: the tests of this folder lay it before the same cuts.
SENT = replace(SPECIMENS, at=at, out=OUT, peer=Service)
