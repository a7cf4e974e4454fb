from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from torget.adapters.linkedin import api
from torget.adapters.linkedin.channel import adapter
from torget.adapters.linkedin.tests import specimens as s
from torget.channels.contract import RawItem, SendError, Unparseable
from torget.channels.tests.loopback import refused_as, sent_through_cuts, served
from torget.channels.tests.mutations import thousands
from torget.protocols.littletext import escape, unescape

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
peered = pytest.mark.django_db(transaction=True)


@pytest.fixture
def wall():
    peer = s.Page()
    with served(peer) as (url, line):
        peer.account, peer.line = s.at(url), line
        yield peer


def test_a_comment_is_public_and_a_changed_one_is_an_edit():
    (new,), (edit,) = (
        adapter.parse(s.item(one), s.ACCOUNT, received_at=NOW) for one in (s.NEW, s.EDITED)
    )
    assert (new.kind, new.body, new.visibility) == ("new", "Søker dere lærere?", "public")
    assert new.external_id == edit.external_id == s.NEW["commentUrn"]
    assert list(new.parents) == [s.OBJECT, s.POST]
    assert (edit.kind, edit.changed_at) == ("edit", datetime.fromtimestamp(1795424500, UTC))


def test_signs_with_a_meaning_of_their_own_are_escaped():
    assert escape("(nå) #jobb @a_b") == "\\(nå\\) \\#jobb \\@a\\_b"


@given(st.text())
def test_what_is_escaped_is_read_back(text):
    assert unescape(escape(text)) == text


def test_thousands_of_spoiled_comments_are_understood_or_set_aside():
    def parse(body):
        with contextlib.suppress(Unparseable):
            for one in adapter.parse(RawItem("x", body), s.ACCOUNT, received_at=NOW):
                assert one.external_id
                assert one.author.external_id

    thousands([s.item(one).body for one in (s.NEW, s.EDITED)], parse)


@peered
@pytest.mark.parametrize("out", [s.POSTED, s.OUT], ids=["post", "answer"])
def test_a_line_cut_anywhere_publishes_once(out):
    for which, when, published in sent_through_cuts(replace(s.SPECIMENS, out=out)):
        assert len(published) == 1, f"cut {when} answer {which}"


@peered
@pytest.mark.parametrize("refusal", s.SPECIMENS.refusals, ids=lambda one: one.status)
def test_refusals_are_told_apart_by_status(refusal):
    fault = refused_as(s.SPECIMENS, refusal)
    kinds = (fault.permanent, fault.account, fault.limited)
    assert kinds == (refusal.permanent, refusal.account, refusal.limited)


@peered
def test_a_post_has_its_picture_with_its_description_and_says_which_version(wall):
    receipt = adapter.send(s.POSTED, wall.account)
    (post,) = wall.posts.values()
    assert post["content"] == {"media": {"id": "urn:li:image:0", "altText": "Skolen"}}
    assert post["commentary"] == escape(s.POSTED.body)
    assert wall.pictures == [b"\xff\xd8"]
    assert wall.calls[0][2]["linkedin-version"] == "202611"
    assert receipt.url.startswith("https://www.linkedin.com/feed/update/urn:li:share:")


@peered
def test_an_answer_stands_under_the_comment_as_the_page(wall):
    receipt = adapter.send(s.OUT, wall.account)
    assert wall.calls[0][1][2] == s.NEW["commentUrn"]
    assert receipt.external_id == f"urn:li:comment:({s.OBJECT},51)"
    assert wall.comments["51"]["actor"] == s.OWN


@peered
@pytest.mark.parametrize("act", ["edit", "withdraw", "remove"])
@pytest.mark.parametrize("what", ["comment", "post"])
def test_what_is_done_is_found_again_by_looking(wall, act, what):
    wall.posts[s.POST] = {"id": s.POST, "commentary": "Før"}
    target = s.NEW["commentUrn"] if what == "comment" else s.POST
    out = replace(s.OUT, act=act, target=target, body="Etter (nå)")
    assert adapter.find(out, wall.account) is None
    adapter.send(out, wall.account)
    assert adapter.find(out, wall.account).external_id == target


@peered
def test_hiding_is_refused_honestly(wall):
    with pytest.raises(SendError) as caught:
        adapter.send(replace(s.OUT, act="hide", target=s.NEW["commentUrn"]), wall.account)
    assert caught.value.permanent
    assert not adapter.capabilities.hide


@peered
def test_asking_brings_new_comments_and_not_our_own(wall):
    now = int(time.time() * 1000)
    wall.posts[s.POST] = {"id": s.POST}
    wall.comments = {
        "1": s.comment("1", at=now),
        "2": s.comment("2", by=s.OWN, at=now),
        "3": s.comment("3", at=1_600_000_000_000),
    }
    polled = adapter.poll(wall.account, {})
    assert [one.external_id for one in polled.items] == [f"urn:li:comment:({s.OBJECT},1):{now}"]


@peered
def test_the_check_warns_before_the_version_is_taken_away(wall):
    def checked(version):
        settings = {**wall.account.settings, "version": version}
        with time_machine.travel(NOW, tick=True):
            return adapter.check(replace(wall.account, settings=settings))

    assert checked("202611").expires_at is None
    old = checked("202512")
    assert (old.ok, old.expires_at) == (True, datetime(2026, 12, 15, tzinfo=UTC))
    assert "202512" in old.detail
    assert not checked("i fjor").ok


def test_a_versions_age_is_counted_in_months():
    assert api.months_old("202512", date(2026, 11, 30)) == 11
    assert api.months_old("202611", date(2026, 11, 1)) == 0


@peered
def test_the_owner_says_yes_and_the_key_has_an_end(wall):
    url = adapter.authorise_url(s.ACCOUNT, redirect_uri="https://x/y", state="s1")
    assert "w_organization_social" in parse_qs(urlsplit(url).query)["scope"][0]
    wall.line.say = s.said({"access_token": "AQY", "expires_in": 5_184_000})
    given = adapter.redeem(wall.account, redirect_uri="https://x/y", code="c")
    assert (given.address, given.secrets["token"]) == ("7001", "AQY")
    assert 59 <= (given.expires_at - datetime.now(UTC)).days <= 60
