"""Activities of others become messages and news; nobody speaks for somebody else; no bytes do harm."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from torget.adapters.activitypub.parsing import parse
from torget.adapters.activitypub.tests.specimens import (
    ACCOUNT,
    AT,
    CREATED,
    DELETED,
    KARI,
    NOTE,
    OURS,
    PUBLIC,
    UPDATED,
    activity,
    item,
    note,
)
from torget.channels.contract import InboundMessage, NetworkEvent, RawItem, Unparseable

OBJECT = "https://square.example.no/ap/o/nordvaag/abc"


def said(held, **headers):
    return list(parse(item(held, **headers), ACCOUNT, received_at=AT))


def only(held, **headers) -> InboundMessage:
    first = said(held, **headers)[0]
    assert isinstance(first, InboundMessage)
    return first


def test_a_note_that_mentions_us_is_a_question_in_public():
    one = only(CREATED)
    assert (one.external_id, one.kind, one.visibility) == (NOTE, "new", "public")
    assert one.body == "Når brøytes Fjellveien?"
    assert (one.author.external_id, one.author.name, one.author.verified) == (
        KARI,
        "Kari",
        "signature",
    )
    assert (one.author.handle, one.author.url) == (
        "@kari@mastodon.example",
        "https://mastodon.example/@kari",
    )
    assert (one.language, one.url, one.occurred_at) == (
        "nb",
        "https://mastodon.example/@kari/1",
        AT,
    )
    picture = one.attachments[0]
    assert (picture.name, picture.alt, picture.content) == ("1.png", "Ei gate full av snø", b"")
    assert picture.url == "https://files.mastodon.example/media/1.png"


def test_unlisted_is_public_and_what_only_we_or_followers_see_is_private():
    assert (
        only(activity("Create", note(to=[f"{KARI}/followers"], cc=[PUBLIC, OURS]))).visibility
        == "public"
    )
    assert only(activity("Create", note(to=[OURS], cc=[]))).visibility == "private"
    assert (
        only(activity("Create", note(to=[f"{KARI}/followers"], cc=[OURS]))).visibility == "private"
    )


@pytest.mark.parametrize("public", ["as:Public", "Public", PUBLIC])
def test_the_public_has_three_names(public):
    assert only(activity("Create", note(to=public, cc=[OURS]))).visibility == "public"


def test_what_is_not_for_us_is_nothing():
    assert said(activity("Create", note(cc=[], tag=[]), cc=[])) == []


def test_a_reply_to_our_post_is_ours_without_a_mention():
    told = said(activity("Create", note(cc=[], tag=[], inReplyTo=OBJECT), cc=[]))
    assert told[0].parents == [OBJECT]
    assert told[1].data["what"] == "Reply"
    elsewhere = OBJECT.replace("nordvaag", "skolen")
    assert said(activity("Create", note(cc=[], tag=[], inReplyTo=elsewhere), cc=[])) == []


def test_an_edit_says_when_and_a_deletion_needs_only_the_address():
    edit = only(UPDATED)
    assert (edit.kind, edit.body) == ("edit", "Når brøytes Fjellveien og Sjøgata?")
    assert (edit.changed_at.hour, edit.whole) == (9, True)
    for about in (DELETED["object"], NOTE):
        gone = only({**DELETED, "object": about})
        assert (gone.kind, gone.external_id) == ("delete", NOTE)


def test_a_content_warning_is_the_subject_and_is_kept_as_such():
    one = only(activity("Create", note(summary="Blod", sensitive=True)))
    assert (one.subject, one.warning) == ("Blod", "Blod")
    assert only(activity("Create", note(sensitive=True))).warning == "Merket som følsomt innhold"
    assert only(CREATED).warning == ""


def test_what_comes_from_a_silenced_server_waits():
    assert only(CREATED, silenced="1").pending
    assert not only(CREATED).pending


def test_the_language_of_a_map_is_the_one_that_is_the_content():
    html = "<p>Kva tid blir Fjellvegen brøytt?</p>"
    assert (
        only(
            activity("Create", note(content=html, contentMap={"en": "<p>When?</p>", "nn": html}))
        ).language
        == "nn"
    )


def test_a_poll_an_article_and_an_event_keep_what_they_say():
    poll = note(
        type="Question", oneOf=[{"type": "Note", "name": "Ja"}, {"type": "Note", "name": "Nei"}]
    )
    assert (
        only(activity("Create", poll)).body
        == "Når brøytes Fjellveien?\n\n[Avstemning]\n• Ja\n• Nei"
    )
    event = note(
        type="Event",
        name="Dugnad",
        startTime="2026-12-01T17:00:00Z",
        location={"type": "Place", "name": "Skolen"},
    )
    one = only(activity("Create", event))
    assert one.subject == "Dugnad"
    assert "[Tid: 1. des. 2026 kl. 18.00]" in one.body
    assert one.body.endswith("[Sted: Skolen]")


def test_a_vote_is_news_and_no_message():
    told = said(
        activity("Create", note(content=None, contentMap=None, name="Ja", inReplyTo=OBJECT, tag=[]))
    )
    assert [(type(one), one.data["option"]) for one in told] == [(NetworkEvent, "Ja")]


@pytest.mark.parametrize(
    "kind", ["Follow", "Like", "Announce", "Move", "Block", "Flag", "Accept", "Reject", "Undo"]
)
def test_what_others_do_is_news(kind):
    told = said(activity(kind, OURS))
    assert [(one.kind, one.data["what"], one.data["object"]) for one in told] == [
        ("network", kind, OURS)
    ]


OTHER = "https://mastodon.example/users/mallory"


@pytest.mark.parametrize(
    "held",
    [
        activity("Create", note(attributedTo=OTHER)),
        activity("Update", note(attributedTo=OTHER)),
        activity("Create", note(id="https://elsewhere.example/1")),
        activity("Delete", "https://elsewhere.example/1"),
        activity("Create", NOTE),
        activity("Create", {"type": "Note"}),
        activity("Create", note(), actor=None),
        activity("Create", note(), type=None),
    ],
)
def test_who_speaks_for_somebody_else_or_says_nothing_is_set_aside(held):
    with pytest.raises(Unparseable):
        said(held)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_activity_is_set_aside(body):
    with pytest.raises(Unparseable):
        parse(RawItem("x", body), ACCOUNT, received_at=AT)


HTML = [
    ("<p>En</p><p>To<br>tre</p>", "En\n\nTo\ntre"),
    ('<p>Se <a href="https://a.example/x">her</a>.</p>', "Se her (https://a.example/x)."),
    (
        '<p><a href="https://a.example/x"><span class="invisible">https://</span><span>a.example/x</span></a></p>',
        "https://a.example/x",
    ),
    ("<ul><li>En</li><li>To</li></ul>", "– En\n– To"),
    ("<script>alert(1)</script><p>Hei &amp; h&aring;</p>", "Hei & hå"),
    ('<a href="javascript:alert(1)">hei</a>', "hei"),
    ("<p>hei<style>p{}", "hei"),
]


@pytest.mark.parametrize(("html", "text"), HTML)
def test_html_is_read_as_people_read_it(html, text):
    assert only(activity("Create", note(content=html, contentMap=None))).body == text


SAMPLES = [
    json.dumps(one, ensure_ascii=False)
    for one in (
        CREATED,
        UPDATED,
        DELETED,
        *(activity(kind, OURS) for kind in ("Follow", "Flag", "Undo", "Announce")),
    )
]
PIECES = [
    "null",
    "true",
    "1e999",
    '""',
    "[]",
    "{}",
    '"id":',
    "\\ud800",
    "\\u0000",
    "<p>",
    "https://",
    "as:Public",
    "-1",
    ",",
    '"',
    "9" * 30,
]


def mutated(seed: int) -> bytes:
    draw = random.Random(seed)
    text = draw.choice(SAMPLES)
    for _step in range(draw.randint(1, 5)):
        at = draw.randrange(len(text))
        upto = at + draw.choice([0, 1, 5, 30])
        text = text[:at] + draw.choice([*PIECES, chr(draw.randrange(0xD800))]) + text[upto:]
    return text.encode("utf-8", "replace")


def test_ten_thousand_spoilt_payloads_are_understood_or_set_aside():
    understood = 0
    for seed in range(10_000):
        try:
            understood += len(parse(RawItem("x", mutated(seed)), ACCOUNT, received_at=AT))
        except Unparseable:
            continue
    assert understood > 100  # else the spoiling would prove nothing


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from([OURS, NOTE, KARI, PUBLIC]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=1_000, deadline=None)
@given(st.sampled_from(sorted(note())), JSON, st.sampled_from(["Create", "Update"]))
def test_anything_in_any_place_of_a_note_is_understood_or_set_aside(name, value, kind):
    try:
        held = {**activity(kind, note()), "id": NOTE}
        held["object"] = {**held["object"], name: value}
        parse(RawItem("x", json.dumps(held).encode()), ACCOUNT, received_at=AT)
    except Unparseable:
        return


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(sorted(CREATED)), JSON, st.sampled_from(["Create", "Flag", "Delete", "Undo"])
)
def test_anything_in_any_place_of_an_activity_is_understood_or_set_aside(name, value, kind):
    try:
        parse(
            RawItem("x", json.dumps({**activity(kind, note()), name: value}).encode()),
            ACCOUNT,
            received_at=AT,
        )
    except Unparseable:
        return
