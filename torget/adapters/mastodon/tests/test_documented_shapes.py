"""Without a server: entities and answers in the shapes of docs.joinmastodon.org."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.peers.cutting import Refusing, cut_everywhere
from tests.peers.rounds import connect
from torget.adapters.mastodon import adapter, rest, writing
from torget.adapters.mastodon.models import Registration
from torget.adapters.mastodon.tests.specimens import (
    ACCOUNT,
    MEDIA,
    MENTION,
    SPECIMENS,
    STATUS,
    Peer,
    at,
)
from torget.channels import http
from torget.channels import rules as channels
from torget.channels.contract import Outgoing, RawItem, SendError, Unparseable
from torget.channels.tests.mutations import thousands
from torget.channels.tests.scripted import serving
from torget.outbox import rules as outbox

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_known():
    rest._limits.clear()


def parsed(status, kind="mention"):
    held = {"what": "notification", "notification": {**MENTION, "type": kind, "status": status}}
    return adapter.parse(RawItem("x", json.dumps(held).encode()), ACCOUNT, received_at=NOW)[0]


def test_a_mention_is_read_as_people_see_it():
    said = parsed(STATUS)
    assert said.body == (
        "@nordvaag Når blir Fjellveien brøytet?\nHilsen Åse & Per\n\nhttps://kart.test/fjellveien/3"
    )
    assert (said.author.external_id, said.author.handle) == (
        "kari@elsewhere.test",
        "@kari@elsewhere.test",
    )
    assert (said.visibility, said.language, said.kind) == ("public", "nb", "new")
    (file,) = parsed({**STATUS, "media_attachments": [MEDIA]}).attachments
    assert (file.url, file.alt) == ("https://files.test/hull.jpg", "Et hull")


@pytest.mark.parametrize("seen", ["private", "direct", "limited", "something new"])
def test_what_not_everybody_may_see_is_private(seen):
    assert parsed({**STATUS, "visibility": seen}).visibility == "private"


def test_a_content_warning_stands_before_the_words():
    said = parsed({**STATUS, "spoiler_text": "Snø", "content": "<p>Mye</p>"})
    assert said.body == "[Snø]\n\nMye"


def test_somebody_on_our_own_server_is_named_with_it():
    account = {**STATUS["account"], "acct": "Per"}
    assert parsed({**STATUS, "account": account}).author.external_id == "per@mastodon.test"


def test_what_it_answers_is_found_again():
    said = parsed({**STATUS, "in_reply_to_id": "77"})
    assert list(said.parents) == ["mastodon:mastodon.test:77"]


def test_edits_and_deletions_are_told_apart_and_say_when():
    new, edit, gone = [adapter.parse(one, ACCOUNT, received_at=NOW)[0] for one in SPECIMENS.items]
    assert [new.kind, edit.kind, gone.kind] == ["new", "edit", "delete"]
    assert edit.whole
    assert new.external_id == edit.external_id == gone.external_id
    assert (edit.body, edit.changed_at.hour, gone.changed_at.hour) == (
        "Når brøytes Bakken?",
        15,
        16,
    )
    assert parsed(STATUS, "update").kind == "edit"
    assert parsed(STATUS, "favourite").kind == "network"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://x.test/", "https://x.test/\u202e"]
)
def test_addresses_that_are_no_safe_links_are_left_out(address):
    assert parsed({**STATUS, "url": address}).url == ""


@pytest.mark.django_db(transaction=True)
def test_a_line_cut_at_any_step_of_a_thread_never_gives_two_posts():
    text = " ".join(
        f"Punkt {number} handler om brøyting av veier og fortau." for number in range(25)
    )
    long = replace(SPECIMENS.out, body=text)
    assert cut_everywhere(adapter, SPECIMENS, long) == 3


@pytest.mark.django_db(transaction=True)
def test_the_limit_says_until_when(monkeypatch):
    monkeypatch.setattr("time.time", lambda: datetime(2998, 12, 31, 23, 50, tzinfo=UTC).timestamp())
    with (
        serving(Refusing(SPECIMENS.refusals[4])) as line,
        pytest.raises(SendError) as caught,
    ):
        adapter.send(SPECIMENS.out, at(line.url))
    assert caught.value.retry_after_seconds == 600.0


@pytest.mark.django_db(transaction=True)
def test_an_answer_names_whom_it_speaks_to_and_is_seen_by_no_more_than_the_question():
    with serving(Peer()) as line:
        line.peer.statuses[STATUS["id"]] = {**STATUS, "visibility": "unlisted"}
        adapter.send(SPECIMENS.out, at(line.url))
        (number,) = line.peer.published
        made = line.peer.statuses[number]
    assert made["said"] == "@kari@elsewhere.test Vi brøyter i morgen tidlig."
    assert made["visibility"] == "unlisted"


@pytest.mark.django_db(transaction=True)
def test_a_post_another_delivery_has_the_receipt_of_is_not_taken_for_this_one(nordvaag):
    with serving(Peer()) as line:
        account = connect(nordvaag, "mastodon", "nordvaag@mastodon.test", {"server": line.url}, {})
        snapshot = channels.access(account)
        parent = f"mastodon:{rest.host(snapshot)}:{STATUS['id']}"
        out = replace(SPECIMENS.out, parent=parent)
        first = adapter.send(out, snapshot)
        second = replace(out, idempotency_key="m2")
        assert adapter.find(second, snapshot) is not None
        delivery = outbox.enqueue(account, out, about=account, at=NOW)
        outbox.settle_sent([(delivery.pk, first)], at=NOW)
        assert adapter.find(second, snapshot) is None
        assert adapter.send(second, snapshot).external_id != first.external_id


def test_length_is_counted_as_the_server_counts():
    limits = rest.Limits()
    assert writing.length("https://nordvaag.test/" + "a" * 300, limits) == 23
    assert writing.length("@kari@elsewhere.test hei", limits) == len("@kari hei")
    assert writing.length("👩‍👩‍👧 å", limits) == 3


def test_the_preview_asks_nobody_and_warns_that_direct_is_not_secret(monkeypatch):
    monkeypatch.setattr(http, "request", None)
    private = Outgoing("k", "kari@elsewhere.test", "Hei", visibility="private")
    said = adapter.preview(private, ACCOUNT)
    assert list(said.parts) == ["@kari@elsewhere.test Hei"]
    assert "taushetsbelagt" in said.remarks[0]
    assert adapter.preview(replace(private, body="ord " * 300), ACCOUNT).fits
    assert not adapter.preview(replace(private, body="ord " * 3000), ACCOUNT).fits


class Connecting(Peer):
    """Registers applications and gives tokens."""

    registered = 0

    def answer(self, method, path, headers, body):
        if path == "/oauth/token" and b'"code": "kode"' not in body:
            return 400, {}, b'{"error": "invalid_grant"}'
        return super().answer(method, path, headers, body)

    def told(self, method, path, given, headers, query):
        if path == "/api/v1/apps":
            self.registered += 1
            assert "write:statuses" in given["scopes"].split()
            return 200, {"id": "1", "client_id": "cid", "client_secret": "csecret"}
        if path == "/oauth/token":
            assert given["client_secret"] == "csecret"
            return 200, {"access_token": "nytt", "token_type": "Bearer", "scope": given["scope"]}
        return super().told(method, path, given, headers, query)


@pytest.mark.django_db(transaction=True)
def test_the_owner_says_yes_and_the_account_is_connected():
    with serving(Connecting()) as line:
        filled = replace(at(line.url), id=0, address="", secrets={})
        back = "https://square.test/desk/tilbake"
        for _time in range(2):
            url = adapter.authorise_url(filled, redirect_uri=back, state="s")
        assert line.peer.registered == 1
        asked = parse_qs(urlsplit(url).query)
        assert (asked["client_id"], asked["redirect_uri"], asked["state"]) == (
            ["cid"],
            [back],
            ["s"],
        )
        assert "push" not in asked["scope"][0]
        made = adapter.redeem(filled, redirect_uri=back, code="kode")
        assert made.address.startswith("nordvaag@127.0.0.1")
        assert made.secrets == {"access_token": "nytt"}
        assert "csecret" not in json.dumps(dict(made.settings))
        assert b"csecret" not in bytes(Registration.objects.get().secrets)
        with pytest.raises(SendError) as caught:
            adapter.redeem(filled, redirect_uri=back, code="feil")
    assert caught.value.permanent


SEEDS = [json.loads(item.body) for item in SPECIMENS.items]
SEEDS.append({"what": "edit", "status": {**STATUS, "media_attachments": [MEDIA]}})


def understood(body):
    with contextlib.suppress(Unparseable):  # anything else that is raised fails the test
        for one in adapter.parse(RawItem("x", body), ACCOUNT, received_at=NOW):
            assert one


def test_damaged_events_of_every_kind_are_understood_or_set_aside():
    thousands([json.dumps(one).encode() for one in SEEDS], understood)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_html_of_any_kind_is_understood(html):
    parsed({**STATUS, "content": html})
