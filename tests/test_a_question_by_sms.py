"""A question by SMS and its answer, through an SMS centre on loopback."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.utils import timezone

from tests.cast import NOW
from torget.adapters.sms import adapter, centre
from torget.adapters.sms.tests.smsc import Smsc
from torget.channels import rules as channels
from torget.conversations import tasks as filing
from torget.conversations.models import Conversation, Message
from torget.conversations.rules import answer
from torget.intake import listening
from torget.outbox import tasks as outbox
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.protocols import gsm7

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def smsc(monkeypatch):
    monkeypatch.setattr(centre, "WAIT_SECONDS", 0.5)
    held = Smsc()
    yield held
    adapter.sender.close()
    adapter.receiver.close()
    held.close()


@pytest.fixture
def number(nordvaag, smsc):
    """The municipality's number at the centre."""
    settings = {"way": "smpp", "host": "127.0.0.1", "port": smsc.port, "tls": "no"}
    return channels.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="sms",
        address="2097",
        name="SMS",
        settings={**settings, "system_id": "torget", "sender": "2097"},
        secrets={"password": "hemmelig"},
        by=Actor.system(nordvaag.pk),
        at=NOW,
    )


def test_a_question_by_sms_is_asked_answered_and_delivered(nordvaag, ola, smsc, number):
    snapshot = channels.access(number)
    smsc.deliver(gsm7.encode("Når brøytes Fjellveien?"))
    listening.ask(snapshot)
    filing.file_due()
    assert smsc.all_answered()
    asked = Conversation.objects.get(network="sms")
    assert asked.visibility == "private"

    smsc.deliver(gsm7.encode("Det haster litt."))
    listening.ask(snapshot)
    filing.file_due()
    said = Message.objects.filter(conversation=asked).order_by("pk")
    assert [one.body for one in said] == ["Når brøytes Fjellveien?", "Det haster litt."]

    answer(asked, "Vi brøyter nå.", by=ola, at=timezone.now())
    with ThreadPoolExecutor(1) as pool:
        outbox.deliver_due(pool)
    (sent,) = smsc.taken
    assert gsm7.decode(sent.short_message).startswith("Vi brøyter nå.")
    delivery = Delivery.objects.get(account=number)
    assert (delivery.state, delivery.receipt) == ("sent", "id1")

    told = f"id:{delivery.receipt} sub:001 dlvrd:000 submit date:2611230900 done date:2611230901 stat:UNDELIV err:001 text:"
    smsc.deliver(told.encode(), esm_class=0x04)
    listening.ask(snapshot)
    filing.file_due()
    delivery.refresh_from_db()
    assert delivery.state == "refused"
