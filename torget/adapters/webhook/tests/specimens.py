"""What the webhook channel lays before the shared contract test."""

from __future__ import annotations

import base64
import json
import time
from urllib.parse import parse_qs, urlsplit

from torget.channels.contract import AccountAccess, Outgoing, RawItem
from torget.channels.tests.specimens import Refusal, Specimens
from torget.protocols import webhook

SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes....").decode()
ACCOUNT = AccountAccess(1, "webhook", "fag.nordvaag.test", "Fagsystem", {}, {"secret": SECRET})
AUTHOR = {"id": "u7", "name": "Kari"}
NEW = {"id": "m1", "type": "message.new", "author": AUTHOR, "body": "Hei", "visibility": "public"}
EDIT = {**NEW, "type": "message.edit", "body": "Hei igjen"}
DELETE = {**NEW, "type": "message.delete", "body": ""}


def _item(held, name):
    return RawItem(name, json.dumps(held).encode(), "application/json")


def signed():
    body, stamp = json.dumps(NEW).encode(), int(time.time())
    signature = webhook.sign(SECRET, "d1", stamp, body)
    marks = {"webhook-id": "d1", "webhook-timestamp": str(stamp), "webhook-signature": signature}
    return [(marks, body)]


class Peer:
    """Another system: takes each id once, and tells whether it has one."""

    def __init__(self):
        self.published = []

    def answer(self, method, path, headers, body):
        if method == "GET":
            asked = parse_qs(urlsplit(path).query)["id"][0]
            return (200, {}, b'{"id": "x1"}') if asked in self.published else (404, {}, b"")
        if headers["webhook-id"] in self.published:
            return 409, {}, b""
        self.published.append(headers["webhook-id"])
        return 201, {}, b'{"id": "x1"}'


SPECIMENS = Specimens(
    network="webhook",
    account=ACCOUNT,
    items=[_item(NEW, "d1"), _item(EDIT, "d2"), _item(DELETE, "d3")],
    signed=signed,
    at=lambda url: AccountAccess(
        1, "webhook", "fag.nordvaag.test", "Fagsystem", {"deliver_url": url}, {"secret": SECRET}
    ),
    out=Outgoing("m1a", "u7", "Vi brøyter nå.", signature="Ola, Servicetorget"),
    peer=Peer,
    refusals=[
        Refusal(401, b"", account=True),
        Refusal(422, b"", permanent=True),
        Refusal(503, b""),
    ],
)
