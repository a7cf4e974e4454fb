"""SMS through a provider's HTTP interface, in the common shape docs/channels/sms.md describes; invented data."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace
from urllib.parse import unquote

from torget.channels.contract import AccountAccess, Outgoing, RawItem
from torget.channels.tests.specimens import Refusal, Specimens

SECRET = "et delt passord"
ACCOUNT = AccountAccess(
    1,
    "sms",
    "2097",
    "SMS til kommunen",
    {"way": "http", "url": "https://sms.example/send", "sender": "2097"},
    {"token": "nøkkel", "hook_secret": SECRET},
)
TEXT = {
    "id": "mo-1",
    "from": "+4790000001",
    "to": "2097",
    "text": "Når åpner badet? Hilsen Kari",
    "receivedAt": "2026-11-23T09:00:00+01:00",
}
LINK_TEXT = {
    "messageId": "abc",
    "source": "+4790000001",
    "destination": "2097",
    "userData": "Hei 🙂",
    "refId": None,
}
REPORT = {"id": "mt-1", "clientRef": "m1", "status": "delivered"}
LINK_REPORT = {"refId": "m1", "id": "mt-1$0", "resultCode": 1001, "segments": 2}
FAILED = {"id": "mt-1", "clientRef": "m1", "status": "undelivered"}
OUT = Outgoing("m7a1", "+4790000001", "Badet åpner klokka ti.", signature="Ola, Servicetorget")


def raw(held):
    return json.dumps(held, ensure_ascii=False).encode()


def item(held):
    body = raw(held)
    return RawItem(f"sha256:{hashlib.sha256(body).hexdigest()}", body, "application/json")


def signed(held=TEXT, secret=SECRET):
    body = raw(held)
    mark = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        ":method": "POST",
        ":path": "/hooks/x",
        "content-type": "application/json",
        "x-signature": mark,
    }
    return headers, body


class Provider:
    """Takes texts by POST and answers for them by reference."""

    def __init__(self):
        self.published = []
        self.held = {}

    def answer(self, method, path, headers, body):
        if method == "POST" and path == "/send":
            said = json.loads(body)
            self.published.append(said["text"])
            self.held[said["clientRef"]] = f"mt-{len(self.published)}"
            return 200, {}, raw({"id": self.held[said["clientRef"]]})
        ref = unquote(path.removeprefix("/status/"))
        if method == "GET" and ref in self.held:
            return 200, {}, raw({"id": self.held[ref], "status": "sent"})
        return 404, {}, b"{}"


def at(url):
    places = {"url": f"{url}/send", "lookup_url": f"{url}/status/{{ref}}"}
    return replace(ACCOUNT, settings={**ACCOUNT.settings, **places})


SPECIMENS = Specimens(
    network="sms",
    account=ACCOUNT,
    items=[item(TEXT)],
    signed=lambda: [signed(TEXT), signed(REPORT)],
    at=at,
    out=OUT,
    peer=Provider,
    refusals=[
        Refusal(400, b'{"error":"bad number"}', permanent=True),
        Refusal(401, b"", account=True),
        Refusal(402, b'{"error":"no credit"}', account=True),
        Refusal(429, b"", {"retry-after": "30"}, limited=True),
        Refusal(503, b""),
    ],
)
