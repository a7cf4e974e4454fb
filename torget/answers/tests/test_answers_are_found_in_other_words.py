"""Asked in bokmål, nynorsk, English and everyday speech; with the model and without; what is wrong to show is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from tests.cast import make_question
from torget.answers import learning, meaning, rules, vectors
from torget.answers.models import Answer, Meaning, Term
from torget.answers.search import suggest
from torget.conversations import rules as conversations

ANSWERS = {
    "Når blir veien min brøytet?": "Vi begynner kl. 04. Boligveier tas når det er mer enn 8 cm snø.",
    "Når er fristen for å søke barnehageplass?": "Fristen er 1. mars.",
    "Hvor leverer jeg farlig avfall?": "Maling og batterier leverer du på gjenvinningsstasjonen.",
    "Kan vi få fartshumper i gata vår?": "Send forslag til teknisk drift. Vi måler farten først.",
}


def publish(municipality, by, at, question, body, asked="Spørsmål"):
    talk = make_question(municipality, asked)
    conversations.answer(talk, "Svar.", by=by, at=at)
    talk.refresh_from_db()
    return rules.publish(talk, question=question, body=body, by=by, at=at)


@pytest.fixture
def answers(nordvaag, ola, now):
    made = {
        question: publish(nordvaag, ola, now, question, body) for question, body in ANSWERS.items()
    }
    learning.understand_some(at=now)
    return made


def first(municipality, words, at):
    found = suggest(municipality, words, at=at)
    return found[0].question if found else ""


@pytest.mark.parametrize("how", ["auto", "off"])
@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("Kva tid kjem dei og måkar vegen vår?", "Når blir veien min brøytet?"),
        ("When will you clear the snow from my street?", "Når blir veien min brøytet?"),
        ("må jeg søke bhg innen en dato", "Når er fristen for å søke barnehageplass?"),
        ("Where can I get rid of old paint?", "Hvor leverer jeg farlig avfall?"),
        ("bilene kjører for fort her", "Kan vi få fartshumper i gata vår?"),
        ("barnehgeplass frist", "Når er fristen for å søke barnehageplass?"),
        ("brøy", "Når blir veien min brøytet?"),
    ],
)
def test_the_same_question_in_other_words_finds_it(
    answers, nordvaag, now, settings, how, words, question
):
    settings.MEANING = how
    assert first(nordvaag, words, now) == question


def test_meaning_finds_what_shares_no_word(answers, nordvaag, now, settings):
    words = "Giftige væsker og brukte sprayflasker, hvor går turen?"
    settings.MEANING = "off"
    assert first(nordvaag, words, now) != "Hvor leverer jeg farlig avfall?"
    settings.MEANING = "auto"
    assert meaning.available()
    assert first(nordvaag, words, now) == "Hvor leverer jeg farlig avfall?"


def test_how_others_asked_it_finds_it_for_the_next(answers, nordvaag, ola, now, settings):
    settings.MEANING = "off"
    words = "sjokoladefontene i samfunnshallen"
    assert first(nordvaag, words, now) != "Kan vi leie utstyr?"
    publish(nordvaag, ola, now, "Kan vi leie utstyr?", "Ja, ring oss.", asked=words)
    assert first(nordvaag, words, now) == "Kan vi leie utstyr?"


def test_vectors_are_made_by_the_worker_and_not_by_who_publishes(answers, nordvaag, ola, now):
    learning.understand_some(at=now)
    assert Answer.objects.filter(understood_at=None).count() == 0
    fresh = publish(nordvaag, ola, now, "Hva koster SFO?", "Det koster 2 150 kroner.")
    assert not Meaning.objects.filter(answer=fresh).exists()
    assert learning.not_understood(at=now + timedelta(minutes=20)) == 1
    assert learning.understand_some(at=now) == 1
    parts = set(Meaning.objects.filter(answer=fresh).values_list("part", flat=True))
    assert parts == {"question", "body", "wording"}
    assert learning.not_understood(at=now + timedelta(minutes=20)) == 0


def test_a_changed_answer_is_found_by_its_new_words_at_once(answers, nordvaag, ola, now, settings):
    settings.MEANING = "off"
    answer = answers["Hvor leverer jeg farlig avfall?"]
    rules.change(
        answer,
        question="Hvor henter jeg vedfyringstillatelse?",
        body="Hos oss.",
        by=ola,
        at=now,
        valid_until=None,
    )
    assert first(nordvaag, "vedfyringstillatelse", now) == "Hvor henter jeg vedfyringstillatelse?"
    assert not Answer.objects.get(pk=answer.pk).understood_at


def test_a_withdrawn_answer_leaves_nothing_to_find(answers, nordvaag, ola, now):
    answer = answers["Når blir veien min brøytet?"]
    rules.withdraw(answer, by=ola, at=now)
    assert not Term.objects.filter(answer=answer).exists()
    assert not Meaning.objects.filter(answer=answer).exists()
    assert answer not in suggest(nordvaag, "når blir veien brøytet", at=now)


def test_answers_of_another_municipality_are_never_suggested(answers, elsewhere, now):
    assert suggest(elsewhere, "Når blir veien min brøytet?", at=now) == []


@pytest.mark.parametrize("how", ["auto", "off"])
@pytest.mark.parametrize("words", ["", "hei", "og og og", "asdf qwer zxcv"])
def test_nothing_is_suggested_when_nothing_is_near(answers, nordvaag, now, settings, how, words):
    settings.MEANING = how
    assert suggest(nordvaag, words, at=now) == []


def test_a_database_without_vectors_is_searched_by_words_until_it_gets_them(
    answers, nordvaag, now, monkeypatch
):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else rows just made hold the tables
        cursor.execute("DROP INDEX IF EXISTS meaning_near")
        cursor.execute("DELETE FROM answers_meaning")
        for table in ("answers_meaning", "answers_asked"):
            cursor.execute(f"ALTER TABLE {table} ALTER vector TYPE real[] USING NULL")
    monkeypatch.setattr(vectors, "_columns", {})
    assert not meaning.available()
    assert learning.understand_some(at=now) == 0
    assert first(nordvaag, "når kommer plogen", now) == "Når blir veien min brøytet?"
    assert vectors.adopt()
    assert meaning.available()
    assert not vectors.adopt()
