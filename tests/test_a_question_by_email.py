"""The loop by e-mail, through the real servers: asked, answered, asked again, in one conversation."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.cast import NOW, make_municipality, make_staff
from torget.adapters.email.imap import Mailbox
from torget.adapters.email.listen import catch_up
from torget.channels import rules as channels
from torget.conversations.models import Conversation, Message
from torget.conversations.rules import answer
from torget.conversations.tasks import file_due
from torget.outbox.models import Delivery
from torget.outbox.tasks import deliver_due, resolve_unknown
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role
from torget.protocols.mail import read

pytestmark = [pytest.mark.mail, pytest.mark.timeout(120)]

OWN, KARI = "postmottak@nordvaag.test", "kari@innbygger.test"


@pytest.fixture
def channel(post_office):
    municipality = make_municipality()
    unit = Unit.objects.get(municipality=municipality, slug="servicetorget")
    return channels.open_account(
        unit,
        network="email",
        address=OWN,
        name="Servicetorget, Nordvåg kommune",
        settings=post_office.settings(OWN),
        secrets=post_office.secrets(OWN),
        by=Actor.system(municipality.pk),
        at=NOW,
    )


def take_in(post_office, channel) -> None:
    with Mailbox(post_office.settings(OWN)["imap"], post_office.password(OWN)) as box:
        catch_up(box, channels.access(channel), at=NOW)
    file_due(now=lambda: NOW)


def send_out() -> None:
    with ThreadPoolExecutor(1) as pool:
        deliver_due(pool, now=lambda: NOW)


@pytest.mark.django_db(transaction=True)
def test_kari_asks_ola_answers_and_her_thanks_lands_in_the_same_conversation(post_office, channel):
    asked = (
        f"From: Kari Nordmo <{KARI}>\r\nTo: {OWN}\r\nSubject: Sprukket lokk\r\nMessage-ID: <k1@innbygger.test>\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\nLokket på avfallsdunken er sprukket.\r\n"
    )
    post_office.deliver(asked.encode(), OWN)
    take_in(post_office, channel)
    conversation = Conversation.objects.get()
    assert conversation.subject == "Sprukket lokk"
    assert conversation.visibility == "private"

    ola = make_staff(conversation.municipality, "Ola", Role.RESPONDER)
    answer(conversation, "Vi bytter lokket i morgen.", by=Actor.of_staff(ola), at=NOW)
    send_out()
    assert (
        Delivery.objects.get(subject_type="conversations.message", recipient=KARI).state == "sent"
    )
    post_office.wait_for(lambda: post_office.count(KARI), "the answer")
    answered = read(post_office.inbox(KARI)[-1], received_at=NOW)
    assert "Vi bytter lokket i morgen." in answered.text
    assert answered.in_reply_to == ["k1@innbygger.test"]

    thanks = (
        f"From: Kari Nordmo <{KARI}>\r\nTo: {answered.reply_to.address}\r\nSubject: Re: noe helt annet\r\n"
        "Message-ID: <k2@innbygger.test>\r\n\r\nTakk!\r\n\r\n> Vi bytter lokket i morgen.\r\n"
    )
    post_office.deliver(thanks.encode(), answered.reply_to.address)
    take_in(post_office, channel)
    assert Conversation.objects.count() == 1
    inbound = Message.objects.filter(kind=Message.Kind.INBOUND).order_by("pk")
    assert [message.body for message in inbound] == [
        "Lokket på avfallsdunken er sprukket.",
        "Takk!",
    ]
    assert re.search("bytter lokket", inbound[1].folded)


@pytest.mark.django_db(transaction=True)
def test_a_line_cut_at_the_worst_moment_is_settled_by_the_copy_and_never_sent_again(
    post_office, channel
):
    post_office.deliver(f"From: {KARI}\r\nSubject: x\r\n\r\nHei?\r\n".encode(), OWN)
    take_in(post_office, channel)
    conversation = Conversation.objects.get()
    ola = make_staff(conversation.municipality, "Ola", Role.RESPONDER)
    answer(conversation, "Hei!", by=Actor.of_staff(ola), at=NOW)
    send_out()
    post_office.wait_for(lambda: post_office.count(OWN) == 2, "the copy")
    # As if the worker had been killed between the server's yes and our writing it down.
    Delivery.objects.filter(recipient=KARI).update(state="unknown", receipt="", next_attempt_at=NOW)
    resolved = resolve_unknown(now=lambda: NOW)
    assert resolved == 1
    assert Delivery.objects.get(recipient=KARI).state == "sent"
    assert post_office.count(KARI) == 1
