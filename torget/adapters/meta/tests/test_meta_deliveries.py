from __future__ import annotations

import contextlib
import json
import random
from datetime import UTC, datetime

import pytest

from torget.adapters.meta import adapters, reconcile
from torget.adapters.meta.tests import specimens as s
from torget.channels.contract import BadSignature, InboundMessage, NetworkEvent, Unparseable
from torget.channels.tests.mutations import json_spoiled, thousands

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FACEBOOK, MESSENGER, INSTAGRAM, THREADS = adapters


def parsed(held, adapter=FACEBOOK, account=s.FACEBOOK):
    return adapter.parse(s.item(held), account, received_at=NOW)


def test_a_comment_is_public_and_knows_its_post():
    (said,) = parsed(s.ADDED)
    assert (said.external_id, said.body, said.visibility) == (
        "1015_1",
        "Når åpner badet?",
        "public",
    )
    assert (said.author.external_id, said.author.name) == ("9001", "Kari Prøve")
    assert list(said.parents) == ["1015_0"]
    assert said.url.startswith("https://www.facebook.com/")


def test_an_edit_and_a_removal_are_of_the_same_comment_and_say_when():
    (edit,), (gone,) = parsed(s.EDITED), parsed(s.REMOVED)
    assert (edit.external_id, edit.kind, edit.body) == ("1015_1", "edit", "Når åpner badet i dag?")
    assert edit.changed_at == datetime.fromtimestamp(1795424500, UTC)
    assert (gone.external_id, gone.kind) == ("1015_1", "delete")


def test_what_we_said_ourselves_comes_back_as_our_own():
    assert parsed(s.OURS) == [NetworkEvent("own", of="1015_9")]
    assert parsed(s.ECHO) == [NetworkEvent("own", of="m7a1")]


def test_likes_and_readings_are_no_news():
    assert parsed(s.LIKE) == parsed(s.READ) == []


def test_a_visitors_post_and_a_mention_are_public_utterances_of_their_own():
    (post,), (mention,) = parsed(s.VISITOR), parsed(s.MENTION)
    assert (post.external_id, post.parents) == ("1015_7", [])
    assert post.attachments[0].url == "https://scontent.example/p.jpg"
    assert (mention.external_id, mention.author.name) == ("88_1", "Laget")
    assert "88_1" in mention.body


def test_a_private_message_its_edit_and_its_taking_back():
    (said,), (edit,), (gone,) = (parsed(one) for one in (s.MESSAGE, s.MESSAGE_EDIT, s.MESSAGE_GONE))
    assert (said.external_id, said.visibility, said.author.external_id) == (
        "m_abc",
        "private",
        "9001",
    )
    assert (edit.kind, edit.body, gone.kind, gone.body) == ("edit", "Hei igjen", "delete", "")


def test_a_picture_is_fetched_and_a_place_is_a_link():
    (said,) = parsed(s.PICTURE)
    assert [one.url for one in said.attachments] == ["https://scontent.example/a.jpg"]
    assert said.body == "[Sted] https://maps.example/1"
    assert list(said.parents) == ["m_abc"]


def test_a_delivery_of_many_entries_gives_all_of_them():
    found = parsed(s.MANY)
    assert [one.external_id for one in found if isinstance(one, InboundMessage)] == [
        "1015_1",
        "1015_7",
        "m_abc",
    ]
    assert parsed(s.DELIVERED) == [NetworkEvent("receipt", "m_ours", "delivered")]


def test_a_person_meta_does_not_name_is_somebody_of_their_own():
    held = s.delivery(s.change({key: one for key, one in s.COMMENT.items() if key != "from"}))
    (said,) = parsed(held)
    assert said.author.external_id == "unknown:1015_1"


def test_what_is_of_another_page_is_set_aside_and_not_lost():
    with pytest.raises(Unparseable):
        parsed(s.delivery(s.change(s.COMMENT, named="2222")))
    with pytest.raises(Unparseable):
        parsed(s.IG_COMMENT)


def test_messenger_by_itself_reads_only_messages():
    assert [one.external_id for one in parsed(s.MANY, MESSENGER, s.MESSENGER)[:1]] == ["m_abc"]


def test_instagram_comments_mentions_and_messages():
    (said,) = parsed(s.IG_COMMENT, INSTAGRAM, s.INSTAGRAM)
    assert (said.external_id, list(said.parents), said.author.handle) == (
        "17900",
        ["17899", "18000"],
        "@kari.prove",
    )
    (named,) = parsed(s.IG_MENTION, INSTAGRAM, s.INSTAGRAM)
    assert named.external_id == "17901"
    (message,) = parsed(s.IG_MESSAGE, INSTAGRAM, s.INSTAGRAM)
    (gone,) = parsed(s.IG_GONE, INSTAGRAM, s.INSTAGRAM)
    assert (message.visibility, gone.kind, gone.external_id) == ("private", "delete", "aWdfZAG")


def test_a_threads_reply_is_public_by_handle():
    (said,) = parsed(s.THREADS_REPLY, THREADS, s.THREADS)
    assert (said.external_id, list(said.parents), said.author.handle) == (
        "8901",
        ["5678"],
        "@kari.prove",
    )


@pytest.mark.parametrize(
    ("kind", "held", "hooked"),
    [
        ("comment", s.FOUND_COMMENT, s.ADDED),
        ("post", s.FOUND_POST, s.VISITOR),
        ("message", s.FOUND_MESSAGE, s.MESSAGE),
    ],
)
def test_what_asking_finds_has_the_ids_the_webhook_gives(kind, held, hooked):
    item = reconcile.item(kind, held, post="1015_0")
    assert item.headers == {"via": "reconcile"}
    (found,) = FACEBOOK.parse(item, s.FACEBOOK, received_at=NOW)
    (said,) = parsed(hooked)
    assert (found.external_id, found.author.external_id, found.body, found.visibility) == (
        said.external_id,
        said.author.external_id,
        said.body,
        said.visibility,
    )


@pytest.mark.parametrize("adapter", adapters, ids=lambda one: one.network)
def test_signatures_are_checked_on_the_raw_bytes(adapter):
    headers, body = s.signed(s.MANY)
    assert adapter.verify(s.FACEBOOK, headers, body).body == body
    for bad in ({}, {"x-hub-signature-256": "sha256=00"}, {"x-hub-signature-256": "æ"}):
        with pytest.raises(BadSignature):
            adapter.verify(s.FACEBOOK, bad, body)
    with pytest.raises(BadSignature):
        adapter.verify(s.FACEBOOK, headers, body + b" ")
    with pytest.raises(BadSignature):
        adapter.verify(s.FACEBOOK, s.signed(s.MANY, secret="en annen")[0], body)


def test_the_handshake_knows_our_word_only():
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158", "hub.verify_token": "ordet"}
    assert FACEBOOK.verify_webhook(s.FACEBOOK, asked) == "1158"
    assert FACEBOOK.verify_webhook(s.FACEBOOK, asked | {"hub.verify_token": "æ"}) is None
    assert FACEBOOK.verify_webhook(s.FACEBOOK, {}) is None


HELD = {
    "facebook": [
        *(s.ADDED, s.EDITED, s.REMOVED, s.OURS, s.VISITOR, s.MENTION, s.MESSAGE, s.PICTURE),
        *(s.MESSAGE_EDIT, s.MESSAGE_GONE, s.ECHO, s.DELIVERED, s.MANY),
    ],
    "messenger": [s.MESSAGE, s.MESSAGE_EDIT, s.MESSAGE_GONE, s.PICTURE, s.ECHO],
    "instagram": [s.IG_COMMENT, s.IG_MENTION, s.IG_MESSAGE, s.IG_GONE],
    "threads": [s.THREADS_REPLY],
}
ACCOUNTS = dict(zip(HELD, (s.FACEBOOK, s.MESSENGER, s.INSTAGRAM, s.THREADS), strict=True))


@pytest.mark.parametrize("adapter", adapters, ids=lambda one: one.network)
def test_thousands_of_spoiled_deliveries_are_understood_or_set_aside(adapter):
    account = ACCOUNTS[adapter.network]
    found = [reconcile.item("comment", s.FOUND_COMMENT), reconcile.item("message", s.FOUND_MESSAGE)]
    asked = [one.body for one in found]

    def parse(body):
        item = s.RawItem("x", body, "application/json", reconcile.VIA if b'"found"' in body else {})
        with contextlib.suppress(Unparseable):
            for one in adapter.parse(item, account, received_at=NOW):
                assert isinstance(one, NetworkEvent) or (one.external_id and one.author.external_id)

    thousands([*map(s.raw, HELD[adapter.network]), *asked], parse, spoil=json_spoiled)


def test_the_spoiler_spoils():
    spoiled = {json_spoiled(s.raw(s.ADDED), random.Random(seed)) for seed in range(50)}
    assert json.dumps(s.ADDED).encode() not in spoiled
    assert len(spoiled) > 40
