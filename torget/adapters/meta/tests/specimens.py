"""Meta's deliveries and refusals in their documented shapes; invented data."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import replace

from torget.adapters.meta.tests.peers import PAGE, Containers, Graph
from torget.channels.contract import AccountAccess, File, Outgoing, RawItem
from torget.channels.tests.specimens import Refusal, Specimens

SECRET = "appens hemmelighet"
KEYS = {"token": "EAAB", "app_secret": SECRET, "verify_token": "ordet"}
FACEBOOK = AccountAccess(1, "facebook", PAGE, "Nordvåg kommune", {"app_id": "77"}, KEYS)
MESSENGER = replace(FACEBOOK, id=2, network="messenger")
INSTAGRAM = AccountAccess(
    3, "instagram", "178414", "nordvaag", {"app_id": "77", "page_id": PAGE}, KEYS
)
THREADS = AccountAccess(4, "threads", "6001", "nordvaag", {"app_id": "77"}, KEYS)


def raw(held):
    return json.dumps(held, ensure_ascii=False).encode()


def item(held):
    body = raw(held)
    return RawItem(f"sha256:{hashlib.sha256(body).hexdigest()}", body, "application/json")


def signed(held, secret=SECRET):
    body = raw(held)
    mark = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {
        ":method": "POST",
        ":path": "/hooks/x",
        "content-type": "application/json",
        "x-hub-signature-256": f"sha256={mark}",
    }
    return headers, body


def delivery(*entries, kind="page"):
    return {"object": kind, "entry": list(entries)}


def change(value, field="feed", at=1795424400, named=PAGE):
    return {"id": named, "time": at, "changes": [{"field": field, "value": value}]}


KARI = {"id": "9001", "name": "Kari Prøve"}
COMMENT = {
    "from": KARI,
    "item": "comment",
    "verb": "add",
    "comment_id": "1015_1",
    "post_id": "1015_0",
    "parent_id": "1015_0",
    "created_time": 1795424300,
    "message": "Når åpner badet?",
    "post": {
        "id": "1015_0",
        "type": "status",
        "permalink_url": "https://www.facebook.com/nordvaag/posts/1015_0",
    },
}
ADDED = delivery(change(COMMENT))
EDITED = delivery(
    change(COMMENT | {"verb": "edited", "message": "Når åpner badet i dag?"}, at=1795424500)
)
REMOVED = delivery(
    change({name: one for name, one in COMMENT.items() if name != "message"} | {"verb": "remove"})
)
OURS = delivery(change(COMMENT | {"from": {"id": PAGE, "name": "Nordvåg"}, "comment_id": "1015_9"}))
LIKE = delivery(change({"from": KARI, "item": "reaction", "verb": "add", "reaction_type": "like"}))
VISITOR = delivery(
    change(
        {
            "from": KARI,
            "item": "post",
            "verb": "add",
            "post_id": "1015_7",
            "created_time": 1795424300,
            "message": "Takk for fin tur!",
            "photo": "https://scontent.example/p.jpg",
        }
    )
)
MENTION = delivery(
    change(
        {
            "item": "post",
            "verb": "add",
            "post_id": "88_1",
            "sender_id": "9",
            "sender_name": "Laget",
        },
        field="mention",
    )
)


def event(named=PAGE, sender="9001", **said):
    held = {"sender": {"id": sender}, "recipient": {"id": named}, "timestamp": 1795424400123}
    return {"id": named, "time": 1795424400200, "messaging": [held | said]}


MESSAGE = delivery(event(message={"mid": "m_abc", "text": "Kan jeg spørre om noe privat?"}))
MESSAGE_EDIT = delivery(event(message_edit={"mid": "m_abc", "text": "Hei igjen", "num_edit": 1}))
MESSAGE_GONE = delivery(event(message={"mid": "m_abc", "is_deleted": True}))
PICTURE = delivery(
    event(
        message={
            "mid": "m_pic",
            "reply_to": {"mid": "m_abc"},
            "attachments": [
                {"type": "image", "payload": {"url": "https://scontent.example/a.jpg"}},
                {"type": "location", "payload": {"url": "https://maps.example/1"}},
            ],
        }
    )
)
ECHO = delivery(
    event(
        sender=PAGE,
        message={
            "mid": "m_ours",
            "is_echo": True,
            "app_id": 77,
            "metadata": "m7a1",
            "text": "Badet åpner klokka ti.",
        },
    )
)
DELIVERED = delivery(event(delivery={"mids": ["m_ours"], "watermark": 1795424400123}))
READ = delivery(event(read={"watermark": 1795424400123}))
MANY = delivery(*ADDED["entry"], *VISITOR["entry"], *MESSAGE["entry"], *ECHO["entry"])

IG_COMMENT = delivery(
    change(
        {
            "id": "17900",
            "from": {"id": "9002", "username": "kari.prove"},
            "text": "Så fint!",
            "media": {"id": "18000", "media_product_type": "FEED"},
            "parent_id": "17899",
        },
        field="comments",
        named="178414",
    ),
    kind="instagram",
)
IG_MENTION = delivery(
    change({"media_id": "18001", "comment_id": "17901"}, field="mentions", named="178414"),
    kind="instagram",
)
IG_MESSAGE = delivery(
    event("178414", "9002", message={"mid": "aWdfZAG", "text": "Hei"}), kind="instagram"
)
IG_GONE = delivery(
    event("178414", "9002", message={"mid": "aWdfZAG", "is_deleted": True}), kind="instagram"
)
REPLY = {
    "id": "8901",
    "username": "kari.prove",
    "text": "Hva med lørdag?",
    "media_type": "TEXT_POST",
    "permalink": "https://www.threads.net/@kari.prove/post/Pp",
    "replied_to": {"id": "5678"},
    "root_post": {"id": "5678", "owner_id": "6001", "username": "nordvaag"},
    "shortcode": "Pp",
    "timestamp": "2026-11-23T09:00:00+0000",
}
THREADS_REPLY = {
    "app_id": "77",
    "topic": "moderate",
    "target_id": "5678",
    "time": 1795424400,
    "subscription_id": "2",
    "has_uid_field": False,
    "values": {"value": REPLY, "field": "replies"},
}
FOUND_POST = {
    "id": "1015_7",
    "from": KARI,
    "message": "Takk for fin tur!",
    "created_time": "2026-11-23T08:58:20+0000",
    "permalink_url": "https://www.facebook.com/1015_7",
}
FOUND_COMMENT = {
    "id": "1015_1",
    "from": KARI,
    "message": "Når åpner badet?",
    "created_time": "2026-11-23T08:58:20+0000",
    "parent": {"id": "1015_5"},
    "permalink_url": "https://www.facebook.com/1015_0?comment_id=1",
}
FOUND_MESSAGE = {
    "id": "m_abc",
    "from": {"id": "9001", "name": "Kari Prøve"},
    "message": "Kan jeg spørre om noe privat?",
    "created_time": "2026-11-23T09:00:00+0000",
}


def at(account):
    return lambda url: replace(account, settings={**account.settings, "api": url})


def refused(code, subcode=None, status=400, **kinds):
    error = {"message": "(#x) …", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    held = {"error": error | ({"error_subcode": subcode} if subcode else {})}
    return Refusal(status, raw(held), **kinds)


REFUSALS = [
    refused(190, 463, 401, account=True),
    refused(10, 0, 403, account=True),
    refused(200, 0, 403, account=True),
    refused(4, 0, 403, limited=True),
    refused(32, 0, 403, limited=True),
    refused(613, limited=True),
    refused(80001, limited=True),
    refused(368, limited=True),
    refused(100, permanent=True),
    refused(100, 33, permanent=True),
    refused(10, 2018278, 403, permanent=True),
    refused(551, permanent=True),
]
PICTURES = [("https://square.nordvaag.test/f/a.jpg", "Badet")]
COMMENTED = Outgoing("m7a1", "9001", "Badet åpner klokka ti.", parent="1015_1", visibility="public")
SAID = Outgoing("m7a1", "9001", "Badet åpner klokka ti.", parent="m_abc")
POSTED = Outgoing(
    "p7a1",
    "",
    "Badet er åpent igjen.",
    act="publish",
    visibility="public",
    link="https://square.nordvaag.test/innlegg/1",
    attachments=[File("bad.jpg", "image/jpeg", b"\xff\xd8jpeg", "Badet")],
)

SPECIMENS = [
    Specimens(
        "facebook",
        FACEBOOK,
        [item(ADDED), item(EDITED), item(REMOVED)],
        signed=lambda: [signed(ADDED), signed(MESSAGE)],
        at=at(FACEBOOK),
        out=POSTED,
        peer=Graph,
        refusals=REFUSALS,
    ),
    Specimens(
        "messenger",
        MESSENGER,
        [item(MESSAGE), item(MESSAGE_EDIT), item(MESSAGE_GONE)],
        signed=lambda: [signed(MESSAGE)],
        at=at(MESSENGER),
        out=SAID,
        peer=Graph,
        refusals=REFUSALS,
    ),
    Specimens(
        "instagram",
        INSTAGRAM,
        [item(IG_COMMENT)],
        signed=lambda: [signed(IG_COMMENT), signed(IG_MESSAGE)],
        at=at(INSTAGRAM),
        out=replace(POSTED, attachments=(), picture_urls=PICTURES),
        peer=Containers,
        refusals=REFUSALS,
    ),
    Specimens(
        "threads",
        THREADS,
        [item(THREADS_REPLY)],
        signed=lambda: [signed(THREADS_REPLY)],
        at=at(THREADS),
        out=replace(POSTED, attachments=()),
        peer=lambda: Containers("threads", "text"),
        refusals=REFUSALS,
    ),
]
