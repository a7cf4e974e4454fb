from __future__ import annotations

import contextlib
import json
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from torget.adapters.youtube import api, polling
from torget.adapters.youtube.api import API
from torget.adapters.youtube.channel import adapter
from torget.adapters.youtube.tests import specimens as s
from torget.channels.contract import RawItem, SendError, Unparseable
from torget.channels.http import Response
from torget.channels.rest import read
from torget.channels.tests.loopback import refused_as, sent_through_cuts, served
from torget.channels.tests.mutations import thousands

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
peered = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tube():
    peer = s.Tube()
    with served(peer) as (url, line):
        peer.account, peer.line = s.at(url), line
        yield peer


def parsed(held, status="published"):
    (said,) = adapter.parse(s.item(held, status), s.ACCOUNT, received_at=NOW)
    return said


def test_a_comment_is_public_and_leads_to_where_it_stands():
    said = parsed(s.NEW)
    assert (said.external_id, said.kind, said.body) == ("Ugx1", "new", "Når åpner badet?")
    assert (said.author.external_id, said.author.handle) == ("UCkari", "@kari-prove")
    assert said.url == "https://www.youtube.com/watch?v=vid1&lc=Ugx1"


def test_a_changed_comment_is_an_edit_and_another_envelope():
    said = parsed(s.EDITED)
    assert (said.external_id, said.kind) == ("Ugx1", "edit")
    assert said.changed_at == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert s.item(s.EDITED).external_id != s.item(s.NEW).external_id


def test_a_comment_that_waits_for_us_is_held_and_a_reply_knows_its_thread():
    assert parsed(s.HELD, "heldForReview").pending
    assert list(parsed(s.REPLY).parents) == ["Ugx1"]


def test_thousands_of_spoiled_comments_are_understood_or_set_aside():
    bodies = [s.item(one).body for one in (s.NEW, s.EDITED, s.HELD, s.REPLY)]

    def parse(body):
        with contextlib.suppress(Unparseable):
            for one in adapter.parse(RawItem("x", body), s.ACCOUNT, received_at=NOW):
                assert one.external_id
                assert one.author.external_id

    thousands(bodies, parse)


def recent(**more):
    return {"at": datetime.now(UTC).isoformat(), **more}


@peered
def test_asking_brings_what_is_new_and_what_waits_and_not_our_own(tube):
    new = s.comment("Ugx7", **recent())
    ours = s.comment("Ugx7.1", **recent(by=s.CHANNEL))
    old = s.comment("Ugx6", at="2020-01-01T00:00:00Z")
    tube.threads["published"] = [s.thread(new, ours), s.thread(old)]
    tube.threads["heldForReview"] = [s.thread(s.comment("Ugx8", **recent()))]
    polled = adapter.poll(tube.account, {})
    found = [adapter.parse(one, tube.account, received_at=NOW)[0] for one in polled.items]
    assert [(one.external_id, one.pending) for one in found] == [("Ugx7", False), ("Ugx8", True)]


@peered
def test_more_replies_than_a_thread_shows_are_asked_for_once(tube):
    late = s.comment("Ugx1.99", **recent())
    tube.comments["Ugx1.99"] = late
    old = s.comment(at="2020-01-01T00:00:00Z")
    tube.threads["published"] = [s.thread(old, total=9)]
    polled = adapter.poll(tube.account, {})
    assert [one.external_id.split(":")[0] for one in polled.items] == ["Ugx1.99"]
    assert polled.cursor["units"] == 3
    again = adapter.poll(tube.account, {**polled.cursor, "next_at": 0})
    assert again.cursor["units"] == 5


@peered
def test_nobody_is_asked_before_it_is_time(tube):
    cursor = {"next_at": time.time() + 100}
    assert adapter.poll(tube.account, cursor).cursor == cursor
    assert tube.calls == []


def test_the_less_is_left_of_the_day_the_longer_between():
    noon = datetime(2026, 11, 23, 20, 0, tzinfo=UTC).timestamp()
    day = {"day": api.day_of(noon)}
    fresh = polling.budget({}, 2, noon, s.ACCOUNT)
    worn = polling.budget({**day, "units": 4900}, 2, noon, s.ACCOUNT)
    gone = polling.budget({**day, "units": 9000}, 2, noon, s.ACCOUNT)
    waits = [one["next_at"] - noon for one in (fresh, worn, gone)]
    assert waits[0] == 60
    assert 60 < waits[1] < waits[2] == api.until_midnight(noon)
    tomorrow = polling.budget({**day, "units": 9000}, 2, noon + 86_400, s.ACCOUNT)
    assert tomorrow["units"] == 2


def test_the_quota_is_full_until_midnight_in_california():
    # 23 November is in winter time there: UTC-8.
    assert api.until_midnight(datetime(2026, 11, 24, 7, 0, tzinfo=UTC).timestamp()) == 3600
    body = json.dumps({"error": {"errors": [{"reason": "quotaExceeded"}]}}).encode()
    fault = API.refusal(read(Response(403, {}, body)), writes=True)
    assert fault.limited
    assert 0 < fault.retry_after_seconds <= 90_000


@pytest.mark.parametrize(
    ("reason", "status", "kind"),
    [
        ("rateLimitExceeded", 403, "limited"),
        ("insufficientPermissions", 403, "account"),
        ("commentTextTooLong", 400, "permanent"),
        ("processingFailure", 400, "ambiguous"),
        ("backendError", 503, "ambiguous"),
    ],
)
def test_refusals_are_told_apart_by_reason(reason, status, kind):
    fault = API.refusal(read(Response(status, {}, s.fault(reason, status)[2])), writes=True)
    kinds = ("limited", "account", "permanent", "ambiguous")
    assert [one for one in kinds if getattr(fault, one)] == [kind]


@peered
def test_a_line_cut_anywhere_answers_once():
    for which, when, published in sent_through_cuts(s.SPECIMENS):
        assert len(published) == 1, f"cut {when} answer {which}"


@peered
@pytest.mark.parametrize("refusal", s.SPECIMENS.refusals, ids=lambda one: one.body[-60:])
def test_a_refused_key_is_the_accounts_fault(refusal):
    assert refused_as(s.SPECIMENS, refusal).account


@peered
def test_an_answer_to_a_reply_stands_in_its_thread_and_one_key_serves_many(tube):
    receipt = adapter.send(s.OUT, tube.account)
    adapter.send(replace(s.OUT, body="Og søndag?"), tube.account)
    assert receipt.external_id.startswith("Ugx1.")
    assert tube.keys == 1
    assert tube.published == ["Klokka ti.", "Og søndag?"]


@peered
def test_a_refused_key_is_made_anew_next_time(tube):
    adapter.send(s.OUT, tube.account)
    tube.wrong_key = True
    with pytest.raises(SendError) as caught:
        adapter.send(s.OUT, tube.account)
    assert caught.value.account
    adapter.send(s.OUT, tube.account)
    assert tube.keys == 2


@peered
@pytest.mark.parametrize("act", ["show", "hide", "remove", "withdraw", "edit"])
def test_what_is_done_to_a_comment_is_found_again_by_looking(tube, act):
    tube.comments["Ugx1"]["snippet"]["moderationStatus"] = (
        "heldForReview" if act == "show" else "published"
    )
    tube.comments["Ugx1"]["snippet"]["authorChannelId"]["value"] = s.CHANNEL
    out = replace(s.OUT, act=act, target="Ugx1", body="Klokka elleve.")
    assert adapter.find(out, tube.account) is None
    adapter.send(out, tube.account)
    assert adapter.find(out, tube.account).external_id == "Ugx1"


@peered
def test_the_owner_says_yes_and_the_channel_is_connected(tube):
    url = adapter.authorise_url(s.ACCOUNT, redirect_uri="https://x/y", state="s1")
    assert "access_type=offline" in url
    tube.line.say = s.said({"access_token": "a"})
    with pytest.raises(SendError):
        adapter.redeem(tube.account, redirect_uri="https://x/y", code="c")
    tube.line.say = None
    tube.answer_token = tube.answer

    def generous(method, path, headers, body):
        if path == "/token":
            tube.keys += 1
            return s.said({"access_token": f"ya{tube.keys}", "refresh_token": "1//ny"})
        return tube.answer_token(method, path, headers, body)

    tube.answer = generous
    given = adapter.redeem(tube.account, redirect_uri="https://x/y", code="c")
    assert (given.address, given.secrets["refresh_token"]) == (s.CHANNEL, "1//ny")
    assert given.settings["channel"] == s.CHANNEL
    kept = replace(
        tube.account,
        address=s.CHANNEL.lower(),
        settings={**tube.account.settings, "channel": s.CHANNEL},
    )
    assert adapter.check(kept).ok
    assert adapter.profile_url(kept).endswith(s.CHANNEL)
    assert not adapter.check(replace(tube.account, address="UCannen")).ok
