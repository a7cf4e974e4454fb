"""Without the network: what it said once, and what it may say."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.peers.cutting import Refusing, cut_everywhere
from torget.adapters.bluesky import adapter, reading
from torget.adapters.bluesky.tests.specimens import (
    ACCOUNT,
    MENTION,
    SPECIMENS,
    TOLD,
    Peer,
    at,
    told,
)
from torget.channels import http
from torget.channels.contract import Outgoing, RawItem, SendError, Unparseable
from torget.channels.tests.mutations import thousands
from torget.channels.tests.scripted import serving
from torget.protocols import atproto

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


pytestmark = pytest.mark.django_db(
    transaction=True
)  # sessions are kept among the account's secrets


def parsed(held, **more):
    body = json.dumps(held | more).encode()
    return adapter.parse(RawItem("x", body), ACCOUNT, received_at=NOW)[0]


def test_a_mention_a_reply_and_a_quote_are_public_and_know_what_they_answer():
    for reason in ("mention", "reply", "quote"):
        said = parsed({"what": "notification"}, notification=told(reason))
        assert said.visibility == "public"
        assert said.author.handle == "@kari2.test"
        assert said.url.startswith("https://bsky.app/profile/kari2.test/post/")
        assert said.language == "nb"
    ours = told("reply")["record"]["reply"]["root"]["uri"]
    assert parsed({"what": "notification"}, notification=told("reply")).parents == [ours]
    assert parsed({"what": "notification"}, notification=told("quote")).parents == [ours]
    assert "🚜 Hilsen Åse" in parsed({"what": "notification"}, notification=told("mention")).body


def test_a_like_is_news_for_nobody():
    liked = {**told("mention"), "reason": "like"}
    notice = parsed({"what": "notification"}, notification=liked)
    assert (notice.kind, notice.data) == ("network", {"reason": "like"})


def test_pictures_come_with_their_descriptions_from_where_the_appview_shows_them():
    embed = {
        "images": [{"fullsize": "https://cdn.test/1", "alt": "En bru"}, {"fullsize": "ftp://x"}]
    }
    said = parsed(
        {"what": "notification"}, notification=told("mention"), post={"embed": {"media": embed}}
    )
    assert [(one.url, one.alt) for one in said.attachments] == [("https://cdn.test/1", "En bru")]


def test_edits_and_deletions_are_told_apart_and_say_when():
    new, edit, gone = [adapter.parse(one, ACCOUNT, received_at=NOW)[0] for one in SPECIMENS.items]
    assert [new.kind, edit.kind, gone.kind] == ["new", "edit", "delete"]
    assert new.external_id == edit.external_id == gone.external_id
    assert new.author.external_id == edit.author.external_id == gone.author.external_id
    assert edit.body == "Når brøytes Bakken?"
    assert new.occurred_at < edit.changed_at < gone.changed_at


def test_a_direct_message_is_private_and_ours_coming_back_is_recognised():
    message = {
        "id": "m1",
        "text": "Hei",
        "sender": {"did": "did:plc:k"},
        "sentAt": "2026-11-24T12:00:00Z",
    }
    held = {"what": "chat", "convo": "c1", "own": "did:plc:us", "message": message}
    said = parsed(held, profile={"did": "did:plc:k", "handle": "kari.test", "displayName": "Kari"})
    assert (said.external_id, said.visibility, said.author.name) == (
        "chat:c1/m1",
        "private",
        "Kari",
    )
    assert parsed(held, own="did:plc:k").of == "chat:c1/m1"


@pytest.mark.django_db(transaction=True)
def test_a_line_cut_at_any_step_of_a_thread_never_gives_two_posts():
    text = " ".join(
        f"Punkt {number} handler om brøyting av veier og fortau." for number in range(15)
    )
    assert cut_everywhere(adapter, SPECIMENS, replace(SPECIMENS.out, body=text)) == 3


@pytest.mark.django_db(transaction=True)
def test_the_limit_says_until_when(monkeypatch):
    monkeypatch.setattr("time.time", lambda: 9_999_999_000.0)
    limited = Refusing(next(one for one in SPECIMENS.refusals if one.limited))
    with serving(limited) as line, pytest.raises(SendError) as caught:
        adapter.send(SPECIMENS.out, at(line.url))
    assert caught.value.retry_after_seconds == 999.0


@pytest.mark.django_db(transaction=True)
def test_a_post_that_is_gone_cannot_be_answered():
    with serving(Peer()) as line:
        out = replace(SPECIMENS.out, parent=MENTION["uri"][:-1] + "x")
        with pytest.raises(SendError) as caught:
            adapter.send(out, at(line.url))
    assert caught.value.permanent
    assert line.peer.published == []


class Notifying(Peer):
    """Tells of many mentions, newest first, a hundred at a time."""

    def __init__(self, count):
        super().__init__()
        self.logs = 0
        self.told = [
            {**told("mention"), "uri": f"at://did:plc:k/app.bsky.feed.post/{n:05}", "cid": f"c{n}",
             "indexedAt": f"2026-11-24T{10 + n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.000Z"}
            for n in range(count, 0, -1)
        ]  # fmt: skip

    def on_listNotifications(self, given, query):  # noqa: N802
        start = int(query.get("cursor", ["0"])[0])
        page = self.told[start : start + 100]
        more = {"cursor": str(start + 100)} if start + 100 < len(self.told) else {}
        return 200, {"notifications": page} | more

    def on_getLog(self, given, query):  # noqa: N802
        self.logs += 1
        return 400, {"error": "InvalidToken", "message": "Bad token method"}

    on_refreshSession = Peer.on_createSession  # noqa: N815


@pytest.mark.django_db(transaction=True)
def test_a_flood_of_mentions_is_read_to_its_end_in_order_and_nothing_twice(time_machine):
    time_machine.move_to(datetime(2026, 11, 24, 14, 0, tzinfo=UTC))
    peer = Notifying(2_350)
    seen, cursor, rounds = [], {}, 0
    with serving(peer) as line:
        while True:
            polled = adapter.poll(at(line.url), cursor)
            seen += [item.external_id for item in polled.items]
            cursor, rounds = json.loads(json.dumps(polled.cursor)), rounds + 1
            if not polled.more:
                break
        assert rounds == 3
        assert len(set(seen)) == len(seen) == 2_350
        assert seen[:1000] == sorted(seen[:1000])
        again = adapter.poll(at(line.url), cursor).items  # the overlap of two minutes comes again
        assert len(again) == 121
        newest = {
            **peer.told[0],
            "uri": "at://did:plc:k/app.bsky.feed.post/new",
            "indexedAt": "2026-11-24T12:00:00Z",
        }
        peer.told.insert(0, newest)
        assert adapter.poll(at(line.url), cursor).items[-1].external_id.startswith(newest["uri"])


@pytest.mark.django_db(transaction=True)
def test_without_the_right_to_direct_messages_mentions_are_read_all_the_same(time_machine):
    time_machine.move_to(datetime(2026, 11, 24, 14, 0, tzinfo=UTC))
    with serving(Notifying(1)) as line:
        polled = adapter.poll(at(line.url), {})
        assert len(polled.items) == 1
        asked = line.peer.logs
        adapter.poll(at(line.url), polled.cursor)
        assert line.peer.logs == asked  # not again at once


def test_our_account_never_calls_the_network_in_parse_or_preview(monkeypatch):
    monkeypatch.setattr(http, "request", None)
    for item in SPECIMENS.items:
        adapter.parse(item, ACCOUNT, received_at=NOW)
    long = Outgoing("k", "did:plc:k", "ord " * 200, visibility="public")
    said = adapter.preview(long, ACCOUNT)
    assert said.fits
    assert len(said.parts) == 3
    assert all(len(part) <= atproto.MOST_GRAPHEMES for part in said.parts)
    assert said.remarks
    assert not adapter.preview(replace(long, body="ord " * 3000), ACCOUNT).fits
    assert reading.PAGE == 100
    assert TOLD


SEEDS = [json.loads(item.body) for item in SPECIMENS.items]
SEEDS += [{"what": "notification", "notification": one} for one in TOLD]
SEEDS.append(
    {
        "what": "chat",
        "convo": "c",
        "own": "did:x",
        "message": {"id": "1", "text": "x", "sender": {"did": "did:y"}},
    }
)


def understood(body):
    with contextlib.suppress(Unparseable):  # anything else that is raised fails the test
        for one in adapter.parse(RawItem("x", body), ACCOUNT, received_at=NOW):
            assert one


def test_damaged_events_of_every_kind_are_understood_or_set_aside():
    thousands([json.dumps(one).encode() for one in SEEDS], understood)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_of_any_kind_are_understood_or_set_aside(body):
    understood(body)
