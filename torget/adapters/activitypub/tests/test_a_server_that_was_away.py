"""What was taken back is not sent any more; and when a server is back, what waited for it goes at once, in order."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from torget.adapters.activitypub import parcels, peers, remotes
from torget.adapters.activitypub.channel import ADAPTER
from torget.adapters.activitypub.fanout import Fanout
from torget.adapters.activitypub.models import Follower, Parcel, Peer
from torget.adapters.activitypub.tests.servers import carry
from torget.channels.contract import Outgoing
from torget.protocols.activitypub import ActorSaid

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]


@pytest.fixture
def followed(server, account, at):
    actor = f"http://{server.host}/users/kari"
    said = ActorSaid(actor, "Person", "kari", "Kari", f"{actor}/inbox", server.inbox())
    Follower.objects.create(
        account=account, remote=remotes.keep(said, "", at=at), follow="f", followed_at=at
    )


def do(facts, key, body="", act="publish", **more):
    return ADAPTER.send(Outgoing(key, "", body, act=act, visibility="public", **more), facts)


def got(server):
    """What arrived: kind, and what it says."""
    bodies = [
        json.loads(body) for _path, _way, status, body, _headers in server.got if status < 300
    ]
    return [(one["type"], one["object"].get("content", "").strip("</p>")) for one in bodies]


@pytest.mark.parametrize("edited", [False, True])
def test_a_post_taken_back_before_it_went_is_never_sent_and_neither_is_its_delete(
    server, facts, followed, edited
):
    uri = do(facts, "p1", "Feil").external_id
    if edited:
        do(facts, "e1", "Mindre feil", "edit", target=uri)
    do(facts, "w1", act="withdraw", target=uri)
    carry()
    assert (got(server), Parcel.objects.count()) == ([], 0)


def test_one_that_may_have_arrived_is_deleted_there_and_not_sent_again(server, facts, followed, at):
    server.answer = (503, {})
    uri = do(facts, "p1", "Feil").external_id
    carry()
    do(facts, "w1", act="withdraw", target=uri)
    server.answer = (202, {})
    Parcel.objects.update(next_attempt_at=at)
    carry()
    assert got(server) == [("Delete", "")]


def test_one_that_was_on_its_way_when_it_was_taken_back_goes_no_more(
    server, facts, account, followed, at
):
    uri = do(facts, "p1", "Feil").external_id
    claimed = parcels.claim([account.pk], at=timezone.now(), limit=10)
    do(facts, "w1", act="withdraw", target=uri)
    parcels.settle_failed([parcels.Failed(claimed[0].id, at, 503, "HTTP 503")], at=at)
    carry()
    assert got(server) == [("Delete", "")]
    parcels.prune(at=timezone.now())
    assert set(Parcel.objects.values_list("state", flat=True)) == {"sent"}


def test_after_an_hour_away_what_waited_goes_at_once_in_the_order_it_was_said(
    server, facts, followed, monkeypatch
):
    begun = now = timezone.now()
    monkeypatch.setattr(peers, "IN_FLIGHT", 1)

    def clock():
        return now

    server.answer = (503, {})
    for number in range(5):
        do(facts, f"p{number}", f"Nyhet {number}")
        for _minute in range(12):
            carry(clock=clock)
            now += timedelta(minutes=1)
    assert now - begun == timedelta(hours=1)
    assert Parcel.objects.filter(state="due").count() == 5
    away = Parcel.objects.order_by("next_attempt_at").last().next_attempt_at - now
    assert away > timedelta(minutes=5)
    server.answer = (202, {})
    while not got(server):
        now += timedelta(minutes=1)
        carry(clock=clock)
    assert Peer.objects.get().failing_since is None
    said = [text for _kind, text in got(server)]
    assert sorted(said) == [f"Nyhet {number}" for number in range(5)]
    assert said[1:] == sorted(said[1:])


def test_one_post_alone_also_goes_soon_after_the_server_is_back(server, facts, followed):
    moved = timedelta()

    def minute():
        nonlocal moved
        loop = Fanout(clock=lambda: timezone.now() + moved)
        loop._tidy()
        asyncio.run(loop.run(threading.Event(), until_empty=True))
        moved += timedelta(minutes=1)

    server.answer = (503, {})
    do(facts, "p1", "Nyhet")
    for _minute in range(60):
        minute()
    tried = len(server.got)
    assert tried < 30
    server.answer = (202, {})
    for _minute in range(11):
        minute()
    assert got(server) == [("Create", "Nyhet")]


def test_a_server_that_never_comes_back_is_given_up(server, facts, followed, at):
    server.answer = (503, {})
    do(facts, "p1", "Nyhet")
    carry()
    later = at + parcels.LONGEST_WAIT + timedelta(minutes=1)
    parcels.probe(at=later)
    parcels.prune(at=later)
    assert list(Parcel.objects.values_list("state", flat=True)) == ["given_up"]


def test_a_short_stumble_moves_nothing_forward(server, facts, followed):
    server.answer = (503, {})
    do(facts, "p1", "En")
    carry()
    server.answer = (202, {})
    do(facts, "p2", "To")
    carry()
    assert [text for _kind, text in got(server)] == ["To"]
    assert Parcel.objects.get(state="due").next_attempt_at > timezone.now() + timedelta(seconds=30)
