"""The kinds of the field cases on the big platforms: Facebook, Instagram, Messenger, Threads, X, YouTube, LinkedIn."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.field.mutations import in_time, tried
from torget.adapters.linkedin import comments
from torget.adapters.x import posts
from torget.channels.contract import (
    AccountAccess,
    InboundMessage,
    NetworkEvent,
    RawItem,
    Unparseable,
)
from torget.channels.registry import adapters

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
NINE = datetime(2026, 11, 30, 9, tzinfo=UTC)
SECONDS = 1796029200
PAGE = "100"
ACCOUNTS = {
    "facebook": AccountAccess(1, "facebook", PAGE, "N", {"page_id": PAGE}),
    "instagram": AccountAccess(2, "instagram", PAGE, "N", {"page_id": PAGE}),
    "threads": AccountAccess(3, "threads", PAGE, "N", {"username": "nordvaag"}),
    "x": AccountAccess(4, "x", PAGE, "N"),
    "youtube": AccountAccess(5, "youtube", "UC1", "N"),
    "linkedin": AccountAccess(6, "linkedin", PAGE, "N"),
}


def parsed(network: str, held: Any) -> list[InboundMessage | NetworkEvent]:
    body = held if isinstance(held, bytes) else json.dumps(held, ensure_ascii=False).encode()
    item = RawItem("x", body, "application/json")
    return list(adapters()[network].parse(item, ACCOUNTS[network], received_at=AT))


def only(found: list[InboundMessage | NetworkEvent]) -> InboundMessage:
    (one,) = found
    assert isinstance(one, InboundMessage)
    return one


def delivery(*changes: Any, messaging: Any = None) -> dict[str, Any]:
    each = [{"field": "feed", "value": one} for one in changes]
    return {"object": "page", "entry": [{"id": PAGE, "time": SECONDS, "changes": each, "messaging": messaging}]}  # fmt: skip


def comment(**changes: Any) -> dict[str, Any]:
    value = {"item": "comment", "verb": "add", "comment_id": "1_2", "post_id": "1", "created_time": SECONDS}  # fmt: skip
    return value | {"from": {"id": "7", "name": "Kari"}, "message": "Se", **changes}


def message(**changes: Any) -> dict[str, Any]:
    said = {"mid": "m1", "text": "Se", **changes}
    event = {"sender": {"id": "7"}, "timestamp": SECONDS * 1000, "message": said}
    return delivery(messaging=[event])


# Facebook and Messenger --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"item": "share", "link": "https://a.example/f"}, "[Deler] https://a.example/f"),
        ({"item": "link", "link": "https://a.example/f", "title": "Ferga"}, "[Lenke: Ferga] https://a.example/f"),
        ({"item": "video", "link": "https://a.example/v"}, "[Film] https://a.example/v"),
        ({"video": "https://a.example/v"}, "[Film] https://a.example/v"),
        ({"attachment": {"type": "share", "title": "Ferga", "url": "https://a.example/f"}}, "[Lenke: Ferga] https://a.example/f"),
        ({"attachment": {"type": "sticker", "url": "https://a.example/s"}}, "[Klistremerke] https://a.example/s"),
        ({"attachment": {"type": "animated_image_video", "url": "https://a.example/g"}}, "[Film] https://a.example/g"),
    ],
)  # fmt: skip
def test_what_a_post_or_comment_shows_is_told(changes, lines):
    whole = comment(**changes)
    whole |= {"post_id": "1_9"} if whole["item"] != "comment" else {}
    assert only(parsed("facebook", delivery(whole))).body == f"Se\n\n{lines}"


def test_pictures_are_fetched_one_or_many():
    one = only(parsed("facebook", delivery(comment(photo="https://a.example/1.jpg"))))
    many = only(parsed("facebook", delivery(comment(item="status", post_id="1_9", photos=["https://a.example/1.jpg", None, "https://a.example/2.jpg"]))))  # fmt: skip
    assert [len(one.attachments), len(many.attachments)] == [1, 2]


def test_a_kind_we_do_not_know_that_says_something_is_said():
    assert only(parsed("facebook", delivery(comment(item="note", post_id="1_9")))).body == "Se"
    assert parsed("facebook", delivery(comment(item="reaction", message=None))) == []


def test_one_bad_change_is_set_aside_and_the_others_are_read():
    found = parsed("facebook", delivery(comment(comment_id=None), comment(), "odd"))
    kinds = [one.kind if isinstance(one, NetworkEvent) else one.body for one in found]
    assert kinds == ["Se", "unread", "unread"]


def test_nulls_are_nothing_and_who_is_withheld_is_nobody_else():
    nulls = comment(message=None, created_time=None, parent_id=None, **{"from": None})
    one = only(parsed("facebook", delivery(nulls)))
    assert (one.body, one.occurred_at, one.author.external_id) == ("", AT, "unknown:1_2")


@pytest.mark.parametrize(
    ("attachment", "lines"),
    [
        ({"type": "video", "payload": {"url": "https://a.example/v"}}, "[Film] https://a.example/v"),
        ({"type": "audio", "payload": {"url": "https://a.example/a"}}, "[Lyd] https://a.example/a"),
        ({"type": "fallback", "title": "Ferga", "url": "https://a.example/f", "payload": None}, "[Lenke: Ferga] https://a.example/f"),
        ({"type": "ig_reel", "payload": {"url": "https://a.example/r", "title": "Flom"}}, "[Deler: Flom] https://a.example/r"),
        ({"type": "story_mention", "payload": {"url": "https://a.example/s"}}, "[Deler] https://a.example/s"),
        ({"type": "image", "payload": {"url": "https://a.example/s", "sticker_id": 369239263222822}}, "[Klistremerke] https://a.example/s"),
        ({"type": "location", "title": "Brua", "payload": {"coordinates": {"lat": 59.1, "long": 10.2}}}, "[Sted: Brua] geo:59.1,10.2"),
        ({"type": "template", "payload": {"elements": [{"title": "Ferga", "subtitle": "Innstilt"}]}}, "[Kontakt: Ferga: Innstilt]"),
        ({"type": "unsupported_type", "payload": None}, "[Noe vi ikke kan vise her. Se det der det ble sagt: unsupported_type]"),
        ({"type": "image", "payload": {"url": None}}, "[Bilde]"),
    ],
)  # fmt: skip
def test_what_a_private_message_shows_is_told(attachment, lines):
    for value in (attachment, [attachment, None]):
        assert only(parsed("facebook", message(attachments=value))).body == f"Se\n\n{lines}"


def test_an_answer_to_a_story_tells_which():
    one = only(parsed("facebook", message(reply_to={"story": {"url": "https://a.example/s"}})))
    assert one.body == "Se\n\n[Siterer] https://a.example/s"


@pytest.mark.parametrize(
    "stamp", [SECONDS * 1000, SECONDS, str(SECONDS), "2026-11-30T09:00:00+0000"]
)
def test_a_time_there_is_read_in_whatever_unit(stamp):
    whole = message()
    whole["entry"][0]["messaging"][0]["timestamp"] = stamp
    assert only(parsed("facebook", whole)).occurred_at == NINE


# Threads -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"media_type": "VIDEO", "media_url": "https://a.example/v", "alt_text": "Flom"}, "[Film: Flom] https://a.example/v"),
        ({"gif_url": "https://a.example/g"}, "[Film] https://a.example/g"),
        ({"link_attachment_url": "https://a.example/f"}, "[Lenke] https://a.example/f"),
        ({"poll_attachment": {"option_a": "Ja", "option_b": "Nei", "option_c": None}}, "[Avstemning]\n• Ja\n• Nei"),
    ],
)  # fmt: skip
def test_what_a_reply_on_threads_shows_is_told(changes, lines):
    value = {"id": 5, "username": "kari", "text": "Se", "timestamp": None, **changes}
    one = only(parsed("threads", {"values": {"field": "replies", "value": value}}))
    assert (one.body, one.occurred_at, one.external_id) == (f"Se\n\n{lines}", AT, "5")


# X -----------------------------------------------------------------------------------------------


def tweet(includes: Any = None, **changes: Any) -> InboundMessage:
    post = {"id": "9", "author_id": "7", "text": "Se https://t.co/abc", "created_at": "2026-11-30T09:00:00.000Z", **changes}  # fmt: skip
    return only(parsed("x", posts.item(post, includes).body))


LINK = {"url": "https://t.co/abc", "expanded_url": "https://a.example/ferga"}


@pytest.mark.parametrize(
    ("changes", "includes", "body"),
    [
        ({"entities": {"urls": [LINK]}}, None, "Se https://a.example/ferga"),
        ({"entities": {"urls": [LINK | {"title": "Ferga", "description": "Innstilt"}]}}, None,
         "Se https://a.example/ferga\n\n[Lenke: Ferga – Innstilt]"),
        ({"text": "Kort …", "note_tweet": {"text": "Lang &amp; hel", "entities": None}}, None, "Lang & hel"),
        ({"text": "Se", "attachments": {"media_keys": ["3_1"]}},
         {"media": [{"media_key": "3_1", "type": "video", "alt_text": "Flom"}]}, "Se\n\n[Film: Flom]"),
        ({"text": "Se", "attachments": {"poll_ids": ["1"]}},
         {"polls": [{"id": "1", "options": [{"label": "Ja"}, {"label": "Nei"}], "end_datetime": None}]}, "Se\n\n[Avstemning]\n• Ja\n• Nei"),
        ({"text": "Se", "referenced_tweets": [{"type": "quoted", "id": 12}]}, None, "Se\n\n[Siterer] https://x.com/i/status/12"),
        ({"text": "Se https://t.co/abc https://t.co/abcd", "entities": {"urls": LINK}}, None, "Se https://a.example/ferga https://t.co/abcd"),
    ],
)  # fmt: skip
def test_a_post_on_x_is_whole_with_what_it_shows(changes, includes, body):
    assert tweet(includes, **changes).body == body


def test_pictures_on_x_are_fetched_and_nulls_are_nothing():
    media = {"media": {"media_key": "3_1", "type": "photo", "url": "https://a.example/1.jpg", "alt_text": None}}  # fmt: skip
    one = tweet(
        media, attachments={"media_keys": "3_1"}, entities=None, lang="und", created_at=None
    )
    assert [(file.url, file.alt) for file in one.attachments] == [("https://a.example/1.jpg", "")]
    assert (one.language, one.occurred_at) == ("", AT)


# YouTube and LinkedIn ----------------------------------------------------------------------------


def test_a_comment_on_youtube_without_times_or_a_channel_is_kept():
    snippet = {"textOriginal": "Se <her>", "publishedAt": None, "authorChannelId": None}
    one = only(
        parsed("youtube", {"comment": {"id": "Ug1", "snippet": snippet}, "status": "published"})
    )
    assert (one.body, one.occurred_at, one.author.external_id) == ("Se <her>", AT, "unknown:Ug1")


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"content": [{"type": "IMAGE", "url": "https://a.example/1.jpg"}]}, "Se\n\n[Bilde] https://a.example/1.jpg"),
        ({"content": {"type": "ARTICLE", "url": "https://a.example/f", "title": "Ferga"}}, "Se\n\n[Lenke: Ferga] https://a.example/f"),
        ({"message": {"text": "Se", "attributes": [{"value": {"url": "https://a.example/f"}}]}}, "Se\n\n[Lenke] https://a.example/f"),
        ({"message": None}, ""),
    ],
)  # fmt: skip
def test_a_comment_on_linkedin_tells_what_it_shows(changes, body):
    held = {"id": 5, "object": "urn:li:activity:1", "actor": "urn:li:person:7", "created": {"time": SECONDS * 1000}}  # fmt: skip
    held |= {"message": {"text": "Se"}, **changes}
    one = only(parsed("linkedin", comments.item_of(held, "urn:li:share:1").body))
    assert (one.body, one.occurred_at) == (body, NINE)


# Fuzzed ------------------------------------------------------------------------------------------

ODD = st.sampled_from(
    [None, 0, 5, -1.5, True, "", "x", "\ud83d", [], {}, [None], {"id": None}, "1" * 5000]
)
WHOLE: dict[str, Any] = {
    "facebook": delivery(comment(photo="https://a.example/1"), comment(item="share"), messaging=message(attachments=[{"type": "file"}])["entry"][0]["messaging"]),
    "instagram": {"object": "instagram", "entry": [{"id": PAGE, "time": SECONDS, "changes": [{"field": "comments", "value": {"id": "1", "text": "Se", "from": {"id": "7"}, "media": {"id": "2"}}}]}]},
    "threads": {"values": [{"field": "replies", "value": {"id": "5", "username": "kari", "text": "Se", "replied_to": {"id": "1"}}}]},
    "x": json.loads(posts.item({"id": "9", "author_id": "7", "text": "Se", "entities": {"urls": [LINK]}}, {"users": [{"id": "7", "username": "kari"}]}).body),
    "youtube": {"comment": {"id": "Ug1", "snippet": {"textOriginal": "Se", "authorChannelId": {"value": "UC7"}}}, "status": "published"},
    "linkedin": json.loads(comments.item_of({"id": 5, "object": "urn:li:activity:1", "actor": "urn:li:person:7", "message": {"text": "Se"}}, "urn:li:share:1").body),
}  # fmt: skip


def changed(draw: st.DrawFn, held: Any) -> Any:
    """The same with an odd value in places."""
    if draw(st.integers(0, 11)) == 0:
        return draw(ODD)
    if isinstance(held, dict):
        return {name: changed(draw, one) for name, one in held.items()}
    if isinstance(held, list):
        return [changed(draw, one) for one in held]
    return held


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[str, bytes]:
    network = draw(st.sampled_from(sorted(WHOLE)))
    body = json.dumps(changed(draw, WHOLE[network])).encode()
    if draw(st.integers(0, 4)) == 0:
        cut = draw(st.integers(0, len(body)))
        body = body[:cut] + draw(st.binary(max_size=6)) + body[cut + draw(st.integers(0, 9)) :]
    return network, body


@pytest.mark.growth
@pytest.mark.timeout(3600)
@tried
@given(deliveries())
def test_no_change_of_a_delivery_crashes_its_reader_or_takes_its_time(one):
    network, body = one
    with in_time():
        try:
            found = parsed(network, body)
        except Unparseable:
            return
    assert all(isinstance(each, InboundMessage | NetworkEvent) for each in found)
