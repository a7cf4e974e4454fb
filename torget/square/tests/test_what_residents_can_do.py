from __future__ import annotations

import json
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client

from tests.cast import make_question
from torget.answers.rules import publish, withdraw
from torget.answers.search import suggest
from torget.casework.rules.replying import reply
from torget.conversations.models import Conversation
from torget.people.models import Unit


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


def test_what_the_pages_say_of_the_way_back_is_true_where_no_letter_can_be_sent(nordvaag, ola, now):
    question = make_question(nordvaag, "Når kommer plogen?", email="kari@innbygger.test")
    receipt = f"/saker/{question.ref}/{question.key}?ny"
    page = Client().get(receipt).content.decode()
    assert "Svaret kommer på denne siden. Ta vare på lenken." in page
    assert "e-post og på denne siden" not in page
    desk = Client()
    desk.force_login(ola.staff.user)
    beside = desk.get(f"/desk/sak/{question.ref}").content.decode()
    assert "Kommunen har ingen konto å sende e-post fra." in beside
    assert "har ikke gitt en adresse" not in beside
    reply(question, "I kveld.", by=ola, at=now)
    answered = Client().get(receipt).content.decode()
    assert "I kveld." in answered
    assert "leser spørsmålet" not in answered


def test_a_search_hit_shows_words_and_no_marks(nordvaag, ola, now):
    question = make_question(nordvaag, "Når er fristen?", visibility="public")
    reply(question, "1. mars", by=ola, at=now)
    publish(
        question, question="Når er barnehagefristen?", body="Den er **1. mars**.", by=ola, at=now
    )
    page = " ".join(Client().get("/sok?q=barnehagefristen").content.decode().split())
    assert "Den er 1. mars." in page
    assert "**" not in page
