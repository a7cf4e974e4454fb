"""Following begins with a confirmation, and ends with a link in every letter."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.cast import do_jobs, make_question
from torget.answers.rules import change, publish
from torget.casework.rules.replying import reply
from torget.channels.rules import open_account
from torget.conversations.rules import submitting
from torget.conversations.rules.submitting import Submission
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.subscriptions import rules as subscriptions
from torget.subscriptions.models import Subscription


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


def test_following_begins_with_a_confirmation_and_ends_with_a_link(nordvaag, mailbox, ola, now):
    wall = submitting.post(
        nordvaag,
        Submission("Når åpner gangveien?", "public"),
        by=Actor.resident(nordvaag.pk),
        at=now,
    )
    client = Client()
    assert (
        client.post(f"/vegg/{wall.ref}/folg", {"email": "nina@innbygger.test"}).status_code == 200
    )
    do_jobs()
    token = Subscription.objects.get().token
    reply(wall, "Første svar", by=ola, at=now)
    assert (
        len(letters("nina@innbygger.test")) == 1
    )  # only the confirmation: nobody is told before they confirmed
    assert client.get(f"/folg/{token}").status_code == 200
    assert (
        Subscription.objects.current().count() == 0
    )  # opening the link alone, as mail scanners do, confirms nothing
    client.post(f"/folg/{token}")
    reply(wall, "Andre svar", by=ola, at=now)
    told = letters("nina@innbygger.test")
    assert "Andre svar" in told[-1]["body"]
    client.post(f"/folg/{token}/slutt")
    reply(wall, "Tredje svar", by=ola, at=now)
    assert len(letters("nina@innbygger.test")) == len(told)


def test_those_who_follow_are_told_once_when_the_answer_is_published(nordvaag, mailbox, ola, now):
    wall = make_question(nordvaag, "Når åpner gangveien?", visibility="public")
    subscriptions.follow_by_address(
        wall, "nina@innbygger.test", title=wall.subject, language="nn", at=now
    )
    Client().post(f"/folg/{Subscription.objects.get().token}")
    reply(wall, "Mandag.", by=ola, at=now)
    publish(wall, question="Når åpner gangveien?", body="Mandag kl. 8.", by=ola, at=now)
    subjects = [letter["subject"] for letter in letters("nina@innbygger.test")]
    assert len(subjects) == 3  # confirm, answered, published


def test_an_answer_is_followed_from_its_page_and_told_of_when_it_changes(
    nordvaag, mailbox, ola, now
):
    question = make_question(nordvaag, "Når åpner biblioteket?")
    reply(question, "Klokka ti.", by=ola, at=now)
    answer = publish(question, question="Når åpner biblioteket?", body="Klokka ti.", by=ola, at=now)
    client = Client()
    assert f"/svar/{answer.slug}/folg" in client.get(f"/svar/{answer.slug}").content.decode()
    client.post(f"/svar/{answer.slug}/folg", {"email": "nina@innbygger.test"})
    do_jobs()
    client.post(f"/folg/{Subscription.objects.get().token}")
    change(answer, question=answer.question, body="Klokka ni.", by=ola, at=now, valid_until=None)
    assert "Klokka ni." in letters("nina@innbygger.test")[-1]["body"]
    page = client.get(f"/svar/{answer.slug}").content.decode()
    assert "Klokka ni." in page
    assert [edition.body for edition in answer.editions.all()] == ["Klokka ti."]
