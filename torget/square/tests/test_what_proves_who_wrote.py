"""What proves who wrote is kept with each message, and never taken from what is known of the person."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import make_question
from torget.channels import rules as channels
from torget.channels.contract import Author
from torget.conversations import persons
from torget.conversations.models import Message, Person
from torget.conversations.rules import chatting, submitting
from torget.conversations.rules.submitting import Submission
from torget.outbox.models import Delivery
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.models import Unit

KARI = "kari@innbygger.test"


@pytest.fixture
def kari(nordvaag, now):
    """Has once signed in by a link."""
    identity = persons.identify(nordvaag, "email", Author(KARI, "Kari Nordmo"), at=now)
    persons.verify(identity, "link", at=now)
    return identity


def test_a_stranger_who_types_her_address_is_shown_as_nobody_proven(
    client, nordvaag, kari, ola, now
):
    Client().post(
        "/spor",
        {"body": "Jeg trekker klagen min", "email": KARI, "visibility": "private", "seen": "1"},
    )
    message = Message.objects.get()
    assert (message.identity, message.proof) == (kari, "none")
    client.force_login(ola.staff.user)
    page = client.get(f"/desk/sak/{message.conversation.ref}").content.decode()
    assert "Skrevet uten innlogging" in page
    assert "bekreftet" not in page


def test_each_way_of_proving_it_is_kept_with_what_was_said(client, nordvaag, kari, now):
    signed_in = Client()
    token = people.make_signin_link(nordvaag, KARI, at=timezone.now())
    signed_in.post(f"/min-side/inn/{token}")
    signed_in.post("/spor", {"body": "Innlogget", "visibility": "private", "seen": "1"})
    message = Message.objects.get()
    assert (message.identity, message.proof) == (kari, "link")
    address = f"/saker/{message.conversation.ref}/{message.conversation.key}"
    client.post(address, {"body": "Med lenken", "nonce": ""})
    signed_in.post(address, {"body": "Innlogget igjen", "nonce": ""})
    signed_in.post(
        "/spor",
        {"body": "For en annen", "email": "ola@x.test", "visibility": "private", "seen": "1"},
    )
    proofs = dict(Message.objects.values_list("body", "proof"))
    assert proofs == {
        "Innlogget": "link",
        "Med lenken": "case_link",
        "Innlogget igjen": "link",
        "For en annen": "none",
    }


def test_staff_who_write_by_the_form_are_not_the_person_with_their_number(nordvaag, kari, ola, now):
    """Staff and persons are numbered apart: the same number is somebody else."""
    twin = Person.objects.filter(pk=ola.id).first() or Person.objects.create(
        pk=ola.id, municipality=nordvaag, created_at=now
    )
    kari.person = twin
    kari.save(update_fields=["person"])
    asked = submitting.ask(nordvaag, Submission("Hei", "private"), by=ola, at=now)
    assert asked.identity != kari
    assert Message.objects.get().proof == "none"


def test_a_typed_address_in_ones_own_case_changes_nobody(nordvaag, kari, now):
    asked = submitting.ask(
        nordvaag, Submission("Hei", "private", email=KARI), by=Actor.resident(nordvaag.pk), at=now
    )
    said = submitting.follow_up(asked, Submission("Mer", "private", email="annen@x.test"), at=now)
    assert (said.conversation, said.identity) == (asked, kari)


def test_the_transcript_of_a_chat_to_another_address_holds_no_way_in(nordvaag, now):
    channels.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="email",
        address="post@nordvaag.test",
        name="Post",
        by=Actor.system(nordvaag.pk),
        at=now,
    )
    chat = chatting.begin(make_question(nordvaag, "Prat"), KARI, at=now)
    chatting.ask_for_transcript(chat, KARI, at=now)
    chatting.ask_for_transcript(chat, "mamma@x.test", at=now)
    sent = {one.recipient: SimpleNamespace(**one.payload) for one in Delivery.objects.all()}
    assert chat.conversation.key in sent[KARI].case_url
    assert chat.conversation.key not in str(sent["mamma@x.test"])
    chat.refresh_from_db()
    assert chat.email == KARI
