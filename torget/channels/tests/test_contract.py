"""Every channel keeps the contract. A channel is tested by being there, with `tests/specimens.py` in its folder."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from random import Random
from typing import get_args

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from tests.cast import NOW
from tests.peers.cutting import Refusing
from torget.channels.apart import answers
from torget.channels.base import Base
from torget.channels.contract import (
    Act,
    Author,
    BadSignature,
    InboundMessage,
    NetworkEvent,
    Outgoing,
    Preview,
    RawItem,
    SendError,
    Unparseable,
)
from torget.channels.registry import adapters
from torget.channels.rules import open_account
from torget.channels.tests.mutations import AT_ONCE, TIMES, spoiled
from torget.channels.tests.scripted import serving
from torget.conversations import filing
from torget.conversations.models import Message, Tombstone
from torget.conversations.tasks import file_due
from torget.intake.models import Envelope
from torget.intake.rules import receive
from torget.people.actor import Actor
from torget.people.models import Unit


def specimens():
    """Every channel's specimens, by network."""
    found = {}
    for path in settings.ADAPTERS:
        held = import_module(f"{path}.tests.specimens").SPECIMENS
        for one in held if isinstance(held, list | tuple) else [held]:
            found.setdefault(one.network, []).append(one)
    return found


ALL = specimens()
EACH = [
    pytest.param(one, id=f"{network}-{number}" if number else network)
    for network, several in sorted(ALL.items())
    for number, one in enumerate(several)
]
each = pytest.mark.parametrize("one", EACH)


def test_every_network_lays_specimens_before_the_contract():
    assert set(ALL) == set(adapters())


def own(adapter, name):
    """Whether the adapter has made this method itself."""
    return getattr(type(adapter), name) is not getattr(Base, name)


@each
def test_what_it_says_it_can_it_has_made(one):
    adapter = adapters()[one.network]
    can = adapter.capabilities
    assert adapter.network == one.network
    assert str(adapter.label)
    reads = own(adapter, "read") or own(adapter, "parse")
    assert reads == bool(can.read_public or can.read_private)
    acts = {act for act in get_args(Act) if own(adapter, act)} or own(adapter, "send")
    assert bool(acts) == bool(can.reply or can.publish)
    assert own(adapter, "poll") >= can.polls
    assert own(adapter, "find") >= can.look_up
    assert bool(str(adapter.hide_means)) == can.hide
    if adapter.oauth:
        assert adapter.grants or (own(adapter, "authorise_url") and own(adapter, "redeem"))
        assert own(adapter, "connected") or own(adapter, "redeem")
    for field in adapter.fields:
        assert field.name.isidentifier()
        assert str(field.label)


@each
def test_it_understands_its_own_envelopes_the_same_way_every_time(one):
    adapter = adapters()[one.network]
    for item in one.items:
        first = adapter.parse(item, one.account, received_at=NOW)
        assert list(first) == list(adapter.parse(item, one.account, received_at=NOW))
        # It is read in a process of its own, which hands over plain values and those of the contract.
        assert answers.opened(answers.packed(list(first))) == list(first)
        for said in first:
            assert isinstance(said, InboundMessage | NetworkEvent)
            if isinstance(said, InboundMessage):
                assert said.external_id
                assert said.author.external_id
                assert said.occurred_at.tzinfo is not None
                allowed = adapter.capabilities
                assert allowed.read_public if said.visibility == "public" else allowed.read_private


@each
@how(max_examples=TIMES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32))
def test_no_payload_however_damaged_breaks_it(one, seed):
    adapter, dice = adapters()[one.network], Random(seed)
    if not one.items:
        return
    for _ in range(AT_ONCE):
        item = spoiled(dice.choice(one.items), dice)
        # Set aside with a sentence is well; any other fault fails the test.
        with suppress(Unparseable):
            for said in adapter.parse(item, one.account, received_at=NOW):
                assert isinstance(said, InboundMessage | NetworkEvent)


@each
def test_a_delivery_is_taken_only_with_its_own_signature(one, db):
    adapter = adapters()[one.network]
    if one.signed is None:
        assert not own(adapter, "verify")
        return
    for headers, body in one.signed():
        assert adapter.verify(one.account, headers, body).body
        with pytest.raises(BadSignature):
            adapter.verify(one.account, headers, body + b" ")
        bare = {name: headers[name] for name in headers if name in {":method", ":path", "host"}}
        with pytest.raises(BadSignature):
            adapter.verify(one.account, bare, body)


# Into the house --------------------------------------------------------------------------------


def opened(one, municipality):
    unit = Unit.objects.get(municipality=municipality, slug="servicetorget")
    return open_account(
        unit,
        network=one.network,
        address=one.account.address,
        name="Prøve",
        settings=one.account.settings,
        secrets=one.account.secrets,
        by=Actor.system(municipality.pk),
        at=NOW,
    )


def said_in(one):
    """What the envelopes say, by id: (the last words, whether they were taken back)."""
    words = {}
    for item in one.items:
        for said in adapters()[one.network].parse(item, one.account, received_at=NOW):
            if isinstance(said, InboundMessage):
                gone = said.kind == "delete"
                words[said.external_id] = ("" if gone else said.body, gone)
    return words


def see_that_each_is_there_once(one, account):
    for external_id, (body, gone) in said_in(one).items():
        rows = list(Message.objects.filter(account=account, external_id=external_id))
        never = gone and Tombstone.objects.filter(account=account, external_id=external_id).exists()
        assert len(rows) == (0 if never and not rows else 1), external_id
        for row in rows:
            assert row.body == body
            assert bool(row.removed_at) == gone


def file_all():
    while file_due():
        pass
    assert not Envelope.objects.filter(state=Envelope.State.RECEIVED).exists()


@each
@pytest.mark.parametrize("order", ["twice", "backwards", "shuffled"])
def test_received_again_or_in_another_order_it_is_one_message(one, order, nordvaag):
    account = opened(one, nordvaag)
    items = list(one.items) * 2
    if order == "backwards":
        items.reverse()
    elif order == "shuffled":
        Random(7).shuffle(items)
    for item in items:
        receive(account.pk, item, at=NOW)
        file_all()
    see_that_each_is_there_once(one, account)
    assert not Envelope.objects.filter(state=Envelope.State.QUARANTINED).exists()


@pytest.mark.django_db(transaction=True)
@each
def test_received_and_filed_by_many_at_once_it_is_one_message(one, nordvaag):
    account = opened(one, nordvaag)

    def deliver(item):
        try:
            receive(account.pk, item, at=NOW)
            file_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(deliver, list(one.items) * 4))
    file_all()
    see_that_each_is_there_once(one, account)


@each
def test_what_cannot_be_understood_waits_in_quarantine_with_its_bytes(one, nordvaag):
    if not one.items:
        return
    account, adapter = opened(one, nordvaag), adapters()[one.network]
    broken = replace(one.items[0], body=b"\xff\xfe not of this world", external_id="broken")
    receive(account.pk, broken, at=NOW)
    file_all()
    kept = Envelope.objects.get(external_id="broken")
    assert bytes(kept.body) == broken.body
    try:
        adapter.parse(broken, one.account, received_at=NOW)
    except Unparseable:
        assert kept.state == Envelope.State.QUARANTINED


STRANGER = Author("nobody-of-theirs.example", "Noen andre")


def first_said(one):
    """The first new message of the specimens, without its files; None when there is none."""
    for item in one.items:
        for said in adapters()[one.network].parse(item, one.account, received_at=NOW):
            if isinstance(said, InboundMessage) and said.kind == "new" and said.body:
                return replace(said, attachments=())
    return None


def keep(account, name, said):
    """File what somebody said, as if an envelope had said it."""
    envelope_id, _seen = receive(account.pk, RawItem(name, b"x"), at=NOW)
    envelope = Envelope.objects.select_related("account__municipality").get(pk=envelope_id)
    return filing.keep(envelope, filing.Understood([said], []), at=NOW)


@each
def test_nobody_changes_or_takes_away_what_another_said(one, nordvaag):
    """Only its author; a deletion also when the network itself tells of it (`deletes_for_others`, as the channel says)."""
    if (said := first_said(one)) is None:
        return
    account = opened(one, nordvaag)
    keep(account, "hers", said)
    later = replace(
        said, author=STRANGER, body="Noe hun aldri sa", changed_at=NOW + timedelta(hours=1)
    )
    keep(account, "edit", replace(later, kind="edit"))
    row = Message.objects.get(account=account, external_id=said.external_id)
    assert row.body == said.body
    keep(account, "delete", replace(later, kind="delete", body=""))
    row.refresh_from_db()
    vouched = adapters()[one.network].capabilities.deletes_for_others
    assert (row.body, bool(row.removed_at)) == ("" if vouched else said.body, vouched)


@each
def test_nobody_keeps_another_from_being_heard_by_speaking_of_her_id_first(one, nordvaag):
    if (said := first_said(one)) is None:
        return
    account = opened(one, nordvaag)
    vouched = adapters()[one.network].capabilities.deletes_for_others
    stranger = replace(said, author=STRANGER, body="Først ute")
    keep(account, "squat", stranger)
    if not vouched:
        keep(account, "delete", replace(stranger, kind="delete", body=""))
    keep(account, "hers", said)
    hers = Message.objects.get(
        account=account, identity__external_id__iexact=said.author.external_id
    )
    assert hers.body == said.body


@each
def test_what_proves_who_spoke_is_kept_with_each_message(one, nordvaag):
    if (said := first_said(one)) is None:
        return
    account = opened(one, nordvaag)
    keep(account, "hers", said)
    row = Message.objects.get(account=account, external_id=said.external_id)
    expected = said.author.verified or adapters()[one.network].capabilities.proof or "none"
    assert (row.proof, row.proof_detail) == (expected, said.author.vouched_by)


# Out of the house ------------------------------------------------------------------------------


@each
def test_a_preview_counts_and_tells_when_it_is_too_long(one):
    adapter = adapters()[one.network]
    if not (adapter.capabilities.reply or adapter.capabilities.publish):
        return
    short = adapter.preview(Outgoing("k", "r", "Hei på deg", visibility="public"), one.account)
    assert isinstance(short, Preview)
    assert short.fits
    assert "Hei på deg" in " ".join(short.parts)
    endless = "Snøen måkes. " * 20_000
    assert not adapter.preview(Outgoing("k", "r", endless), one.account).fits
    if adapter.capabilities.publish:
        link = "https://square.example/vegg/NV-2026-1"
        post = Outgoing("k", "r", endless, act="publish", link=link, visibility="public")
        shown = adapter.preview(post, one.account)
        assert not shown.fits or link in shown.parts[-1]


SENDING = [
    pytest.param(one, id=param.id) for param in EACH if (one := param.values[0]).peer is not None
]


@pytest.mark.django_db(transaction=True)  # adapters may ask what other deliveries account for
@pytest.mark.parametrize("one", SENDING)
@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_line_cut_at_any_step_publishes_at_most_once(one, cut):
    adapter = adapters()[one.network]
    for step in range(12):
        peer = one.peer()
        with serving(peer, cut_at=step, cut=cut) as line:
            account = one.at(line.url)
            try:
                adapter.send(one.out, account)
            except SendError as fault:
                assert len(peer.published) <= 1
                if not fault.ambiguous:
                    assert peer.published == [], "told as not sent, but it was"
                elif adapter.capabilities.look_up:
                    line.cut_at = None
                    found = adapter.find(one.out, account)
                    assert (found is not None) == bool(peer.published)
                    if found is not None:
                        assert found.external_id
                        continue
                if not peer.published:
                    line.cut_at = None
                    assert adapter.send(one.out, account).external_id
            assert len(peer.published) == 1
            if line.requests <= step:
                return
    pytest.fail("a send asks more than twelve times")


@pytest.mark.django_db(transaction=True)  # adapters keep the tokens they get
@pytest.mark.parametrize("one", SENDING)
def test_nobody_at_home_is_certainly_not_sent(one):
    with serving(one.peer()) as line:
        account = one.at(line.url)
    with pytest.raises(SendError) as told:
        adapters()[one.network].send(one.out, account)
    assert (told.value.ambiguous, told.value.permanent) == (False, False)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("one", "refusal"),
    [
        pytest.param(param.values[0], refusal, id=f"{param.id}-{refusal.status}-{number}")
        for param in SENDING
        for number, refusal in enumerate(param.values[0].refusals)
    ],
)
def test_a_refusal_is_told_by_its_kind(one, refusal):
    with serving(Refusing(refusal)) as line, pytest.raises(SendError) as told:
        adapters()[one.network].send(one.out, one.at(line.url))
    fault = told.value
    assert not fault.ambiguous
    assert (fault.permanent, fault.account, fault.limited) == (
        refusal.permanent,
        refusal.account,
        refusal.limited,
    )
