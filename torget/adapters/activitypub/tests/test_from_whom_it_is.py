"""A delivery is taken when its sender signed it just now, and refused with the reason otherwise."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import pairwise

import pytest
from django.utils import timezone

from torget.adapters.activitypub import remotes, rules
from torget.adapters.activitypub.channel import ADAPTER
from torget.adapters.activitypub.models import DomainBlock, Follower, Peer, Remote
from torget.adapters.activitypub.tests.specimens import (
    KARI,
    KEYS,
    NOTE,
    activity,
    bytes_of,
    know_kari,
    note,
    sign,
)
from torget.channels import rules as channels
from torget.channels.contract import BadSignature, NothingToKeep, Unparseable
from torget.channels.http import HttpError
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.protocols.http_signatures import PrivateKey, Request, cavage, new_rsa

pytestmark = pytest.mark.django_db


def to_us(mine, **changes):
    """Kari's question to our actor in this test."""
    mention = [{"type": "Mention", "href": mine.actor, "name": mine.handle}]
    return note(cc=[mine.actor], tag=mention, **changes)


def delivery(mine, held=None, **signing):
    return sign(bytes_of(held or activity("Create", to_us(mine))), url=mine.inbox, **signing)


def actor_document(keys=KEYS, **changes):
    return {
        "id": KARI,
        "type": "Person",
        "preferredUsername": "kari",
        "name": "Kari <b>Nordmo</b>",
        "inbox": f"{KARI}/inbox",
        "endpoints": {"sharedInbox": "https://mastodon.example/inbox"},
        "url": "https://mastodon.example/@kari",
        "publicKey": {
            "id": keys["rsa"].id,
            "owner": KARI,
            "publicKeyPem": keys["rsa"].public().pem(),
        },
        "assertionMethod": [
            {
                "id": keys["ed25519"].id,
                "type": "Multikey",
                "controller": KARI,
                "publicKeyMultibase": keys["ed25519"].public().multikey(),
            }
        ],
        **changes,
    }


def jrd(subject="kari@mastodon.example", href=KARI):
    return {
        "subject": f"acct:{subject}",
        "links": [{"rel": "self", "type": "application/activity+json", "href": href}],
    }


FINGER = "https://mastodon.example/.well-known/webfinger?resource=acct%3Akari%40mastodon.example"


@pytest.mark.parametrize("way", ["cavage", "rfc9421"])
@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_signed_by_somebody_we_do_not_know_yet(snapshot, mine, web, way, kind):
    web.put(KARI, actor_document())
    web.put(FINGER, jrd())
    item = ADAPTER.verify(snapshot, *delivery(mine, way=way, kind=kind))
    assert item.headers == {
        "actor-name": "Kari Nordmo",
        "actor-handle": "@kari@mastodon.example",
        "actor-page": "https://mastodon.example/@kari",
        "signed": way,
    }
    assert (
        "signature" in web.asked[0][1]
    )  # we ask in our own name: their server may want to know who asks
    assert Peer.objects.get(host="mastodon.example").signs == f"{way}-{kind}"
    web.asked.clear()
    ADAPTER.verify(snapshot, *delivery(mine, way=way, kind=kind))
    assert web.asked == []


def test_a_handle_that_webfinger_does_not_confirm_is_not_shown(snapshot, mine, web):
    web.put(KARI, actor_document())
    web.put(FINGER, jrd(href="https://mastodon.example/users/somebody"))
    assert ADAPTER.verify(snapshot, *delivery(mine)).headers["actor-handle"] == ""


def test_a_handle_on_another_domain_counts_when_that_domain_says_so(snapshot, mine, web):
    web.put(KARI, actor_document())
    web.put(FINGER, jrd(subject="kari@kommune.example"))
    elsewhere = FINGER.replace("mastodon.example", "kommune.example")
    assert ADAPTER.verify(snapshot, *delivery(mine)).headers["actor-handle"] == ""
    Remote.objects.all().delete()
    web.put(elsewhere, jrd(subject="kari@kommune.example"))
    assert (
        ADAPTER.verify(snapshot, *delivery(mine)).headers["actor-handle"] == "@kari@kommune.example"
    )


def refused(snapshot, headers, body):
    with pytest.raises(BadSignature) as told:
        ADAPTER.verify(snapshot, headers, body)
    assert "brøytes" not in str(told.value)
    return str(told.value)


@pytest.mark.parametrize("way", ["cavage", "rfc9421"])
def test_tampered_too_old_unsigned_and_elsewhere_are_refused(snapshot, mine, web, way):
    know_kari()
    headers, body = delivery(mine, way=way)
    assert "another body" in refused(
        snapshot, headers, body.replace(b"Fjellveien", b"Sj\xc3\xb8gata")
    )
    assert "an hour off" in refused(snapshot, *delivery(mine, way=way, at=time.time() - 3_700))
    assert "an hour off" in refused(snapshot, *delivery(mine, way=way, at=time.time() + 3_700))
    assert "not of this key" in refused(snapshot, {**headers, ":path": "/hooks/other"}, body)
    bare = {name: value for name, value in headers.items() if "signature" not in name}
    assert "no signature" in refused(snapshot, bare, body)


def test_a_signature_replayed_over_another_body_is_refused(snapshot, mine, web):
    know_kari()
    headers, _body = delivery(mine)
    _other, body = delivery(mine, activity("Create", to_us(mine, id=f"{NOTE}-2"), mark="-2"))
    assert "another body" in refused(snapshot, headers, body)


def test_the_same_delivery_again_is_the_same_item(snapshot, mine, web):
    know_kari()
    headers, body = delivery(mine)
    assert ADAPTER.verify(snapshot, headers, body) == ADAPTER.verify(snapshot, headers, body)


def test_nobody_speaks_with_anothers_key(snapshot, mine, web):
    know_kari()
    web.put(
        "https://evil.example/users/mallory",
        actor_document(id="https://evil.example/users/mallory"),
    )
    held = activity("Create", to_us(mine), actor="https://evil.example/users/mallory")
    assert "not the actor's" in refused(snapshot, *delivery(mine, held))
    neighbour = activity("Create", to_us(mine), actor="https://mastodon.example/users/oda")
    oda = "https://mastodon.example/users/oda"
    web.put(
        oda,
        actor_document(
            id=oda,
            inbox=f"{oda}/inbox",
            publicKey={
                "id": KEYS["rsa"].id,
                "owner": KARI,
                "publicKeyPem": KEYS["rsa"].public().pem(),
            },
            assertionMethod=[],
        ),
    )
    assert "no such key" in refused(snapshot, *delivery(mine, neighbour))


def test_new_keys_are_fetched_once_when_a_signature_fails(snapshot, mine, web):
    know_kari()
    fresh = {**KEYS, "rsa": PrivateKey.from_pem(KEYS["rsa"].id, new_rsa())}
    web.put(KARI, actor_document(fresh))
    body = bytes_of(activity("Create", to_us(mine)))
    request = Request.of("POST", mine.inbox)
    headers = {":method": "POST", ":path": request.target, "host": request.authority}
    headers |= cavage.sign(request, body, fresh["rsa"], now=time.time())
    assert "not of this key" in refused(
        snapshot, headers, body
    )  # seen a moment ago: nobody is asked
    assert web.asked == []
    Remote.objects.update(fetched_at=timezone.now() - timedelta(minutes=1))
    assert ADAPTER.verify(snapshot, headers, body).headers["signed"] == "cavage"
    assert web.urls().count(KARI) == 1


def test_a_server_that_cannot_be_reached_is_not_asked_again_at_once(snapshot, mine, web):
    web.pages[KARI] = HttpError("ConnectError at mastodon.example", maybe_sent=False)
    for _time in range(3):
        assert "could not be fetched" in refused(snapshot, *delivery(mine))
    assert web.urls().count(KARI) == 1


def test_somebody_we_never_knew_who_is_gone_makes_us_ask_nobody(snapshot, mine, web):
    with pytest.raises(NothingToKeep, match="never knew"):
        ADAPTER.verify(snapshot, *delivery(mine, activity("Delete", KARI)))
    assert web.asked == []


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (actor_document(), "text/html"),
        (actor_document(), "application/json"),
        (actor_document(id="https://mastodon.example/users/oda"), "application/activity+json"),
        (actor_document(id="https://elsewhere.example/users/kari"), "application/activity+json"),
        (actor_document(inbox="https://inside.example/inbox"), "application/activity+json"),
        (actor_document(type="Note"), "application/activity+json"),
        (b"[]", "application/activity+json"),
    ],
)
def test_what_is_no_actor_is_not_taken_for_one(snapshot, mine, web, document, kind):
    web.put(KARI, document, kind=kind)
    assert "could not be fetched" in refused(snapshot, *delivery(mine))
    assert not Remote.objects.exists()


def test_redirects_are_followed_three_times_and_each_is_checked(snapshot, mine, web):
    steps = [KARI, *(f"https://mastodon.example/{number}" for number in range(4))]
    for here, there in pairwise(steps):
        web.put(here, b"", status=302, location=there)
    web.put(steps[3], actor_document())
    assert ADAPTER.verify(snapshot, *delivery(mine))
    Remote.objects.all().delete()
    web.put(steps[3], b"", status=302, location=steps[4])
    web.put(steps[4], actor_document())
    assert "Too many redirects" in refused(snapshot, *delivery(mine))
    remotes._failed.clear()
    web.put(KARI, b"", status=302, location="http://169.254.169.254/latest")
    assert "not https" in refused(snapshot, *delivery(mine))


def test_a_suspended_server_and_all_under_it_are_refused_and_a_silenced_one_is_marked(
    snapshot, mine, web, nordvaag, liv
):
    remote = know_kari()
    account = channels.Account.objects.get(pk=snapshot.id)
    Follower.objects.create(account=account, remote=remote, follow="x", followed_at=timezone.now())
    at = timezone.now()
    rules.block_domain(nordvaag, "mastodon.example", "silence", "Mye søppel", by=liv, at=at)
    assert ADAPTER.verify(snapshot, *delivery(mine)).headers["silenced"] == "1"
    block = rules.block_domain(nordvaag, "example", "suspend", "Trusler", by=liv, at=at)
    assert "blocked" in refused(snapshot, *delivery(mine))
    rules.unblock_domain(block, by=liv, at=at)
    rules.block_domain(nordvaag, "mastodon.example", "suspend", "Trusler", by=liv, at=at)
    assert "blocked" in refused(snapshot, *delivery(mine))
    assert not Follower.objects.exists()
    assert DomainBlock.objects.get().decided_by == liv.staff


def test_another_municipalitys_block_is_its_own(snapshot, mine, web, elsewhere, charlie):
    know_kari()
    rules.block_domain(
        elsewhere, "mastodon.example", "suspend", "Trusler", by=charlie, at=timezone.now()
    )
    assert ADAPTER.verify(snapshot, *delivery(mine))


def test_what_comes_to_the_shared_inbox_reaches_the_unit_it_is_for(snapshot, mine, web, school):
    know_kari()
    from_kari = activity("Create", note(cc=[mine.actor.replace("nordvaag", "drift")], tag=[]))
    item = ADAPTER.verify(snapshot, *delivery(mine, from_kari))
    assert ADAPTER.parse(item, snapshot, received_at=timezone.now()) == []
    handed = Envelope.objects.get()
    assert handed.account == school
    assert bytes(handed.body) == item.body
    ADAPTER.verify(snapshot, *delivery(mine, from_kari))
    assert Envelope.objects.count() == 1


def test_rules_are_for_those_who_may(nordvaag, account, ola, per, charlie):
    for actor in (ola, per, charlie):
        with pytest.raises(rules.Refused):
            rules.block_domain(nordvaag, "x.example", "suspend", "x", by=actor, at=timezone.now())
        with pytest.raises(rules.Refused):
            rules.rotate_keys(account, by=actor, at=timezone.now())
    with pytest.raises(rules.Refused, match="Skriv hvorfor"):
        rules.block_domain(
            nordvaag, "x.example", "suspend", " ", by=Actor.system(nordvaag.pk), at=timezone.now()
        )


def test_a_note_that_is_only_named_is_fetched_from_its_own_server_and_read(snapshot, mine, web):
    know_kari()
    named = activity("Create", NOTE, to=[mine.actor], cc=[])
    web.put(NOTE, to_us(mine))
    item = ADAPTER.verify(snapshot, *delivery(mine, named))
    (said,) = ADAPTER.parse(item, snapshot, received_at=timezone.now())
    assert (said.external_id, said.body) == (NOTE, "Når brøytes Fjellveien?")
    assert item.body == bytes_of(named)


@pytest.mark.parametrize(
    "held",
    [
        lambda mine: to_us(mine, id=f"{NOTE}2"),
        lambda mine: to_us(mine, attributedTo="https://mastodon.example/users/oda"),
        lambda mine: b"[]",
    ],
)
def test_what_is_fetched_must_be_what_was_named_and_theirs(snapshot, mine, web, held):
    know_kari()
    web.put(NOTE, held(mine))
    item = ADAPTER.verify(snapshot, *delivery(mine, activity("Create", NOTE, to=[mine.actor])))
    with pytest.raises(Unparseable):
        ADAPTER.parse(item, snapshot, received_at=timezone.now())


def test_nothing_is_fetched_from_elsewhere_or_for_what_is_not_for_us(snapshot, mine, web):
    know_kari()
    for held in (
        activity("Create", "https://elsewhere.example/1", to=[mine.actor]),
        activity("Create", NOTE, to=[], cc=[]),
        activity("Announce", NOTE, to=[mine.actor]),
    ):
        ADAPTER.verify(snapshot, *delivery(mine, held))
    assert web.asked == []


def test_what_somebody_took_back_whom_we_never_knew_and_who_is_gone_is_forgotten(
    snapshot, mine, web
):
    web.put(KARI, b"", status=410)
    with pytest.raises(NothingToKeep):
        ADAPTER.verify(snapshot, *delivery(mine, activity("Delete", NOTE)))
