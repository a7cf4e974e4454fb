"""Whatever an envelope holds: it is read within its deadline or lies in quarantine, and the rest go on at once."""

from __future__ import annotations

import threading
import time
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from torget.channels import reading
from torget.channels.apart.places import Place, Work
from torget.channels.contract import RawItem
from torget.channels.registry import adapters
from torget.channels.rules import open_account
from torget.conversations.models import Message
from torget.conversations.tasks import file_due, file_loop
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.people.models import Unit

NETWORK = '''
"""A network whose letters can do to their reader what a stranger's bytes have done to readers."""
import os
import unicodedata
from torget.channels.base import Base
from torget.channels.contract import Author, Unparseable, InboundMessage

class Letters(Base):
    network, label = "hostile", "Brev"

    def parse(self, item, account, *, received_at):
        text = item.body.decode()
        if text == "for ever":  # in C, with the lock held, deaf to every signal
            unicodedata.normalize("NFC", "a" + "\\u0315\\u0300" * 500_000)
        if text == "memory":
            return ["x" * 10_000_000_000]
        if text == "death":
            os.abort()
        if text == "ours":
            raise ZeroDivisionError("our own fault")
        if text == "unreadable":
            raise Unparseable("Brevet kan ikke leses.")
        return [InboundMessage(item.external_id, Author("kari"), text, received_at)]

adapter = Letters()
'''


@pytest.fixture
def hostile(nordvaag, tmp_path, monkeypatch):
    (tmp_path / "hostilechannel.py").write_text(NETWORK)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("TORGET_ADAPTERS", "hostilechannel")
    monkeypatch.setitem(adapters(), "hostile", import_module("hostilechannel").adapter)
    place = Place(Work("reading", "torget.channels.reading:answer", None, 1_500_000_000, True))
    monkeypatch.setattr(reading, "PLACE", place)
    monkeypatch.setattr(reading, "SECONDS", 2.0)
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    by = Actor.system(nordvaag.pk)
    at = timezone.now()
    yield open_account(unit, network="hostile", address="brev", name="Brev", by=by, at=at)
    place.close()


def deliver(account, *texts):
    for text in texts:
        intake.receive(account.pk, RawItem(text, text.encode()))


def test_each_ends_as_it_should_and_none_holds_up_the_others(hostile):
    deliver(hostile, "en", "for ever", "to", "death", "unreadable", "memory", "ours", "tre")
    begun = time.monotonic()
    file_due(parse=reading.parse_apart)
    assert time.monotonic() - begun < 60
    found = {one.external_id: (one.state, one.error) for one in Envelope.objects.all()}
    assert {name for name, (state, _error) in found.items() if state == "filed"} == {
        "en",
        "to",
        "tre",
    }
    assert found["for ever"] == ("quarantined", "Det tok for lang tid å lese den.")
    assert found["unreadable"] == ("quarantined", "Brevet kan ikke leses.")
    assert found["death"] == ("quarantined", "Den krevde for mye minne da vi skulle lese den.")
    assert (
        found["memory"][0] == "received"
    )  # the adapter's own MemoryError: tried again, then set aside
    assert found["ours"][0] == "received"
    assert "ZeroDivisionError: our own fault" in found["ours"][1]
    assert {one.body for one in Message.objects.all()} == {"en", "to", "tre"}


@pytest.mark.django_db(transaction=True)
def test_the_other_loops_of_the_worker_go_on_while_one_is_read(hostile):
    deliver(hostile, "for ever", "etterpå")
    stop = threading.Event()

    def work():
        file_loop(stop)
        connection.close()

    loop = threading.Thread(target=work)
    loop.start()
    longest, until = 0.0, time.monotonic() + 60
    while time.monotonic() < until and not Message.objects.filter(body="etterpå").exists():
        begun = time.monotonic()
        time.sleep(0.01)
        longest = max(longest, time.monotonic() - begun)
    stop.set()
    loop.join()
    assert Message.objects.filter(body="etterpå").exists()
    assert Envelope.objects.get(external_id="for ever").state == "quarantined"
    assert longest < 1.5  # a thread beside it was never kept waiting as long as the reading took


def test_a_network_that_is_not_loaded_is_our_own_fault_and_tried_again(nordvaag):
    account = open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="nobody-has-it",
        address="x",
        name="x",
        by=Actor.system(nordvaag.pk),
        at=timezone.now(),
    )
    deliver(account, "Hei")
    file_due(parse=reading.parse_apart)
    assert Envelope.objects.get().state == "received"
