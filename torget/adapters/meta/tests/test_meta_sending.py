from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from PIL import Image

from torget.adapters.meta import adapters, graph, pictures
from torget.adapters.meta.tests import specimens as s
from torget.adapters.meta.tests.peers import PAGE, Containers, Graph, said
from torget.channels import files
from torget.channels.contract import File, SendError
from torget.channels.tests.loopback import refused_as, sent_through_cuts, served

FACEBOOK, MESSENGER, INSTAGRAM, THREADS = adapters
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def wall():
    peer = Graph()
    with served(peer) as (url, line):
        peer.account, peer.line = s.at(s.FACEBOOK)(url), line
        yield peer


@pytest.mark.parametrize("specimens", s.SPECIMENS, ids=lambda one: one.network)
def test_a_line_cut_anywhere_publishes_once(specimens):
    for which, when, published in sent_through_cuts(specimens):
        assert len(published) == 1, f"cut {when} answer {which}"


@pytest.mark.parametrize("specimens", s.SPECIMENS, ids=lambda one: one.network)
def test_every_documented_refusal_is_classified_by_its_code(specimens):
    for refusal in specimens.refusals:
        fault = refused_as(specimens, refusal)
        kinds = (fault.permanent, fault.account, fault.limited)
        assert kinds == (refusal.permanent, refusal.account, refusal.limited), refusal.body


def test_an_answer_to_a_comment_stands_under_it_and_shows_who_asks(wall):
    receipt = FACEBOOK.send(s.COMMENTED, wall.account)
    method, path, given = wall.calls[0]
    assert (method, path) == ("POST", "1015_1/comments")
    assert given["appsecret_proof"] == graph.proof(wall.account, "EAAB")
    assert receipt.url == f"https://www.facebook.com/{receipt.external_id}"


def test_a_private_answer_to_a_comment_goes_to_its_author_once(wall):
    FACEBOOK.send(replace(s.COMMENTED, visibility="private"), wall.account)
    _method, path, given = wall.calls[0]
    assert path == f"{PAGE}/messages"
    assert given["recipient"] == {"comment_id": "1015_1"}


def test_a_message_carries_our_key_so_that_its_echo_is_known(wall):
    receipt = FACEBOOK.send(s.SAID, wall.account)
    given = wall.calls[0][2]
    assert (given["recipient"], given["messaging_type"]) == ({"id": "9001"}, "RESPONSE")
    assert given["message"]["metadata"] == s.SAID.idempotency_key
    assert FACEBOOK.find(s.SAID, wall.account).external_id == receipt.external_id


TOO_LATE = (403, {}, json.dumps({"error": {"code": 10, "error_subcode": 2018278}}).encode())


def test_after_the_day_it_is_refused_clearly_and_only_allowed_accounts_answer_as_people(wall):
    wall.refuse = [TOO_LATE]
    with pytest.raises(SendError) as caught:
        FACEBOOK.send(s.SAID, wall.account)
    assert caught.value.permanent
    assert "Fristen" in str(caught.value)
    wall.refuse = [TOO_LATE]
    allowed = replace(wall.account, settings={**wall.account.settings, "human_agent": "yes"})
    FACEBOOK.send(s.SAID, allowed)
    assert wall.calls[-1][2]["tag"] == "HUMAN_AGENT"
    assert wall.published == [s.SAID.body]


def test_a_post_carries_its_pictures_with_their_descriptions(wall):
    FACEBOOK.send(s.POSTED, wall.account)
    assert b"alt_text_custom" in wall.photos[0]
    assert b"Badet" in wall.photos[0]
    assert b"\xff\xd8jpeg" in wall.photos[0]
    assert wall.calls[-1][2]["attached_media"] == [{"media_fbid": "551"}]
    FACEBOOK.send(replace(s.POSTED, attachments=()), wall.account)
    assert wall.calls[-1][2]["link"] == s.POSTED.link


@pytest.mark.parametrize("act", ["edit", "hide", "show", "remove", "withdraw"])
def test_what_is_done_to_a_comment_is_found_again_by_looking(wall, act):
    wall.objects["1015_1"]["is_hidden"] = act == "show"
    out = replace(s.COMMENTED, act=act, target="1015_1", parent="", body="Klokka elleve.")
    assert FACEBOOK.find(out, wall.account) is None
    FACEBOOK.send(out, wall.account)
    assert FACEBOOK.find(out, wall.account).external_id == "1015_1"


def test_taking_away_what_is_gone_is_done_and_a_sent_message_cannot_be_changed(wall):
    out = replace(s.COMMENTED, act="withdraw", target="1015_404")
    assert FACEBOOK.send(out, wall.account).external_id == "1015_404"
    with pytest.raises(SendError) as caught:
        FACEBOOK.send(replace(out, target="m_1"), wall.account)
    assert caught.value.permanent


def test_when_it_cannot_be_looked_up_it_stays_unknown(wall):
    wall.line.say = said({"error": {"code": 190}}, 401)
    for out in (s.COMMENTED, s.SAID, s.POSTED):
        with pytest.raises(SendError):
            FACEBOOK.find(out, wall.account)


def test_their_own_fault_while_publishing_leaves_it_unknown_and_so_does_a_duplicate():
    for code in (1, 2, 506):
        body = json.dumps({"error": {"code": code}}).encode()
        refusal = s.Refusal(500, body)
        fault = refused_as(s.SPECIMENS[1], refusal)
        assert fault.ambiguous


def test_the_usage_header_says_how_long_to_wait():
    usage = {"1015": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 7}]}
    headers = {"x-business-use-case-usage": json.dumps(usage)}
    assert graph.regained(headers) == 420
    assert graph.used_percent(headers) == 100
    assert graph.regained({"x-app-usage": "{"}) == graph.LIMIT_SECONDS


def test_asking_finds_comments_posts_and_messages_but_not_our_own(wall):
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
    comment = {**s.FOUND_COMMENT, "created_time": made}
    ours = {"id": "1015_9", "from": {"id": PAGE}, "message": "Hei", "created_time": made}
    old = {**comment, "id": "1015_2", "created_time": "2020-01-01T00:00:00+0000"}
    post = {**s.FOUND_POST, "created_time": made, "comments": {"data": [comment, ours, old]}}
    message = {**s.FOUND_MESSAGE, "created_time": made}
    wall.get_feed = lambda *_: said({"data": [post]})
    wall.get_conversations = lambda *_: said({"data": [{"messages": {"data": [message]}}]})
    polled = FACEBOOK.poll(wall.account, {})
    found = [
        FACEBOOK.parse(item, wall.account, received_at=datetime.now(UTC))[0].external_id
        for item in polled.items
    ]
    assert found == ["1015_7", "1015_1", "m_abc"]
    again = FACEBOOK.poll(wall.account, polled.cursor)
    assert [one.external_id for one in again.items] == [one.external_id for one in polled.items]


def test_what_we_may_not_read_does_not_keep_the_rest_from_us(wall):
    forbidden = said({"error": {"code": 10, "type": "OAuthException"}}, 403)
    wall.get_conversations = lambda *_: forbidden
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
    wall.get_feed = lambda *_: said({"data": [{**s.FOUND_POST, "created_time": made}]})
    assert len(FACEBOOK.poll(wall.account, {}).items) == 1
    wall.get_feed = lambda *_: forbidden
    with pytest.raises(SendError) as caught:
        FACEBOOK.poll(wall.account, {})
    assert caught.value.account


class Answers:
    """Answers by the last part of the path."""

    def __init__(self, **by_name):
        self.by_name, self.published = by_name, []

    def answer(self, method, path, headers, body):
        return said({"data": self.by_name.get(urlsplit(path).path.rsplit("/", 1)[-1], [])})


def test_asking_instagram_finds_comments_and_messages_with_the_webhooks_ids():
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
    who = {"id": "9002", "username": "kari.prove"}
    comment = {"id": "17900", "from": who, "text": "Så fint!", "timestamp": made}
    ours = {**comment, "id": "17902", "from": {"id": "178414"}}
    media = {"id": "18000", "comments": {"data": [{**comment, "parent_id": "17899"}, ours]}}
    message = {"id": "aWdfZAG", "from": {"id": "9002"}, "message": "Hei", "created_time": made}
    peer = Answers(media=[media], conversations=[{"messages": {"data": [message]}}])
    with served(peer) as (url, _line):
        account = s.at(s.INSTAGRAM)(url)
        items = INSTAGRAM.poll(account, {}).items
    found = [INSTAGRAM.parse(one, account, received_at=datetime.now(UTC))[0] for one in items]
    hooked = [
        INSTAGRAM.parse(s.item(one), account, received_at=datetime.now(UTC))[0]
        for one in (s.IG_COMMENT, s.IG_MESSAGE)
    ]
    for one, other in zip(found, hooked, strict=True):
        assert (one.external_id, one.body, one.author.external_id, list(one.parents)) == (
            other.external_id,
            other.body,
            other.author.external_id,
            list(other.parents),
        )


def test_asking_threads_finds_replies_and_mentions_but_not_our_own():
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
    reply = {**s.REPLY, "timestamp": made}
    ours = {**reply, "id": "2", "username": "nordvaag"}
    mention = {**reply, "id": "3"}
    peer = Answers(threads=[{"id": "5678"}], conversation=[reply, ours], mentions=[mention])
    with served(peer) as (url, _line):
        account = s.at(s.THREADS)(url)
        items = THREADS.poll(account, {}).items
    found = [THREADS.parse(one, account, received_at=datetime.now(UTC))[0] for one in items]
    assert [one.external_id for one in found] == ["3", "8901"]


def test_when_metas_limit_is_near_we_stop_asking_and_go_on_answering(wall):
    usage = json.dumps({"call_count": 95, "total_time": 1, "total_cputime": 1})
    full = replace(wall.account, id=77)
    status, headers, body = said({"data": []})
    wall.line.say = (status, {**headers, "x-app-usage": usage}, body)
    FACEBOOK.poll(full, {})
    wall.line.say = None
    wall.calls.clear()
    assert FACEBOOK.poll(full, {"asked_at": 1}).cursor == {"asked_at": 1}
    assert wall.calls == []
    assert FACEBOOK.send(s.COMMENTED, full).external_id


GOOD = {
    "is_valid": True,
    "type": "PAGE",
    "expires_at": 0,
    "data_access_expires_at": 1803200400,
    "scopes": list(FACEBOOK.scopes),
    "granular_scopes": [{"scope": "pages_messaging", "target_ids": [PAGE]}],
}


@pytest.mark.parametrize(
    ("held", "ok", "missing"),
    [
        (GOOD, True, []),
        (GOOD | {"is_valid": False}, False, []),
        (GOOD | {"type": "APP"}, False, []),
        (GOOD | {"scopes": list(FACEBOOK.scopes[:-1])}, False, ["pages_messaging"]),
        (
            GOOD | {"granular_scopes": [{"scope": "pages_messaging", "target_ids": ["1"]}]},
            False,
            ["pages_messaging"],
        ),
    ],
)
def test_the_daily_check_tells_when_the_key_ends_and_what_it_may_not(wall, held, ok, missing):
    wall.line.say = said({"data": held})
    health = FACEBOOK.check(wall.account)
    assert (health.ok, list(health.missing)) == (ok, missing)
    if ok:
        assert health.expires_at == datetime.fromtimestamp(1803200400, UTC)


class Login(Graph):
    """Gives a code's owner two pages."""

    pages = (
        {"id": "1", "name": "Svømmeklubben", "access_token": "T1"},
        {
            "id": "2",
            "name": "Nordvåg kommune",
            "access_token": "T2",
            "instagram_business_account": {"id": "178414", "username": "nordvaag"},
        },
    )

    def get_access_token(self, steps, given):
        short = given.get("grant_type") != "fb_exchange_token"
        return said({"access_token": "short" if short else "long" + given["fb_exchange_token"]})

    def get_accounts(self, steps, given):
        assert given["access_token"] == "longshort"
        return said({"data": list(self.pages)})

    def post_subscribed_apps(self, steps, given):
        return said({"success": True})


def test_the_owner_says_yes_and_the_page_named_is_connected():
    asked = urlsplit(FACEBOOK.authorise_url(s.FACEBOOK, redirect_uri="https://x/y", state="s1"))
    query = parse_qs(asked.query)
    assert (query["state"], query["client_id"]) == (["s1"], ["77"])
    peer = Login()
    with served(peer) as (url, _line):
        account = s.at(s.FACEBOOK)(url)
        with pytest.raises(SendError, match="Svømmeklubben"):
            FACEBOOK.redeem(account, redirect_uri="https://x/y", code="c")
        named = replace(account, settings={**account.settings, "page": "nordvåg kommune"})
        given = FACEBOOK.redeem(named, redirect_uri="https://x/y", code="c")
        assert (given.address, given.secrets["token"]) == ("2", "T2")
        insta = INSTAGRAM.redeem(account, redirect_uri="https://x/y", code="c")
        assert (insta.address, insta.name, insta.settings["page_id"]) == ("178414", "nordvaag", "2")
    assert "feed" in peer.calls[-1][2]["subscribed_fields"]


def test_instagram_takes_no_post_without_a_picture_and_says_so_before():
    bare = replace(s.POSTED, attachments=())
    assert not INSTAGRAM.preview(bare, s.INSTAGRAM).fits
    assert INSTAGRAM.preview(replace(bare, picture_urls=s.PICTURES), s.INSTAGRAM).fits
    with pytest.raises(SendError) as caught:
        INSTAGRAM.send(bare, s.INSTAGRAM)
    assert caught.value.permanent


def test_instagram_waits_for_the_picture_and_gives_it_its_description():
    peer = Containers()
    peer.states = ["IN_PROGRESS"]
    out = replace(s.POSTED, attachments=(), picture_urls=s.PICTURES)
    with served(peer) as (url, _line):
        INSTAGRAM.send(out, s.at(s.INSTAGRAM)(url))
    assert peer.containers["c1"]["alt_text"] == "Badet"
    assert [last for _m, last, _g in peer.calls] == [
        "content_publishing_limit",
        "media",
        "c1",
        "c1",
        "media_publish",
    ]


def test_several_pictures_are_one_carousel():
    peer = Containers()
    files = [(f"https://square.nordvaag.test/{n}.jpg", "") for n in range(3)]
    with served(peer) as (url, _line):
        INSTAGRAM.send(replace(s.POSTED, picture_urls=files), s.at(s.INSTAGRAM)(url))
    assert peer.containers["c4"]["children"] == ["c1", "c2", "c3"]
    assert peer.published == [s.POSTED.body]


def test_a_picture_meta_cannot_fetch_publishes_nothing_and_a_full_day_waits():
    out = replace(s.POSTED, picture_urls=s.PICTURES)
    peer = Containers()
    peer.states = ["ERROR"]
    with served(peer) as (url, _line):
        with pytest.raises(SendError) as caught:
            INSTAGRAM.send(out, s.at(s.INSTAGRAM)(url))
        assert caught.value.permanent
        peer.used = 100
        with pytest.raises(SendError) as full:
            INSTAGRAM.send(out, s.at(s.INSTAGRAM)(url))
        assert full.value.limited
    assert peer.published == []


def test_a_threads_answer_is_a_reply_and_a_long_post_is_shortened_with_a_link():
    peer = Containers("threads", "text")
    with served(peer) as (url, _line):
        account = s.at(s.THREADS)(url)
        THREADS.send(replace(s.COMMENTED, parent="8901"), account)
        THREADS.send(replace(s.POSTED, body="Badet er åpent. " * 60), account)
    assert peer.containers["c1"]["reply_to_id"] == "8901"
    assert len(peer.published[1]) <= 500
    assert peer.published[1].endswith(s.POSTED.link)


def test_a_picture_on_its_way_out_can_be_fetched_for_an_hour_as_jpeg(client, nordvaag, media):
    out = BytesIO()
    Image.new("RGBA", (4, 3), "green").save(out, "PNG")
    held = File("bad.png", "image/png", out.getvalue(), "Badet")
    files.put(held.content)
    account = replace(s.INSTAGRAM, settings={**s.INSTAGRAM.settings, "origin": "http://testserver"})
    ((url, alt),) = pictures.of(replace(s.POSTED, attachments=[held]), account)
    answer = client.get(url.removeprefix("http://testserver"))
    assert (answer.status_code, answer["content-type"], alt) == (200, "image/jpeg", "Badet")
    assert Image.open(BytesIO(answer.content)).size == (4, 3)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        assert client.get(url.removeprefix("http://testserver")).status_code == 404
    assert client.get("/kanalbilde/" + "0" * 64 + ".jpg").status_code == 404
