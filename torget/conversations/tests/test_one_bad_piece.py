"""Of a delivery with many things in it the bad one is set aside by itself, and the rest is filed."""

from __future__ import annotations

import json

import pytest

from tests.cast import NOW
from torget.channels import piecewise
from torget.channels.contract import Author, Capabilities, InboundMessage, RawItem, Unparseable
from torget.channels.registry import adapters
from torget.channels.rules import open_account
from torget.conversations.filing import file
from torget.conversations.models import Message
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.people.models import Unit


class Batches:
    """A network that delivers many letters at once."""

    network, label, icon = "batches", "Bunker", "mail"
    capabilities = Capabilities(read_private=True)

    def parse(self, item, account, *, received_at):
        def read(letter):
            return [InboundMessage(letter["id"], Author("kari"), letter["body"], received_at)]

        return piecewise.each(json.loads(item.body), read, why="Brevet kan ikke leses.")


@pytest.fixture
def envelope(nordvaag, monkeypatch):
    monkeypatch.setitem(adapters(), "batches", Batches())
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    by = Actor.system(nordvaag.pk)
    account = open_account(unit, network="batches", address="b", name="B", by=by, at=NOW)

    def receive(letters, name="1"):
        body = json.dumps(letters, ensure_ascii=False).encode()
        pk, _seen = intake.receive(account.pk, RawItem(name, body, "application/json"), at=NOW)
        return Envelope.objects.select_related("account__municipality").get(pk=pk)

    return receive


GOOD = [{"id": str(number), "body": f"Brev {number}"} for number in range(3)]


@pytest.mark.parametrize("place", range(4))
def test_the_rest_is_filed_and_the_bad_one_is_in_quarantine_as_it_came(envelope, place):
    letters = [*GOOD[:place], {"brev": "på avveie"}, *GOOD[place:]]
    held = envelope(letters)
    file(held, at=NOW)
    assert Message.objects.count() == 3
    assert Envelope.objects.get(pk=held.pk).state == "filed"
    aside = Envelope.objects.get(state="quarantined")
    assert json.loads(bytes(aside.body)) == {"brev": "på avveie"}
    assert (aside.error, aside.headers["piece-of"]) == ("Brevet kan ikke leses.", "1")


def test_the_same_bad_piece_is_set_aside_once(envelope):
    held = envelope([*GOOD, 5])
    file(held, at=NOW)
    Envelope.objects.filter(pk=held.pk).update(state="received")
    file(held, at=NOW)
    assert Envelope.objects.filter(state="quarantined").count() == 1
    assert Message.objects.count() == 3


def test_when_nothing_can_be_read_the_whole_is_set_aside(envelope):
    with pytest.raises(Unparseable, match="kan ikke leses"):
        file(envelope([5, {}]), at=NOW)
    assert not Message.objects.exists()


def test_nothing_at_all_is_no_fault(envelope):
    file(envelope([]), at=NOW)
    assert Envelope.objects.get().state == "noted"
