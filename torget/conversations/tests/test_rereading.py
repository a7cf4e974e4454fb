"""What an account has is looked at again, by one worker at a time, on networks that tell nobody of deletions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from torget.channels import registry
from torget.channels import rules as channels
from torget.channels.base import Base, json_item
from torget.channels.contract import Author, Capabilities, InboundMessage, RawItem
from torget.conversations import filing, rereading
from torget.conversations.models import Conversation, Message
from torget.intake.models import Envelope
from torget.intake.rules import receive
from torget.people.actor import Actor
from torget.people.models import Unit


class Forgetful(Base):
    """A network where posts vanish without a word."""

    network = "forgetful"
    capabilities = Capabilities(read_public=True)

    def __init__(self):
        self.there, self.asked = {}, []

    def read(self, item, account, received_at):
        return [InboundMessage(item.external_id, Author("kari"), "Hei", received_at)]

    def reread(self, rows, account):
        self.asked.append([row.external_id for row in rows])
        return [json_item({}, f"gone:{row.external_id}") for row in rows if row.body == "Hei"]


@pytest.fixture
def net(monkeypatch):
    adapter = Forgetful()
    monkeypatch.setattr(registry, "adapters", lambda: {"forgetful": adapter})
    return adapter


@pytest.fixture
def account(net, nordvaag, now):
    return channels.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="forgetful",
        address="nordvaag",
        name="Nordvåg",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def said(account, name, now):
    pk, _known = receive(account.pk, RawItem(name, b"{}"), at=now)
    envelope = Envelope.objects.select_related("account__municipality").get(pk=pk)
    message = InboundMessage(name, Author("kari"), "Hei", now)
    filing.keep(envelope, filing.Understood([message], []), at=now)
    return Message.objects.get(account=account, external_id=name)


def test_what_it_can_shows_in_what_it_has_written(net):
    assert net.capabilities.rereads
    assert not Base.capabilities.rereads


def test_what_is_found_gone_is_an_envelope_like_any_other(account, net, now):
    said(account, "a", now)
    assert rereading.reread(channels.access(account), now=now) == 1
    assert Envelope.objects.filter(account=account, external_id="gone:a").exists()
    assert net.asked == [["a"]]


def test_nobody_looks_again_before_it_is_time(account, net, now):
    said(account, "a", now)
    access = channels.access(account)
    rereading.reread(access, now=now)
    rereading.reread(access, now=now + timedelta(seconds=59))
    assert len(net.asked) == 1
    rereading.reread(access, now=now + timedelta(seconds=60))
    assert len(net.asked) == 2


def test_many_are_looked_at_some_at_a_time_and_then_from_the_beginning(
    account, net, now, monkeypatch
):
    monkeypatch.setattr(rereading, "AT_ONCE", 2)
    for name in "abc":
        said(account, name, now)
    for minute in range(3):
        rereading.reread(channels.access(account), now=now + timedelta(minutes=minute))
    assert net.asked == [["a", "b"], ["c"], ["a", "b"]]


def test_talks_that_ended_are_left_alone(account, net, now):
    old = said(account, "old", now - timedelta(days=40))
    Conversation.objects.filter(pk=old.conversation_id).update(
        last_message_at=now - timedelta(days=31)
    )
    closed = said(account, "closed", now)
    Conversation.objects.filter(pk=closed.conversation_id).update(
        state=Conversation.State.CLOSED, closed_at=now - timedelta(days=2)
    )
    rereading.reread(channels.access(account), now=now)
    assert net.asked == [[]]
