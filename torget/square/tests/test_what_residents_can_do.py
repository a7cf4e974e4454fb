from __future__ import annotations

import json
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client

from tests.cast import do_jobs, make_question
from torget.answers.rules import change, publish, withdraw
from torget.answers.search import suggest
from torget.casework.rules.replying import reply
from torget.channels.rules import open_account
from torget.conversations.models import Conversation, Identity, Message
from torget.conversations.rules import answering
from torget.errors import Refused
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.square import rules as square
from torget.square.rules import Saying
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


def test_following_begins_with_a_confirmation_and_ends_with_a_link(nordvaag, mailbox, ola, now):
    wall = square.post(
        nordvaag, Saying("Når åpner gangveien?", "public"), by=Actor.resident(nordvaag.pk), at=now
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
    square.follow(wall, "nina@innbygger.test", title=wall.subject, language="nn", at=now)
    Client().post(f"/folg/{Subscription.objects.get().token}")
    reply(wall, "Mandag.", by=ola, at=now)
    publish(wall, question="Når åpner gangveien?", body="Mandag kl. 8.", by=ola, at=now)
    subjects = [letter["subject"] for letter in letters("nina@innbygger.test")]
    assert len(subjects) == 3  # confirm, answered, published


def test_a_sign_in_link_works_once_and_only_for_half_an_hour(nordvaag, mailbox, now):
    square.send_signin_link(nordvaag, "kari@innbygger.test", at=now)
    token = letters("kari@innbygger.test")[0]["body"].split("/min-side/inn/")[1].split()[0]
    with pytest.raises(Refused):
        square.sign_in(nordvaag, token, at=now + timedelta(minutes=31))
    identity = square.sign_in(nordvaag, token, at=now + timedelta(minutes=5))
    assert identity.verified == "link"
    with pytest.raises(Refused):
        square.sign_in(nordvaag, token, at=now + timedelta(minutes=6))


def test_a_link_from_one_municipality_opens_nothing_in_another(nordvaag, elsewhere, mailbox, now):
    square.send_signin_link(nordvaag, "kari@innbygger.test", at=now)
    token = letters("kari@innbygger.test")[0]["body"].split("/min-side/inn/")[1].split()[0]
    with pytest.raises(Refused):
        square.sign_in(elsewhere, token, at=now)


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
        square.comment(question, Saying("Hei", "public"), by=Actor.resident(nordvaag.pk), at=now)


def test_a_private_word_with_a_stolen_key_never_becomes_public(nordvaag, question, now):
    saying = Saying("Også dette er privat", "public")
    message = square.say_more(question, saying, at=now)
    assert message.visibility == "private"


@pytest.mark.django_db
def test_feeds_are_well_formed_in_every_form(nordvaag, ola, now):
    question = make_question(nordvaag, "Et spørsmål med <tegn> & \x0b mer", visibility="public")
    reply(question, "Svar & mer <b>", by=ola, at=now)
    publish(question, question="Hva med <tegn> & mer?", body="Slik: <b> & mer", by=ola, at=now)
    client = Client()
    for what in ("svar", "vegg"):
        for form in ("rss", "atom"):
            ElementTree.fromstring(client.get(f"/feed/{what}.{form}").content)
        whole = json.loads(client.get(f"/feed/{what}.json").content)
        assert whole["version"] == "https://jsonfeed.org/version/1.1"
        assert len(whole["items"]) == 1


def test_who_is_on_duty_stands_on_every_page(nordvaag, on_duty):
    for address in (
        "/",
        "/spor",
        "/vegg",
        "/svar/",
        "/sok",
        "/personvern",
        "/min-side/inn",
        "/saker/NV-2026-1",
    ):
        page = Client().get(address).content.decode()
        assert "Ola" in page, address
        assert "Servicetorget" in page, address


def test_outside_hours_the_page_says_when_an_answer_can_be_expected(nordvaag, time_machine):
    time_machine.move_to("2026-11-28T20:00:00+01:00")  # a Saturday evening
    assert "30. nov. kl. 08.00" in Client().get("/").content.decode().replace("\xa0", " ")


def test_the_language_is_chosen_and_remembered_never_guessed(nordvaag):
    client = Client(headers={"accept-language": "en"})
    assert client.get("/").headers["Content-Language"] == "nb"
    client.post("/spraak", {"language": "en", "next": "/"})
    assert client.get("/").headers["Content-Language"] == "en"
    client.post("/spraak", {"language": "tlh", "next": "https://evil.example/"})
    assert client.get("/").headers["Content-Language"] == "en"


def test_choosing_a_language_leads_nowhere_else(nordvaag):
    for target in (
        "https://evil.example/",
        "//evil.example",
        "javascript:alert(1)",
        "/\\evil.example",
    ):
        assert Client().post("/spraak", {"language": "nn", "next": target}).url == "/"


def test_the_desk_finds_what_was_said_by_stem_name_and_number(nordvaag, ola):
    question = make_question(nordvaag, "Barnehagene i Fjellheim er stengt", name="Kari Nordmann")
    client = Client()
    client.force_login(ola.staff.user)
    for query in ("barnehage", "Nordmann", question.ref.lower()):
        assert (
            f"/desk/sak/{question.ref}" in client.get("/desk/sok", {"q": query}).content.decode()
        ), query


def test_conversations_are_not_lost_when_a_unit_closes(nordvaag, question):
    Unit.objects.filter(pk=question.unit_id).update(active=False)
    assert Conversation.objects.filter(pk=question.pk).exists()


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


def test_a_withdrawn_or_outdated_answer_says_so_and_is_not_offered(nordvaag, ola, now):
    question = make_question(nordvaag, "Når åpner biblioteket?")
    reply(question, "Klokka ti.", by=ola, at=now)
    answer = publish(
        question,
        question="Når åpner biblioteket?",
        body="Klokka ti.",
        by=ola,
        at=now,
        valid_until=now + timedelta(days=1),
    )
    assert suggest(nordvaag, "når åpner biblioteket", at=now) == [answer]
    assert suggest(nordvaag, "når åpner biblioteket", at=now + timedelta(days=2)) == []
    withdraw(answer, by=ola, at=now)
    assert Client().get(f"/svar/{answer.slug}").status_code == 410
    assert suggest(nordvaag, "når åpner biblioteket", at=now) == []


@pytest.mark.parametrize(
    "words",
    [
        "brøyter dere i dag",
        "veien er ikke brøytet",
        "broyting av vei",
        "når kommer brøytebilen på veien",
    ],
)
def test_an_answer_is_found_in_other_words_and_with_slips(nordvaag, ola, now, words):
    for asked, said in (
        ("Når blir veien min brøytet?", "Brøytebilen starter klokka fire."),
        ("Hva koster barnehage?", "Makspris."),
        ("Hvor leverer jeg farlig avfall?", "Gjenvinningsstasjonen."),
    ):
        question = make_question(nordvaag, asked)
        reply(question, said, by=ola, at=now)
        publish(question, question=asked, body=said, by=ola, at=now)
    assert suggest(nordvaag, words, at=now)[0].question == "Når blir veien min brøytet?"


@pytest.mark.parametrize(
    "words", ["", "hei hva kan dere", "når kommer bussen til flyplassen", "🙂🙂🙂", "x" * 3000]
)
def test_nothing_is_offered_when_nothing_is_near(nordvaag, ola, now, words):
    question = make_question(nordvaag, "Når blir veien min brøytet?")
    reply(question, "Klokka fire.", by=ola, at=now)
    publish(question, question="Når blir veien min brøytet?", body="Klokka fire.", by=ola, at=now)
    assert suggest(nordvaag, words, at=now) == []
