"""What people on other networks really send, read whole: Mastodon's own API, Bluesky, Matrix, and other systems."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from tests.field.mutations import INPUTS, in_time, inputs, mutations, tried
from torget.adapters.mastodon.parsing import body_of, says_the_same
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
ACCOUNTS = {
    "mastodon": AccountAccess(1, "mastodon", "nordvaag@mastodon.example", "N", {"server": "https://mastodon.example"}),
    "bluesky": AccountAccess(2, "bluesky", "nordvaag.example", "N"),
    "matrix": AccountAccess(3, "matrix", "@nordvaag:matrix.example", "N"),
    "webhook": AccountAccess(4, "webhook", "fag", "N"),
}  # fmt: skip
NETWORKS = {44: "mastodon", 46: "mastodon", 51: "bluesky", 53: "bluesky", 116: "matrix", 55: "webhook", 57: "webhook"}  # fmt: skip


def number(name: str) -> int:
    return int(name.partition("-")[0])


FILES = [path for path in inputs("*.json") if number(path.name) in NETWORKS]


def told(network: str, held: Any) -> list[InboundMessage | NetworkEvent]:
    body = held if isinstance(held, bytes) else json.dumps(held, ensure_ascii=False).encode()
    item = RawItem("x", body, "application/json")
    return list(adapters()[network].parse(item, ACCOUNTS[network], received_at=AT))


def only(found: list[InboundMessage | NetworkEvent]) -> InboundMessage:
    (one,) = found
    assert isinstance(one, InboundMessage)
    return one


def held(name: str) -> Any:
    return json.loads((INPUTS / f"{name}.json").read_bytes())


def case(name: str) -> InboundMessage:
    return only(told(NETWORKS[number(name)], (INPUTS / f"{name}.json").read_bytes()))


# Mastodon ----------------------------------------------------------------------------------------


def status(**changes: Any) -> InboundMessage:
    whole = held("46-mastodon-video")
    whole["notification"]["status"] |= {"media_attachments": [], **changes}
    return only(told("mastodon", whole))


def test_words_that_are_a_link_keep_its_address():
    assert case("44-mastodon-link-with-words").body == (
        "Jeg fyller ut skjemaet deres (https://skjema.example/byggesak?id=7) og får feil."
    )


def test_films_and_sound_are_told_with_their_descriptions():
    one = case("46-mastodon-video")
    assert one.body == (
        "Slik ser flommen ut\n\n[Film: Vann over veien ved brua] https://mastodon.example/f.mp4\n"
        "[Lyd: Opptak] https://mastodon.example/f.mp3"
    )
    assert (one.attachments, one.occurred_at) == ([], NINE)


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"poll": {"options": [{"title": "Ja"}, {"title": "<Nei>"}], "multiple": True, "expires_at": None}},
         "[Avstemning: flere svar er mulig]\n• Ja\n• <Nei>"),
        ({"card": {"url": "https://a.example/f", "title": "Ferga", "description": "Innstilt"}},
         "[Lenke: Ferga – Innstilt] https://a.example/f"),
        ({"card": {"url": "https://a.example/f", "title": None, "description": ""}}, "[Lenke] https://a.example/f"),
        ({"media_attachments": [{"type": "gifv", "url": None, "remote_url": "https://a.example/g", "description": None}]},
         "[Film] https://a.example/g"),
        ({"media_attachments": [{"type": "unknown", "url": None, "remote_url": "https://a.example/g"}]}, "[Fil] https://a.example/g"),
        ({"media_attachments": {"type": "audio", "url": "https://a.example/g"}}, "[Lyd] https://a.example/g"),
        ({"media_attachments": [{"type": "image", "url": None, "description": "Kai"}]}, "[Bilde: Kai]"),
        ({"quote": {"state": "accepted", "quoted_status": {"url": "https://m.example/@oda/1", "content": "<p>Før</p>", "account": {"acct": "oda@m.example"}}}},
         "[Siterer: @oda@m.example – «Før»] https://m.example/@oda/1"),
        ({"pleroma": {"quote": {"url": "https://m.example/@oda/1"}}}, "[Siterer] https://m.example/@oda/1"),
    ],
)  # fmt: skip
def test_what_a_post_shows_beside_its_words_is_told(changes, lines):
    assert status(**changes).body == f"Slik ser flommen ut\n\n{lines}"


def test_of_many_pictures_the_rest_is_told():
    pictures = [{"type": "image", "url": f"https://a.example/{each}.png"} for each in range(12)]
    one = status(media_attachments=pictures)
    assert len(one.attachments) == 10
    assert one.body.endswith("[Bilde] https://a.example/10.png\n[Bilde] https://a.example/11.png")


@pytest.mark.parametrize(
    ("tag", "language"), [("nb", "nb"), ("nn-NO", "nn"), ("sma", "sma"), ("und", ""), (None, "")]
)
def test_a_posts_language_is_what_its_tag_says(tag, language):
    assert status(language=tag).language == language


def test_numbers_for_ids_and_nulls_are_understood():
    account = {"id": 5, "acct": "kari", "display_name": None, "url": None}
    one = status(id=11, account=account, created_at=None, spoiler_text=None, poll=None, card=None)
    assert (one.external_id, one.author.name, one.occurred_at) == (
        "mastodon:mastodon.example:11",
        "kari",
        AT,
    )


def test_a_mention_whose_post_is_gone_says_nothing():
    whole = held("46-mastodon-video")
    whole["notification"]["status"] = None
    assert [type(one) for one in told("mastodon", whole)] == [NetworkEvent]


def test_a_card_that_comes_later_is_no_edit():
    bare = {"content": "<p>Se <a href='https://a.example/f'>ferga</a></p>", "card": None}
    later = bare | {"card": {"url": "https://a.example/f", "title": "Ferga"}}
    assert body_of(later) != body_of(bare)
    assert says_the_same(later, body_of(bare))
    assert says_the_same(bare, body_of(later))
    assert not says_the_same(later | {"content": "<p>Se kaia</p>"}, body_of(bare))


# Bluesky -----------------------------------------------------------------------------------------


def post(view: Any = None, **record: Any) -> InboundMessage:
    whole = held("53-bluesky-facet-in-letter")
    whole["notification"]["record"] |= {"facets": [], **record}
    whole["post"] = {"embed": view}
    return only(told("bluesky", whole))


def test_a_link_card_is_told_with_its_address():
    one = case("51-bluesky-link-card-only")
    assert one.body == (
        "Stemmer dette?\n\n[Lenke: Ferga er innstilt – Ingen vet hvorfor] https://avis.example/ferga"
    )
    assert one.language == "nb"


def test_facets_beyond_the_text_or_inside_a_letter_are_left_alone():
    assert case("53-bluesky-facet-in-letter").body == "Ødelagt facet"


def facet(start: Any, end: Any, **feature: Any) -> dict[str, Any]:
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}


@pytest.mark.parametrize(
    ("facets", "text"),
    [
        ([facet(4, 13, uri="https://x.example/s")], "Fyll skjemaet (https://x.example/s) her"),
        ([facet(5, 13, uri="https://x.example/s"), facet(14, 17, uri="https://x.example/h")],
         "Fyll skjemaet (https://x.example/s) her (https://x.example/h)"),
        ([facet(5, 13, uri="javascript:x()")], "Fyll skjemaet her"),
        ([facet(5, 13, did="did:plc:kari")], "Fyll skjemaet her"),
        ([facet("5", 13, uri="https://x.example/s"), None, 5, {}, {"index": None}], "Fyll skjemaet her"),
        ([facet(13, 5, uri="https://x.example/s"), facet(-1, 4, uri="https://x.example")], "Fyll skjemaet her"),
        (None, "Fyll skjemaet her"),
    ],
)  # fmt: skip
def test_a_link_behind_words_keeps_its_address(facets, text):
    assert post(text="Fyll skjemaet her", facets=facets).body == text


QUOTED = {"uri": "at://did:plc:oda/app.bsky.feed.post/3q", "cid": "c"}
FILM = {"$type": "app.bsky.embed.video", "video": {}, "alt": "Vann over veien"}


@pytest.mark.parametrize(
    ("embed", "lines"),
    [
        (FILM, "[Film: Vann over veien]"),
        ({"$type": "app.bsky.embed.record", "record": QUOTED}, "[Siterer] https://bsky.app/profile/did:plc:oda/post/3q"),
        ({"$type": "app.bsky.embed.recordWithMedia", "record": {"record": QUOTED}, "media": FILM},
         "[Film: Vann over veien]\n[Siterer] https://bsky.app/profile/did:plc:oda/post/3q"),
        ({"$type": "app.bsky.embed.recordWithMedia", "record": {"record": QUOTED},
          "media": {"$type": "app.bsky.embed.external", "external": {"uri": "https://a.example/f", "title": "Ferga", "description": None}}},
         "[Lenke: Ferga] https://a.example/f\n[Siterer] https://bsky.app/profile/did:plc:oda/post/3q"),
        ({"$type": "app.bsky.embed.record", "record": {"uri": "at://did:plc:oda/app.bsky.graph.list/3l"}},
         "[Siterer] https://bsky.app/profile/did:plc:oda/lists/3l"),
        ({"$type": "com.example.embed.map", "where": 1},
         "[Noe vi ikke kan vise her. Se det der det ble sagt: com.example.embed.map]"),
    ],
)  # fmt: skip
def test_what_a_post_there_shows_beside_its_words_is_told(embed, lines):
    assert post(text="Se", embed=embed).body == f"Se\n\n{lines}"


def test_pictures_are_fetched_with_their_description_and_the_quoted_words_can_be_read():
    shown = {"$type": "app.bsky.embed.images", "images": [{"alt": "Kai", "image": {}}]}
    view = {
        "media": {"images": [{"fullsize": "https://cdn.example/1", "alt": "Kai"}, None, {"fullsize": 5}]},
        "record": {"record": {"author": {"handle": "oda.example"}, "value": {"text": "Ferga går ikke"}}},
    }  # fmt: skip
    embed = {
        "$type": "app.bsky.embed.recordWithMedia",
        "record": {"record": QUOTED},
        "media": shown,
    }
    one = post(view, text="Se", embed=embed)
    assert [(file.url, file.alt) for file in one.attachments] == [("https://cdn.example/1", "Kai")]
    assert one.folded == "@oda.example:\nFerga går ikke"
    assert "at://did:plc:oda/app.bsky.feed.post/3q" in one.parents


@pytest.mark.parametrize(
    ("langs", "language"),
    [(["sma"], "sma"), (["und", "nn-NO"], "nn"), ("nb", "nb"), ([], ""), (None, ""), ([5], "")],
)
def test_languages_there_are_one_or_many(langs, language):
    assert post(langs=langs).language == language


def test_an_odd_answer_or_embed_does_not_lose_the_post():
    for odd in (None, 5, "x", [], {"record": None}, {"external": None}, {"images": [None]}):
        assert post(odd, text="Hei", embed=odd, reply=odd).body.startswith("Hei")


# Matrix ------------------------------------------------------------------------------------------


def event(
    kind: str = "m.room.message", with_file: bytes | None = None, **content: Any
) -> InboundMessage:
    whole = held("116-matrix-link-in-formatted")
    whole["event"] |= {"type": kind, "content": content}
    if with_file is not None:
        whole["file"] = base64.b64encode(with_file).decode()
    return only(told("matrix", whole))


def test_a_link_in_the_formatted_words_keeps_its_address():
    assert case("116-matrix-link-in-formatted").body == "Se skjemaet (https://skjema.example/1)"


POLL = {
    "question": {"org.matrix.msc1767.text": "Når?"},
    "answers": [{"id": "1", "org.matrix.msc1767.text": "Man"}, {"id": "2", "m.text": [{"body": "Tir"}]}],
    "max_selections": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "content", "body"),
    [
        ("m.room.message", {"msgtype": "m.text", "body": "x", "format": "org.matrix.custom.html",
          "formatted_body": "<mx-reply>før</mx-reply>1 < 2 <a href='https://matrix.to/#/@oda:x.example'>Oda</a><ol><li>a</ol>"},
         "1 < 2 Oda\n\n1. a"),
        ("m.room.message", {"msgtype": "m.text", "body": "Se <her>", "formatted_body": None}, "Se <her>"),
        ("m.room.message", {"msgtype": "m.text", "body": "Se <her>", "format": "x", "formatted_body": "<b>nei</b>"}, "Se <her>"),
        ("m.room.message", {"msgtype": "m.video", "body": "flom.mp4", "url": None, "file": {"url": "mxc://x/1"}}, "[Film: flom.mp4]"),
        ("m.room.message", {"msgtype": "m.file", "body": "Her er søknaden", "filename": "s.pdf"}, "Her er søknaden\n\n[Fil: s.pdf]"),
        ("m.room.message", {"msgtype": "m.location", "body": "Ved brua", "geo_uri": "geo:59.1,10.2"}, "Ved brua\n\n[Sted] geo:59.1,10.2"),
        ("m.room.message", {"msgtype": "org.example.map", "body": "Kart"}, "Kart\n\n[Noe vi ikke kan vise her. Se det der det ble sagt: org.example.map]"),
        ("m.room.message", {"msgtype": "m.text", "body": "Se", "com.beeper.linkpreviews": [{"matched_url": "https://a.example/f", "og:title": "Ferga"}]},
         "Se\n\n[Lenke: Ferga] https://a.example/f"),
        ("m.sticker", {"body": "Smilefjes", "url": "mxc://x/1"}, "Smilefjes\n\n[Klistremerke: Smilefjes]"),
        ("org.matrix.msc3381.poll.start", {"org.matrix.msc3381.poll.start": POLL}, "[Avstemning: Når?]\n• Man\n• Tir"),
        ("m.room.message", {"msgtype": "m.emote", "body": None}, ""),
    ],
)  # fmt: skip
def test_what_an_event_shows_is_told(kind, content, body):
    assert event(kind, **content).body == body


@pytest.mark.parametrize(
    ("body", "words", "folded"),
    [
        ("> <@oda:x.example> Ferga går\n\nNei", "Nei", "> <@oda:x.example> Ferga går"),
        ("> Ferga går\n\nNei, den går ikke", "> Ferga går\n\nNei, den går ikke", ""),
    ],
)
def test_only_the_marked_repetition_is_folded(body, words, folded):
    relates = {"m.in_reply_to": {"event_id": "$e0"}}
    one = event(msgtype="m.text", body=body, **{"m.relates_to": relates})
    assert (one.body, one.folded) == (words, folded)


def test_a_file_that_came_with_its_event_is_kept():
    one = event(
        with_file=b"PNG", msgtype="m.image", body="Kaia", filename="kai.png", url="mxc://x/1"
    )
    assert (one.body, one.attachments[0].name, one.attachments[0].alt) == (
        "Kaia",
        "kai.png",
        "Kaia",
    )


# Other systems -----------------------------------------------------------------------------------


def test_nulls_from_another_system_are_nothing():
    one = case("55-webhook-nulls")
    assert (one.author.external_id, one.author.name, one.subject, one.body) == ("kari", "", "", "")
    assert (one.language, one.visibility, one.case, list(one.parents)) == ("", "private", "", [])
    assert one.occurred_at == AT


def test_numbers_from_another_system_are_ids():
    one = case("57-webhook-number-body")
    assert (one.external_id, one.author.external_id, one.author.name) == ("17", "90000000", "Kari")
    assert (one.body, one.language, list(one.parents), one.occurred_at) == ("Hull", "nb", [], NINE)


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"parent": ["a", None, 5]}, "parents", ["a", "5"]),
        ({"occurred_at": 1796029200}, "occurred_at", NINE),
        ({"occurred_at": "30.11.2026 10:00"}, "occurred_at", NINE),
        ({"occurred_at": "i dag"}, "occurred_at", AT),
        ({"language": "smj"}, "language", "smj"),
        ({"language": "und"}, "language", ""),
        ({"body": 17}, "body", "17"),
        ({"body": "Se <her> & 'der'"}, "body", "Se <her> & 'der'"),
        ({"visibility": "PUBLIC"}, "visibility", "public"),
        ({"case": 0}, "case", ""),
        ({"subject": ["x"]}, "subject", ""),
    ],
)
def test_fields_of_another_system_are_read_as_they_are_meant(changes, name, value):
    one = only(told("webhook", held("57-webhook-number-body") | changes))
    assert getattr(one, name) == value


@pytest.mark.parametrize("author", [None, {}, {"id": None}, {"id": ""}, {"id": 0}, "kari"])
def test_who_has_no_id_is_not_taken_for_anybody(author):
    with pytest.raises(Unparseable):
        told("webhook", held("57-webhook-number-body") | {"author": author})


# Fuzzed ------------------------------------------------------------------------------------------


@pytest.mark.growth
@pytest.mark.timeout(3600)
@tried
@given(mutations(FILES))
def test_no_change_of_an_event_crashes_its_reader_or_takes_its_time(changed):
    name, body = changed
    with in_time():
        try:
            found = told(NETWORKS[number(name)], body)
        except Unparseable:
            return
    assert found
    assert all(isinstance(one, InboundMessage | NetworkEvent) for one in found)
