"""Who is shut out, a server or a person, is told that their follow is rejected, and nothing else."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from torget.adapters.activitypub import announcing, rules, shutting
from torget.adapters.activitypub.channel import ADAPTER
from torget.adapters.activitypub.models import Act, Follower, InboxDelivery
from torget.adapters.activitypub.parsing import parse
from torget.adapters.activitypub.tests.specimens import KARI, activity, item, know_kari
from torget.channels.contract import Author, NetworkEvent, Outgoing
from torget.conversations import persons
from torget.conversations.models import Block

pytestmark = pytest.mark.django_db


@pytest.fixture
def follow(snapshot, mine, at):
    know_kari()

    def tell(number):
        held = item(activity("Follow", mine.actor, mark=f"-{number}"))
        for one in parse(held, snapshot, received_at=at):
            if isinstance(one, NetworkEvent):
                ADAPTER.on_event(one, snapshot, at=at)

    tell(1)
    return tell


@pytest.fixture
def block(nordvaag, ola, at):
    identity = persons.identify(nordvaag, "activitypub", Author(KARI, "Kari"), at=at, language="nb")
    return lambda: Block.objects.create(
        identity=identity,
        reason="Trusler",
        until_on=at.date() + timedelta(days=30),
        blocked_at=at,
        blocked_by=ola.staff,
    )


def last(kind):
    return [json.loads(bytes(one.body)) for one in Act.objects.order_by("pk") if kind in one.key][
        -1
    ]


def waiting():
    rows = InboxDelivery.objects.filter(state="due").select_related("act")
    return sorted((one.act.key.partition("-")[0], one.inbox) for one in rows)


def test_a_servers_followers_are_told_when_it_is_shut_out_and_nothing_else_is_sent(
    nordvaag, account, snapshot, mine, follow, liv, at
):
    ADAPTER.send(Outgoing("p1", "", "Hei", act="publish", visibility="public"), snapshot)
    rules.block_domain(nordvaag, "mastodon.example", "suspend", "Trusler", by=liv, at=at)
    assert waiting() == [("reject", f"{KARI}/inbox")]
    said = last("reject")
    follow_id = activity("Follow", mine.actor, mark="-1")["id"]
    assert (said["type"], said["actor"]) == ("Reject", mine.actor)
    assert said["object"] == {
        "id": follow_id,
        "type": "Follow",
        "actor": KARI,
        "object": mine.actor,
    }
    assert not Follower.objects.exists()
    ADAPTER.send(Outgoing("p2", "", "Hei igjen", act="publish", visibility="public"), snapshot)
    assert waiting() == [("reject", f"{KARI}/inbox")]


def test_a_server_that_is_only_held_back_keeps_its_followers(nordvaag, follow, liv, at):
    rules.block_domain(nordvaag, "mastodon.example", "silence", "Mye tull", by=liv, at=at)
    assert Follower.objects.count() == 1
    assert not Act.objects.filter(key__startswith="reject").exists()


def test_a_person_who_is_blocked_follows_us_no_longer_and_may_again_when_it_is_over(
    account, follow, block, at
):
    blocked = block()
    announcing.tidy(at=at)
    assert not Follower.objects.exists()
    assert last("reject")["to"] == [KARI]
    follow(2)
    assert not Follower.objects.exists()
    assert last("reject")["object"]["id"].endswith("-2")
    assert shutting.reject_the_blocked(at=at) == 0
    Block.objects.filter(pk=blocked.pk).update(lifted_at=at)
    follow(3)
    assert Follower.objects.count() == 1
    assert last("accept")["object"]["id"].endswith("-3")
