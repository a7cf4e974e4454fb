"""What was taken back is not sent any more; and when a server is back, what waited for it goes at once, in order."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from torget.adapters.activitypub import inbox_deliveries, peers, remotes
from torget.adapters.activitypub.channel import ADAPTER
from torget.adapters.activitypub.fanout import Fanout
from torget.adapters.activitypub.models import Follower, InboxDelivery, Peer
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


def do(snapshot, key, body="", act="publish", **more):
    return ADAPTER.send(Outgoing(key, "", body, act=act, visibility="public", **more), snapshot)


def got(server):
    """What arrived: kind, and what it says."""
    bodies = [
        json.loads(body) for _path, _way, status, body, _headers in server.got if status < 300
    ]
    return [(one["type"], one["object"].get("content", "").strip("</p>")) for one in bodies]


@pytest.mark.parametrize("edited", [False, True])
def test_a_post_taken_back_before_it_went_is_never_sent_and_neither_is_its_delete(
    server, snapshot, followed, edited
):
    uri = do(snapshot, "p1", "Feil").external_id
    if edited:
        do(snapshot, "e1", "Mindre feil", "edit", target=uri)
    do(snapshot, "w1", act="withdraw", target=uri)
    carry()
    assert (got(server), InboxDelivery.objects.count()) == ([], 0)


def test_one_that_may_have_arrived_is_deleted_there_and_not_sent_again(
    server, snapshot, followed, at
):
    server.answer = (503, {})
    uri = do(snapshot, "p1", "Feil").external_id
    carry()
    do(snapshot, "w1", act="withdraw", target=uri)
    server.answer = (202, {})
    InboxDelivery.objects.update(next_attempt_at=at)
    carry()
    assert got(server) == [("Delete", "")]


def test_one_that_was_on_its_way_when_it_was_taken_back_goes_no_more(
    server, snapshot, account, followed, at
):
    uri = do(snapshot, "p1", "Feil").external_id
    claimed = inbox_deliveries.claim([account.pk], at=timezone.now(), limit=10)
    do(snapshot, "w1", act="withdraw", target=uri)
    inbox_deliveries.settle_failed(
        [inbox_deliveries.Failed(claimed[0].id, at, 503, "HTTP 503")], at=at
    )
    carry()
    assert got(server) == [("Delete", "")]
    inbox_deliveries.prune(at=timezone.now())
    assert set(InboxDelivery.objects.values_list("state", flat=True)) == {"sent"}


def test_after_an_hour_away_what_waited_goes_at_once_in_the_order_it_was_said(
    server, snapshot, followed, monkeypatch
):
    begun = now = timezone.now()
    monkeypatch.setattr(peers, "IN_FLIGHT", 1)

    def clock():
        return now

    server.answer = (503, {})
    for number in range(5):
        do(snapshot, f"p{number}", f"Nyhet {number}")
        for _minute in range(12):
            carry(clock=clock)
            now += timedelta(minutes=1)
    assert now - begun == timedelta(hours=1)
    assert InboxDelivery.objects.filter(state="due").count() == 5
    away = InboxDelivery.objects.order_by("next_attempt_at").last().next_attempt_at - now
    assert away > timedelta(minutes=5)
    server.answer = (202, {})
    while not got(server):
        now += timedelta(minutes=1)
        carry(clock=clock)
    assert Peer.objects.get().failing_since is None
    said = [text for _kind, text in got(server)]
    assert sorted(said) == [f"Nyhet {number}" for number in range(5)]
    assert said[1:] == sorted(said[1:])


def test_one_post_alone_also_goes_soon_after_the_server_is_back(server, snapshot, followed):
    moved = timedelta()

    def minute():
        nonlocal moved
        loop = Fanout(clock=lambda: timezone.now() + moved)
        loop._tidy()
        asyncio.run(loop.run(threading.Event(), until_empty=True))
        moved += timedelta(minutes=1)

    server.answer = (503, {})
    do(snapshot, "p1", "Nyhet")
    for _minute in range(60):
        minute()
    tried = len(server.got)
    assert tried < 30
    server.answer = (202, {})
    for _minute in range(11):
        minute()
    assert got(server) == [("Create", "Nyhet")]


def test_a_server_that_never_comes_back_is_given_up(server, snapshot, followed, at):
    server.answer = (503, {})
    do(snapshot, "p1", "Nyhet")
    carry()
    later = at + inbox_deliveries.LONGEST_WAIT + timedelta(minutes=1)
    inbox_deliveries.probe(at=later)
    inbox_deliveries.prune(at=later)
    assert list(InboxDelivery.objects.values_list("state", flat=True)) == ["given_up"]


def test_a_short_stumble_moves_nothing_forward(server, snapshot, followed):
    server.answer = (503, {})
    do(snapshot, "p1", "En")
    carry()
    server.answer = (202, {})
    do(snapshot, "p2", "To")
    carry()
    assert [text for _kind, text in got(server)] == ["To"]
    assert InboxDelivery.objects.get(state="due").next_attempt_at > timezone.now() + timedelta(
        seconds=30
    )
