"""Inbox deliveries reach every inbox once, in the signature each server takes; who is slow, dead or gone holds up nobody else."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from torget.adapters.activitypub import acts, fanout, inbox_deliveries, loop, peers, signed_post
from torget.adapters.activitypub.fanout import Fanout
from torget.adapters.activitypub.models import Follower, InboxDelivery, Peer
from torget.adapters.activitypub.tests.servers import Server, carry
from torget.adapters.activitypub.tests.specimens import know_kari
from torget.adapters.activitypub.waits import asked_to_wait, due_again
from torget.channels import rules as channels
from torget.channels.http import Response
from torget.channels.models import Account
from torget.protocols.activitypub import writing
from torget.protocols.http_signatures import Invalid, Request, verify

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]
State = InboxDelivery.State


def act(mine, *inboxes, key="k", ap_object=None, follows_up=False):
    activity = writing.activity("Create", f"{mine.actor}#{key}", actor=mine.actor, about=mine.actor)
    return acts.do(
        key,
        mine,
        activity,
        inboxes,
        receipt=key,
        at=timezone.now(),
        ap_object=ap_object,
        follows_up=follows_up,
    )


def states():
    return dict(Counter(InboxDelivery.objects.values_list("state", flat=True)))


def test_every_inbox_gets_it_once_and_the_signature_holds(server, mine):
    act(mine, *(server.inbox(number) for number in range(300)))
    carry()
    assert states() == {"sent": 300}
    assert sorted(path for path, *_rest in server.got) == sorted(
        f"/inbox/{number}" for number in range(300)
    )
    path, way, _status, body, headers = server.got[0]
    request = Request("POST", "http", headers["host"], path, headers)
    assert verify(request, body, mine.key("rsa").public(), now=time.time()).way == way == "cavage"
    with pytest.raises(Invalid):
        verify(request, body + b" ", mine.key("rsa").public(), now=time.time())


@pytest.mark.parametrize(
    "takes", [signed_post.CAVAGE, signed_post.RFC_RSA, signed_post.RFC_ED25519]
)
def test_where_a_signature_is_refused_the_next_is_tried_and_what_worked_is_remembered(
    server, mine, takes
):
    Peer.objects.create(host=server.host, signs=takes)
    server.takes = takes
    act(mine, server.inbox())
    carry()
    assert states() == {"sent": 1}
    assert Peer.objects.get().takes == takes
    server.got.clear()
    act(mine, server.inbox(), key="k2")
    carry()
    assert [status for _path, _way, status, *_rest in server.got] == [202]


def test_who_refuses_every_signature_is_tried_again_later(server, mine):
    server.answer = (401, {})
    act(mine, server.inbox())
    carry()
    assert [way for _path, way, *_rest in server.got] == ["cavage", "rfc9421"]
    one = InboxDelivery.objects.get()
    assert (one.state, one.status, one.attempts) == ("due", 401, 1)
    assert one.next_attempt_at > timezone.now() + timedelta(seconds=40)


@pytest.mark.parametrize("status", [400, 404, 413, 422])
def test_what_is_refused_for_good_is_given_up_with_its_reason(server, mine, status):
    server.answer = (status, {})
    act(mine, server.inbox())
    carry()
    one = InboxDelivery.objects.get()
    assert (one.state, one.status, one.detail) == ("given_up", status, f"HTTP {status}")
    assert one.settled_at


def test_an_inbox_that_is_gone_takes_its_follower_along(server, mine, account):
    remote = know_kari(inbox=server.inbox(), shared_inbox="")
    Follower.objects.create(account=account, remote=remote, follow="x", followed_at=timezone.now())
    server.answer = (410, {})
    act(mine, server.inbox())
    carry()
    assert states() == {"given_up": 1}
    assert not Follower.objects.exists()


def test_who_asks_for_time_gets_it_and_nothing_is_sent_there_before(server, mine):
    server.answer = (429, {"retry-after": "600"})
    act(mine, server.inbox())
    carry()
    assert InboxDelivery.objects.get().next_attempt_at > timezone.now() + timedelta(seconds=590)
    act(mine, server.inbox(1), key="k2")
    count = len(server.got)
    carry()
    assert len(server.got) == count


def test_five_failures_close_the_line_and_one_success_opens_it(server, mine):
    server.answer = (500, {})
    act(mine, *(server.inbox(number) for number in range(60)))
    carry()
    peer = Peer.objects.get()
    assert peer.failures >= peers.FAILURES
    assert peer.is_closed(timezone.now())
    assert len(server.got) <= peers.IN_FLIGHT * 2
    assert states() == {"due": 60}
    assert not InboxDelivery.objects.filter(next_attempt_at__lt=timezone.now()).exists()
    server.answer = (202, {})
    InboxDelivery.objects.update(next_attempt_at=timezone.now())
    Peer.objects.update(closed_until=timezone.now())
    carry()
    assert states() == {"sent": 60}
    assert Peer.objects.get().failures == 0


def test_a_dead_and_a_slow_server_do_not_hold_up_the_others(server, mine, monkeypatch):
    monkeypatch.setattr(fanout, "ANSWER_SECONDS", 10.0)
    slow, dead = Server(), "http://127.0.0.1:9/inbox"
    slow.wait = 30
    act(
        mine,
        *(f"{dead}/{number}" for number in range(40)),
        *(slow.inbox(number) for number in range(40)),
    )
    act(mine, *(server.inbox(number) for number in range(400)), key="k2")
    stop = threading.Event()
    carrying = threading.Thread(target=lambda: asyncio.run(Fanout().run(stop)))
    begun = time.monotonic()
    carrying.start()
    while len(server.got) < 400 and time.monotonic() - begun < 20:
        time.sleep(0.02)
    seconds = time.monotonic() - begun
    stop.set()
    carrying.join()
    slow.http.shutdown()
    assert len(server.got) == 400
    assert seconds < 9.5  # nobody waited for an answer that never comes
    assert InboxDelivery.objects.filter(state=State.SENT).count() == 400
    assert not InboxDelivery.objects.filter(state=State.SENDING).exists()


def test_an_edit_waits_for_what_it_is_about(server, mine, account):
    ap_object = inbox_deliveries.Act.ap_object.field.related_model.objects.create(
        account=account,
        uri=mine.objects + "1",
        document={},
        public=True,
        published_at=timezone.now(),
    )
    act(mine, server.inbox(), ap_object=ap_object)
    InboxDelivery.objects.update(next_attempt_at=timezone.now() + timedelta(hours=1))
    act(mine, server.inbox(), server.inbox(1), key="k2", ap_object=ap_object, follows_up=True)
    carry()
    assert [path for path, *_rest in server.got] == ["/inbox/1"]
    InboxDelivery.objects.update(next_attempt_at=timezone.now())
    carry()
    carry()
    assert [path for path, *_rest in server.got[1:]] == ["/inbox/0", "/inbox/0"]
    assert states() == {"sent": 3}


def test_what_a_dead_worker_held_is_carried_by_another_and_a_paused_account_waits(
    server, mine, account, per
):
    act(mine, server.inbox())
    assert len(inbox_deliveries.claim([account.pk], at=timezone.now(), limit=10)) == 1
    assert inbox_deliveries.claim([account.pk], at=timezone.now(), limit=10) == []
    assert inbox_deliveries.lose_expired(at=timezone.now() + inbox_deliveries.LEASE * 2) == 1
    channels.pause(account, "Øvelse", by=per, at=timezone.now())
    carry()
    assert states() == {"due": 1}
    channels.resume(Account.objects.get(pk=account.pk), by=per, at=timezone.now())
    carry()
    assert states() == {"sent": 1}


def test_two_workers_carry_each_parcel_once(server, mine):
    act(mine, *(server.inbox(number) for number in range(200)))
    both = [threading.Thread(target=carry) for _one in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert states() == {"sent": 200}
    assert len(server.got) == 200


def test_an_account_that_cannot_sign_loses_nothing(server, mine, account):
    act(mine, server.inbox())
    Account.objects.update(secrets=b"")
    stop = threading.Event()
    carrying = threading.Thread(target=lambda: asyncio.run(Fanout().run(stop)))
    carrying.start()
    time.sleep(0.5)
    stop.set()
    carrying.join()
    assert states() == {"due": 1}
    assert InboxDelivery.objects.get().attempts == 0


def test_it_is_given_up_after_days_and_not_before(now):
    waits = [
        due_again(attempts, now) for attempts in range(1, len(inbox_deliveries.WAITS_SECONDS) + 2)
    ]
    assert waits[-1] is None
    total = sum((one - now for one in waits[:-1]), timedelta())
    assert timedelta(days=3) < total < timedelta(days=7)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("30", 30),
        ("999999", 86_400),
        ("Mon, 23 Nov 2026 09:01:00 GMT", 60),
        ("soon", None),
        ("-1", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(now, said, seconds):
    until = asked_to_wait(Response(503, {"retry-after": said}, b""), now)
    assert until == (None if seconds is None else now + timedelta(seconds=seconds))


def test_with_nothing_to_carry_the_database_is_asked_now_and_then(mine, monkeypatch):
    asked, claim = [], inbox_deliveries.claim
    monkeypatch.setattr(
        inbox_deliveries, "claim", lambda *args, **more: asked.append(1) or claim(*args, **more)
    )
    monkeypatch.setattr(fanout, "IDLE_SECONDS", 0.1)
    stop = threading.Event()
    carrying = threading.Thread(target=lambda: asyncio.run(Fanout().run(stop)))
    carrying.start()
    time.sleep(1)
    stop.set()
    carrying.join(10)
    assert 2 <= len(asked) <= 12  # ten times a second here


def test_what_arrived_long_ago_is_forgotten(server, mine):
    act(mine, server.inbox())
    carry()
    assert inbox_deliveries.prune(at=timezone.now()) == 0
    assert inbox_deliveries.prune(at=timezone.now() + timedelta(days=8)) == 1


def test_where_the_channel_is_not_loaded_its_loop_stands_still(settings, monkeypatch):
    monkeypatch.setattr(loop.apps, "is_installed", lambda _name: False)
    stop = threading.Event()
    waiting = threading.Thread(target=loop.fanout_loop, args=(stop,))
    waiting.start()
    assert waiting.is_alive()
    stop.set()
    waiting.join(5)
    assert not waiting.is_alive()
