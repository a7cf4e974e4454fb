"""What residents send in by our own pages, and how they hear of the answer."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import make_question
from torget.casework.rules.replying import reply
from torget.channels.rules import open_account
from torget.conversations.models import Identity, Message
from torget.conversations.rules import answering, submitting
from torget.conversations.rules.submitting import Submission
from torget.errors import Refused
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit


@pytest.fixture
def mailbox(nordvaag, now):
    """The municipality has an e-mail account: what is to be sent stands in the outbox."""
    return open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="email",
        address="postmottak@nordvaag.test",
        name="Servicetorget",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def letters(to):
    return [delivery.payload for delivery in Delivery.objects.filter(recipient=to).order_by("id")]


def test_anonymous_questions_are_different_persons(nordvaag):
    first, second = make_question(nordvaag), make_question(nordvaag)
    assert first.person_id != second.person_id


def test_one_address_is_one_person(nordvaag):
    first = make_question(nordvaag, email="kari@innbygger.test")
    second = make_question(nordvaag, email="KARI@innbygger.test")
    assert first.person_id == second.person_id
    assert Identity.objects.filter(network="email").count() == 1


def test_a_name_is_shown_only_when_its_owner_said_so(nordvaag):
    hidden = make_question(nordvaag, "Åpent spørsmål en", name="Kari Nordmann", visibility="public")
    shown = make_question(
        nordvaag, "Åpent spørsmål to", name="Ola Hansen", visibility="public", show_name=True
    )
    page = Client().get("/vegg").content.decode()
    assert hidden.subject in page
    assert shown.subject in page
    assert "Kari Nordmann" not in page
    assert "Ola Hansen" in page


def test_commenting_in_a_private_case_is_refused(question, nordvaag, now):
    with pytest.raises(Refused):
        submitting.comment(
            question, Submission("Hei", "public"), by=Actor.resident(nordvaag.pk), at=now
        )


def test_a_private_word_with_a_stolen_key_never_becomes_public(nordvaag, question, now):
    submission = Submission("Også dette er privat", "public")
    message = submitting.follow_up(question, submission, at=now)
    assert message.visibility == "private"


def test_who_gives_an_address_gets_a_receipt_and_the_answer_there(nordvaag, mailbox, ola, now):
    question = make_question(nordvaag, email="Kari@Innbygger.test")
    reply(question, "Vi brøyter nå.", by=ola, at=now)
    receipt, answer = letters("kari@innbygger.test")
    assert question.ref in receipt["subject"]
    assert f"/saker/{question.ref}/{question.key}" in receipt["body"]
    assert receipt["automatic"]
    assert "Vi brøyter nå." in answer["body"]
    assert answer["signature"] == "Ola, Servicetorget"
    assert answer["organisation"] == "Nordvåg kommune"
    assert answer["case"] == question.key


def test_who_gives_none_is_answered_on_the_page_only(nordvaag, mailbox, ola, now):
    question = make_question(nordvaag)
    reply(question, "Vi brøyter nå.", by=ola, at=now)
    assert not Delivery.objects.exists()


def test_an_answer_and_what_is_to_be_sent_stand_or_fall_together(
    nordvaag, mailbox, ola, now, monkeypatch
):
    question = make_question(nordvaag, email="kari@innbygger.test")
    before = Delivery.objects.count()

    def fail(*args, **kwargs):
        raise RuntimeError("power cut")

    monkeypatch.setattr(answering, "record", fail)
    with pytest.raises(RuntimeError):
        reply(question, "Halvveis", by=ola, at=now)
    assert not Message.objects.filter(kind="answer").exists()
    assert Delivery.objects.count() == before
