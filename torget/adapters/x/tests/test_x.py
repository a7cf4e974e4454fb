from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from torget.adapters.x import spending
from torget.adapters.x.api import API, OAUTH
from torget.adapters.x.channel import adapter
from torget.adapters.x.models import Charge
from torget.adapters.x.tests import specimens as s
from torget.channels import oauth, rules, tokens
from torget.channels.contract import RawItem, SendError, Unparseable
from torget.channels.http import Response
from torget.channels.models import Account
from torget.channels.rest import read
from torget.channels.tests.loopback import sent_through_cuts, served
from torget.channels.tests.mutations import thousands
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.protocols import xweight

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
peered = pytest.mark.django_db(transaction=True)


@pytest.fixture
def service():
    peer = s.Service()
    with served(peer) as (url, line):
        peer.account, peer.line = s.at(url), line
        yield peer


def parsed(held):
    (said,) = adapter.parse(s.item(held), s.ACCOUNT, received_at=NOW)
    return said


def test_a_mention_is_read_as_it_was_written():
    said = parsed(s.NEW)
    assert said.body == "@nordvaag Når åpner badet? <3 https://avis.example/bad"
    assert (said.author.handle, list(said.parents)) == ("@kari_prove", ["901", "900"])


def test_an_edited_post_is_the_same_post_though_x_gives_it_a_new_id():
    said = parsed(s.EDITED)
    assert (said.external_id, said.kind) == (parsed(s.NEW).external_id, "edit")


def test_thousands_of_spoiled_posts_are_understood_or_set_aside():
    def parse(body):
        with contextlib.suppress(Unparseable):
            for one in adapter.parse(RawItem("x", body), s.ACCOUNT, received_at=NOW):
                assert one.external_id
                assert one.author.external_id

    thousands([s.item(one).body for one in (s.NEW, s.EDITED)], parse)


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("Blåbær", 6),
        ("日本", 4),
        ("👨‍👩‍👧‍👦", 2),
        ("🇳🇴", 2),
        ("se https://x.example/" + "a" * 200, 26),
        ("nordvaag.no", 23),
        ("«Hei» – …", 10),
    ],
)
def test_length_is_counted_as_x_counts(text, weight):
    assert xweight.weight(text) == weight


@given(st.text(max_size=900))
def test_what_is_cut_fits(text):
    assert xweight.weight(xweight.cut(text, "https://x.example/1")) <= xweight.MOST


def test_the_price_stands_beside_the_text_with_and_without_a_link():
    bare = adapter.preview(s.OUT, s.ACCOUNT)
    assert "0.015" in bare.remarks[-1]
    linked = adapter.preview(replace(s.OUT, body="Les mer på nordvaag.no"), s.ACCOUNT)
    assert "0.20" in linked.remarks[-1]
    assert "0.015" in linked.remarks[-1]
    dear = replace(s.ACCOUNT, settings={"price_post": "0,5"})
    assert "0.5" in adapter.preview(s.OUT, dear).remarks[-1]


@peered
@pytest.mark.parametrize("link", ["", s.OUT.link])
def test_a_line_cut_anywhere_publishes_once_and_is_paid_for_once(link):
    out = replace(s.OUT, body=f"{s.OUT.body} {link}".strip())
    for which, when, published in sent_through_cuts(replace(s.SENT, out=out)):
        assert len(published) == 1, f"cut {when} answer {which}"
    assert Charge.objects.filter(key=out.idempotency_key).count() == 1


@pytest.mark.parametrize(
    ("status", "kind", "flag"),
    [
        (401, "about:blank", "account"),
        (402, "about:blank", "account"),
        (403, "https://api.twitter.com/2/problems/client-forbidden", "account"),
        (403, "about:blank", "permanent"),
        (400, "about:blank", "permanent"),
        (429, "about:blank", "limited"),
        (503, "about:blank", "ambiguous"),
    ],
)
def test_refusals_are_told_apart_by_status_and_type(status, kind, flag):
    refusal = s.refused(status, kind)
    headers = {"x-rate-limit-reset": "1060"}
    with time_machine.travel(1000.0, tick=False):
        fault = API.refusal(read(Response(status, headers, refusal.body)), writes=True)
    flags = ("account", "permanent", "limited", "ambiguous")
    assert [one for one in flags if getattr(fault, one)] == [flag]
    if status == 429:
        assert fault.retry_after_seconds == 60


@peered
def test_when_the_months_limit_is_reached_nothing_more_is_sent(service):
    tight = {**service.account.settings, "monthly_limit": "0.03"}
    account = replace(service.account, settings=tight)
    for number in range(2):
        adapter.send(replace(s.OUT, idempotency_key=f"p{number}"), account)
    with pytest.raises(SendError) as caught:
        adapter.send(replace(s.OUT, idempotency_key="p2"), account)
    assert caught.value.permanent
    assert not caught.value.account
    assert len(service.published) == 2
    assert "0.03" in adapter.check(account).detail


@peered
def test_what_is_refused_is_not_paid_for(service):
    adapter.send(s.OUT, service.account)
    service.line.say = s.said({"type": "about:blank"}, 400)
    with pytest.raises(SendError):
        adapter.send(replace(s.OUT, idempotency_key="p9"), service.account)
    assert spending.used(service.account, datetime.now(UTC)) == Decimal("0.015")


@peered
def test_the_lasting_key_is_another_each_time_and_is_kept_sealed(service, nordvaag):
    row = rules.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="x",
        address="500",
        name="nordvaag",
        settings=service.account.settings,
        secrets=service.account.secrets,
        by=Actor.system(nordvaag.pk),
        at=NOW,
    )
    account = rules.access(row)
    with time_machine.travel(NOW, tick=False):
        first = OAUTH.access_token(account)
        OAUTH.access_token(account)
        assert service.refreshed == 1
        tokens.forget()  # as another process, with the account as it read it before
        assert OAUTH.access_token(account) == first
        assert service.refreshed == 1
    with time_machine.travel(NOW + timedelta(hours=3), tick=False):
        OAUTH.access_token(account)
    assert service.refreshed == 2
    sealed = bytes(Account.objects.get(pk=row.pk).secrets)
    assert first.encode() not in sealed
    assert rules.secrets_of(row.pk)["refresh_token"] == "r2"


@peered
def test_pages_of_mentions_are_read_to_the_end_before_the_cursor_moves(service):
    other = s.NEW | {"id": "1000", "edit_history_tweet_ids": ["1000"]}
    ours = s.NEW | {"id": "999", "author_id": "500"}
    people = {"users": [s.KARI]}
    service.mentions = [
        s.said(
            {"data": [s.NEW], "includes": people, "meta": {"newest_id": "1001", "next_token": "n"}}
        ),
        s.said({"data": [other, ours], "includes": people, "meta": {"newest_id": "1000"}}),
        s.said({"meta": {"result_count": 0}}),
    ]
    first = adapter.poll(service.account, {"since_id": "5"})
    assert first.more
    assert first.cursor["since_id"] == "5"
    last = adapter.poll(service.account, first.cursor)
    assert [one.external_id for one in (*first.items, *last.items)] == ["1001", "1000"]
    assert last.cursor == {"since_id": "1001"}
    assert adapter.poll(service.account, last.cursor).cursor == {"since_id": "1001"}
    assert spending.used(service.account, datetime.now(UTC)) == Decimal("0.003")


@peered
def test_answers_withdrawals_and_hiding(service):
    answer = replace(s.OUT, act="say", parent="1001", body="Klokka ti.", signature="Ola")
    receipt = adapter.send(answer, service.account)
    assert service.published == ["Klokka ti.\n– Ola"]
    assert adapter.find(answer, service.account).external_id == receipt.external_id
    gone = replace(s.OUT, act="withdraw", target=receipt.external_id)
    assert adapter.find(gone, service.account) is None
    adapter.send(gone, service.account)
    assert adapter.find(gone, service.account).external_id == receipt.external_id
    hidden = replace(s.OUT, act="hide", target="1001")
    adapter.send(hidden, service.account)
    assert service.published[-1] == "hidden True"
    with pytest.raises(SendError) as caught:
        adapter.find(hidden, service.account)
    assert caught.value.ambiguous


@peered
def test_the_owner_says_yes_with_proof_of_possession(service):
    query = parse_qs(
        urlsplit(
            adapter.authorise_url(service.account, redirect_uri="https://x/y", state="s")
        ).query
    )
    assert query["code_challenge"] == [oauth.challenge(service.account)]
    assert query["code_challenge_method"] == ["S256"]
    given = adapter.redeem(service.account, redirect_uri="https://x/y", code="c")
    assert (given.address, given.name) == ("500", "nordvaag")
