"""What servers of the fediverse really send, read whole: field cases of ActivityPub, and more of each kind."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from tests.field.mutations import INPUTS, in_time, inputs, mutations, tried
from torget.adapters.activitypub.parsing import parse
from torget.channels.contract import (
    AccountAccess,
    InboundMessage,
    NetworkEvent,
    RawItem,
    Unparseable,
)

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
ORIGIN = "https://torg.nordvaag.example.no"
OURS = f"{ORIGIN}/ap/nordvaag"
KARI = "https://fedi.example/users/kari"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
ACCOUNT = AccountAccess(
    1,
    "activitypub",
    "nordvaag@torg.nordvaag.example.no",
    "Nordvåg kommune",
    {"origin": ORIGIN, "hook": "0" * 32},
)
CASES = [*range(26, 44), 101, 125]
FILES = [one for one in inputs("*.json") if int(one.name.partition("-")[0]) in CASES]


def told(held: Any, **headers: str) -> list[InboundMessage | NetworkEvent]:
    body = held if isinstance(held, bytes) else json.dumps(held, ensure_ascii=False).encode()
    item = RawItem("x", body, "application/activity+json", headers)
    return list(parse(item, ACCOUNT, received_at=AT))


def case(name: str, **headers: str) -> list[InboundMessage | NetworkEvent]:
    return told((INPUTS / f"{name}.json").read_bytes(), **headers)


def only(found: list[InboundMessage | NetworkEvent]) -> InboundMessage:
    (one,) = found
    assert isinstance(one, InboundMessage)
    return one


def note(**changes: Any) -> dict[str, Any]:
    held = {"id": "https://fedi.example/notes/1", "type": "Note", "attributedTo": KARI}
    held |= {"to": [PUBLIC], "cc": [OURS], "content": "<p>Hei</p>", **changes}
    return {name: value for name, value in held.items() if value is not ...}


def create(*notes: Any, **changes: Any) -> dict[str, Any]:
    held = {"id": "https://fedi.example/a/1", "type": "Create", "actor": KARI, "to": [PUBLIC]}
    return held | {"object": list(notes) if len(notes) > 1 else notes[0], **changes}


def said(**changes: Any) -> InboundMessage:
    return only(told(create(note(**changes))))


# The field cases ------------------------------------------------------------------------------


def test_two_notes_in_one_create_are_two_messages():
    assert [one.body for one in case("26-two-notes-in-one-create")] == ["Del 1", "Del 2"]


def test_a_create_that_only_names_its_note_is_read_with_it_or_set_aside():
    with pytest.raises(Unparseable, match="not with it"):
        case("27-create-by-reference")
    document = {"https://fedi.example/notes/1": note()}
    assert only(case("27-create-by-reference", named=json.dumps(document))).body == "Hei"


def test_what_is_addressed_on_the_create_only_is_for_us_and_private():
    one = only(case("29-addressed-only-on-create"))
    assert (one.body, one.visibility) == ("Hei", "private")


def test_a_link_that_is_attached_stands_as_an_address_in_the_text():
    one = only(case("30-lemmy-link-attachment"))
    assert (one.subject, one.attachments) == ("Hva mener kommunen om dette?", [])
    assert one.body == "[Lenke] https://avis.example/ferga-innstilt"


def test_markdown_is_read_as_it_was_written_and_a_film_has_its_address():
    one = only(case("32-peertube-video"))
    assert one.body.startswith("Her er <filmen> jeg lovet @nordvaag\n\n**Se 0:40**\n\n")
    assert "[Film: Flom i Storelva] https://fedi.example/1.mp4" in one.body
    assert "https://fedi.example/w/1" in one.body
    assert (one.subject, one.url) == ("Flom i Storelva", "https://fedi.example/w/1")


@pytest.mark.parametrize(
    ("name", "language"), [("33-language-und", ""), ("34-language-sma", "sma")]
)
def test_a_language_is_what_its_tag_says(name, language):
    assert only(case(name)).language == language


def test_a_misskey_note_keeps_its_link_its_ruby_and_what_it_quotes():
    one = only(case("35-misskey"))
    assert one.body == (
        "Når åpner ferga? rutetabellen (https://ferge.example/rute?x=1&y=2)\n\n"
        "ferge(båt)\n\n[Siterer] https://other.example/n/9"
    )
    assert one.subject == one.warning == ""


def test_lines_in_pre_are_lines():
    assert only(case("36-code-in-pre")).body == ("Skjemaet sier:\n\nFeil 500\n  linje 2\n  linje 3")


def test_an_odd_declaration_loses_no_words():
    assert only(case("38-odd-declaration")).body == "Hei du og deg der"


@pytest.mark.parametrize("name", ["39-delete-tombstone-no-id", "43-emoji-react"])
def test_what_says_nothing_is_nothing(name):
    assert case(name) == []


def test_a_group_that_passes_a_create_on_says_nothing_to_us():
    (one,) = case("40-lemmy-announce-create")
    assert isinstance(one, NetworkEvent)
    assert one.data["what"] == "Announce"


def test_a_like_without_an_id_is_known_by_what_it_likes():
    (one,) = case("41-undo-like-without-id")
    assert isinstance(one, NetworkEvent)
    assert (one.data["object_type"], one.data["of"]) == ("Like", f"{ORIGIN}/ap/o/nordvaag/42")


def test_a_chat_message_is_a_private_message():
    one = only(case("125-chat-message"))
    assert (one.body, one.visibility) == ("Hei, privat spørsmål", "private")


def test_an_account_we_never_knew_is_gone_as_news_only():
    (one,) = case("101-delete-of-unknown-actor")
    assert isinstance(one, NetworkEvent)


# A list is every member of it -----------------------------------------------------------------


@pytest.mark.parametrize("name", ["to", "cc", "bto", "bcc", "audience"])
@pytest.mark.parametrize("value", [OURS, [OURS], [None, OURS], {"id": OURS}, [{"id": OURS}]])
def test_we_are_addressed_wherever_and_however_we_stand(name, value):
    bare = note(to=..., cc=...)
    assert only(told(create({**bare, name: value}, to=None))).visibility == "private"
    assert only(told(create(bare, **{"to": None, name: value}))).visibility == "private"


def test_we_may_be_the_last_of_many():
    many = [f"https://fedi.example/users/{number}" for number in range(3_000)]
    assert said(to=[], cc=[*many, OURS]).body == "Hei"


def test_a_private_note_stays_private_in_a_public_activity():
    assert only(told(create(note(to=[OURS], cc=[]), to=[PUBLIC]))).visibility == "private"


@pytest.mark.parametrize(
    "tag",
    [
        {"type": "Mention", "href": OURS},
        {"type": ["Mention"], "href": OURS},
        {"type": "Mention", "name": "@Nordvaag@torg.nordvaag.example.no"},
        {"type": "Mention", "href": f"{ORIGIN}/@nordvaag", "name": "nordvaag@torg.nordvaag.example.no"},
    ],
)  # fmt: skip
def test_we_are_mentioned_by_address_or_by_name(tag):
    assert said(cc=[], tag=tag).body == "Hei"
    assert said(cc=[], tag=["odd", None, tag]).body == "Hei"


def test_everything_answered_is_an_answer():
    ours = f"{ORIGIN}/ap/o/nordvaag/42"
    answers = ["https://other.example/n/1", {"id": ours, "type": "Note"}]
    first = told(create(note(cc=[], inReplyTo=answers)))[0]
    assert isinstance(first, InboundMessage)
    assert list(first.parents) == ["https://other.example/n/1", ours]


def test_one_bad_document_is_set_aside_and_the_others_are_read():
    bad = {"type": "Note", "content": "uten id"}
    elsewhere = note(id="https://other.example/n/1", attributedTo="https://other.example/u/x")
    found = told(create(note(), bad, elsewhere, "https://fedi.example/notes/7"))
    kinds = [one.kind if isinstance(one, NetworkEvent) else one.body for one in found]
    assert kinds == ["Hei", "unread", "unread", "unread"]
    assert "uten id" in found[1].data["body"]


def test_several_things_taken_back_are_each_taken_back():
    objects = [f"https://fedi.example/notes/{number}" for number in (1, 2)]
    held = {"id": "https://fedi.example/d", "type": "Delete", "actor": KARI, "object": objects}
    gone = [one for one in told(held) if isinstance(one, InboundMessage)]
    assert [one.external_id for one in gone] == objects
    assert {one.kind for one in gone} == {"delete"}


def test_several_things_liked_are_each_liked():
    objects = [f"{ORIGIN}/ap/o/nordvaag/{number}" for number in (1, 2)]
    held = {"id": "https://fedi.example/l", "type": ["Like"], "actor": {"id": KARI}}
    assert [one.data["object"] for one in told(held | {"object": objects})] == objects


@pytest.mark.parametrize(
    "wrote",
    [KARI, [KARI], {"id": KARI}, [{"type": "Group", "id": "https://fedi.example/g"}, {"id": KARI}], ..., None],
)  # fmt: skip
def test_who_wrote_it_may_be_one_or_many_or_not_told(wrote):
    assert said(attributedTo=wrote).author.external_id == KARI


def test_nobody_speaks_for_others():
    for changes in (
        {"attributedTo": "https://fedi.example/users/oda"},
        {"id": "https://x.example/1"},
    ):
        with pytest.raises(Unparseable, match="somebody else"):
            told(create(note(**changes)))


# What stands beside the words is told ------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "line"),
    [
        ({"type": "Link", "href": "https://a.example/x", "name": "Ferga"}, "[Lenke: Ferga] https://a.example/x"),
        ({"type": "Document", "mediaType": "text/html", "url": "https://a.example/x"}, "[Lenke] https://a.example/x"),
        ({"type": "Page", "url": [{"type": "Link", "href": "https://a.example/x"}]}, "[Lenke] https://a.example/x"),
        ("https://a.example/x", "[Lenke] https://a.example/x"),
        ({"type": "Document", "mediaType": "video/mp4", "url": "https://a.example/f", "name": "Flommen"},
         "[Film: Flommen] https://a.example/f"),
        ({"type": "Video", "url": "https://a.example/f", "summary": "<p>Flommen</p>"}, "[Film: Flommen] https://a.example/f"),
        ({"type": "Audio", "mediaType": "audio/ogg", "url": {"href": "https://a.example/f"}}, "[Lyd] https://a.example/f"),
    ],
)  # fmt: skip
def test_what_is_attached_and_not_kept_is_told(held, line):
    for value in (held, [held]):
        one = said(attachment=value)
        assert one.body == f"Hei\n\n{line}"
        assert one.attachments == []


@pytest.mark.parametrize(
    "held",
    [
        {"type": "Image", "url": "https://a.example/b.png", "name": "Kai"},
        {"type": "Document", "mediaType": "image/png", "url": "https://a.example/b", "summary": "Kai"},
        {"type": "Image", "url": [{"type": "Link", "href": "https://a.example/b", "mediaType": "image/png"}], "nameMap": {"nb": "Kai"}},
        {"type": "Document", "url": "https://a.example/skjema.pdf", "name": "Kai"},
    ],
)  # fmt: skip
def test_pictures_and_papers_are_fetched_with_their_description(held):
    (file,) = said(attachment=held).attachments
    assert (file.alt, file.url.startswith("https://a.example/")) == ("Kai", True)


@pytest.mark.parametrize(
    ("held", "line"),
    [
        (
            {"type": "Document", "mediaType": "image/png", "url": None, "name": "Kai"},
            "[Bilde: Kai]",
        ),
        ({"type": "Image", "url": "data:image/png;base64,AAAA", "name": "Kai"}, "[Bilde: Kai]"),
        ({"type": "PropertyValue", "name": "Pris", "value": "<b>100 kr</b>"}, "[Pris: 100 kr]"),
    ],
)
def test_what_has_no_address_is_named(held, line):
    assert said(attachment=held).body == f"Hei\n\n{line}"


def test_an_address_of_a_file_may_be_long():
    long = f"https://cdn.example/1.png?{'x' * 900}"
    assert said(attachment={"type": "Image", "url": long}).attachments[0].url == long


def test_of_very_many_pictures_the_rest_is_told():
    pictures = [{"type": "Image", "url": f"https://a.example/{number}.png"} for number in range(20)]
    one = said(attachment=pictures)
    assert len(one.attachments) == 16
    assert "[Bilde] https://a.example/19.png" in one.body


def test_a_poll_tells_its_options_and_until_when():
    options = [{"type": "Note", "name": "Ja <nå>"}, {"name": "Nei", "replies": None}, "Vet ikke"]
    one = said(type="Question", anyOf=options, endTime="2026-12-03T11:00:00Z", closed=None)
    assert one.body == (
        "Hei\n\n[Avstemning: flere svar er mulig, åpen til 3. des. 2026 kl. 12.00]\n"
        "• Ja <nå>\n• Nei\n• Vet ikke"
    )


def test_a_poll_that_tells_when_it_closes_is_open_till_then():
    one = said(type="Question", oneOf=[{"name": "Ja"}], closed="2026-12-03T11:00:00Z")
    assert "[Avstemning: åpen til 3. des. 2026 kl. 12.00]" in one.body
    assert (
        "[Avstemning: avsluttet]" in said(type="Question", oneOf=[{"name": "Ja"}], closed=True).body
    )


def test_an_event_tells_when_and_every_place():
    place = {"type": "Place", "name": "Skolen", "address": {"streetAddress": "Skoleveien 1", "addressLocality": "Nordvåg"}}  # fmt: skip
    spot = {"type": "Place", "latitude": 59.1, "longitude": 10.2}
    one = said(
        type="Event", name="Dugnad", startTime="2026-12-01T17:00:00Z", location=[place, spot]
    )
    assert one.subject == "Dugnad"
    assert one.body == (
        "Hei\n\n[Tid: 1. des. 2026 kl. 18.00]\n"
        "[Sted: Skolen – Skoleveien 1, Nordvåg]\n[Sted] geo:59.1,10.2"
    )


@pytest.mark.parametrize("name", ["quoteUrl", "quoteUri", "_misskey_quote", "quote"])
def test_what_is_quoted_is_told_once(name):
    url = "https://other.example/n/9"
    assert said(**{name: url}).body == f"Hei\n\n[Siterer] {url}"
    assert said(content=f"<p>Hei</p><p>RE: {url}</p>", **{name: url}).body == f"Hei\n\nRE: {url}"


def test_a_quote_as_a_link_in_the_tags_is_told():
    kind = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
    tag = {"type": "Link", "mediaType": kind, "href": "https://other.example/n/9"}
    assert said(tag=tag).body == "Hei\n\n[Siterer] https://other.example/n/9"


def test_a_sound_tells_where_it_is_heard():
    links = [{"type": "Link", "mediaType": "audio/ogg", "href": "https://fedi.example/1.ogg"}]
    one = said(type="Audio", name="Opptak", content=None, url=links)
    assert "[Lyd: Opptak] https://fedi.example/1.ogg" in one.body


def test_a_film_hidden_in_a_playlist_is_found():
    film = {"type": "Link", "mediaType": "video/mp4", "href": "https://fedi.example/1.mp4"}
    playlist = {"type": "Link", "mediaType": "application/x-mpegURL", "href": "https://fedi.example/1.m3u8", "tag": [film]}  # fmt: skip
    page = {"type": "Link", "mediaType": "text/html", "href": "https://fedi.example/w/1"}
    one = said(type="Video", name="Flom", url=[page, playlist])
    assert "[Film: Flom] https://fedi.example/1.mp4" in one.body


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a class="mention" href="https://x.example/s">skjemaet</a>', "skjemaet (https://x.example/s)"),
        ('@<a href="https://f.example/profile/kari">kari</a> hei', "@kari hei"),
        ('<a href="https://f.example/u/kari">@kari@f.example</a>', "@kari@f.example"),
        ('<a href="https://ond.example/x">@kari@f.example</a>', "@kari@f.example (https://ond.example/x)"),
        ('<a href="mailto:kari@x.example">skriv</a>', "skriv (kari@x.example)"),
        ('<a href="/skjema">her</a>', "her (https://fedi.example/skjema)"),
        ('<img src="/k.png" alt="Kart">', "[Bilde: Kart] https://fedi.example/k.png"),
        ('<img class="emoji" alt=":blob:" src="b.png"> ja', ":blob: ja"),
        ('<img alt="Kart" src="data:image/png;base64,AAAA">', "[Bilde: Kart]"),
        ('<iframe src="https://v.example/1" title="Flom"></iframe>', "[Innebygd: Flom] https://v.example/1"),
        ('<video src="https://v.example/1.mp4" title="Flom"></video>', "[Film: Flom] https://v.example/1.mp4"),
        ('<video><source src="https://v.example/1.mp4"><source src="https://v.example/1.webm"></video>', "[Film] https://v.example/1.mp4"),
        ('<img src="https://a.example/t.gif" width="1" height="1">Hei', "Hei"),
        ("Her er <filmen> og <b>boka</b>", "Her er <filmen> og boka"),
        ("<ol start=3><li>tre<li>fire</ol>", "3. tre\n4. fire"),
        ("<ol><li value=7>sju<ul><li>a</ul><li>åtte</ol>", "7. sju\n  – a\n8. åtte"),
        ("<blockquote><p>før</p></blockquote><p>nå</p>", "> før\n\nnå"),
        ("åpent <del>mandag</del> tirsdag", "åpent ~~mandag~~ tirsdag"),
        ("<table><tr><td>Man</td><td>8</td></tr><tr><td>Tir</td><td>9</td></tr></table>", "Man | 8\nTir | 9"),
        ("a &lt;b&gt; c", "a <b> c"),
        ("3 < 4 & 5 > 2", "3 < 4 & 5 > 2"),
        ("<![CDATA[ inni ]]> utenfor", "inni utenfor"),
        ("<?xml version='1'?> og <!ELEMENT x>", "<?xml version='1'?> og <!ELEMENT x>"),
    ],
)  # fmt: skip
def test_html_says_what_a_reader_sees(html, text):
    assert said(content=html).body == text


# Plain text is not markup ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", ["text/markdown", "text/plain", "Text/Markdown; charset=utf-8", "text/x-misskeymarkdown", "text/bbcode"]
)  # fmt: skip
def test_what_is_no_html_is_read_sign_for_sign(kind):
    assert said(content="Se <her> & [b]der[/b]\n\nnytt", mediaType=kind).body == (
        "Se <her> & [b]der[/b]\n\nnytt"
    )


def test_a_name_is_plain_text_and_a_title_of_an_answer_is_said():
    assert said(name="Ferga &#8211; igjen").subject == "Ferga – igjen"
    one = said(type="Article", name="Om <filmen>", inReplyTo="https://other.example/1")
    assert (one.subject, one.body) == ("Om <filmen>", "Om <filmen>\n\nHei")


def test_an_articles_summary_is_no_warning_and_is_said_a_notes_is():
    article = said(type="Article", summary="Kort om saken")
    assert (article.warning, article.body) == ("", "Kort om saken\n\nHei")
    assert said(summary="Blod").warning == "Blod"
    assert said(summary=None, sensitive=True).warning


def test_words_are_found_in_the_source_or_in_the_map_when_the_content_is_empty():
    assert said(content=None, contentMap={"nn": "<p>Kva tid?</p>"}).language == "nn"
    assert said(content=None, contentMap={"nn": "<p>Kva tid?</p>"}).body == "Kva tid?"
    assert said(content=None, source={"content": "Hei <du>", "mediaType": "text/markdown"}).body
    assert said(content={"@value": "<p>Hei</p>", "@language": "se"}).language == "se"
    assert said(content=["<p>Hei</p>", "<p>du</p>"]).body == "Hei\n\ndu"


@pytest.mark.parametrize("kind", ["Review", ["Note", "ex:Long"], "ex:Post"])
def test_kinds_we_do_not_know_that_say_something_are_said(kind):
    assert said(type=kind).body == "Hei"


# Languages, times, nulls -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "language"),
    [
        ({"contentMap": {"nb-NO": "<p>Hei</p>"}}, "nb"),
        ({"contentMap": {"en": "<p>Hi</p>", "smj": "<p>Hei</p>"}}, "smj"),
        ({"contentMap": {"mul": "<p>Hei</p>"}}, ""),
        ({"contentMap": ["nb"]}, ""),
        ({"contentMap": {"nb-no": "<p>Hei igjen</p>"}}, "nb"),
        ({"contentMap": {"nb": "<p>A</p>", "en": "<p>B</p>"}}, ""),
        ({"language": {"identifier": "nn", "name": "Nynorsk"}}, "nn"),
        ({"language": "zxx"}, ""),
        ({"@context": ["https://www.w3.org/ns/activitystreams", {"@language": "se"}]}, "se"),
    ],
)
def test_a_language_is_found_where_servers_put_it(changes, language):
    assert said(**changes).language == language


@pytest.mark.parametrize(
    ("said_at", "right"),
    [
        ("2026-11-30T10:00:00+01:00", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        ("2026-11-30T09:00:00.123Z", datetime(2026, 11, 30, 9, 0, 0, 123000, tzinfo=UTC)),
        ("Mon, 30 Nov 2026 10:00:00 CET", datetime(2026, 11, 30, 9, tzinfo=UTC)),
        (1796029200, datetime(2026, 11, 30, 9, tzinfo=UTC)),
        (None, AT),
        ("i dag", AT),
    ],
)
def test_a_time_is_right_or_the_receipts(said_at, right):
    assert said(published=said_at).occurred_at == right


def test_nulls_everywhere_are_nothing():
    names = (
        "summary name contentMap attachment tag inReplyTo url published updated language location"
    )
    one = said(**dict.fromkeys(names.split()))
    assert (one.body, one.subject, one.language, one.warning) == ("Hei", "", "", "")


# Fuzzed ------------------------------------------------------------------------------------------


@pytest.mark.growth
@pytest.mark.timeout(3600)
@tried
@given(mutations(FILES))
def test_no_change_of_a_delivery_crashes_its_reader_or_takes_its_time(changed):
    _name, body = changed
    with in_time():
        try:
            found = told(body)
        except Unparseable:
            return
    assert all(isinstance(one, InboundMessage | NetworkEvent) for one in found)
