"""An answer and a post are in the language they are written in, whatever the question was in."""

from __future__ import annotations

import pytest

from tests.cast import make_question
from torget.channels.models import Account
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation, Message
from torget.conversations.rules import correcting
from torget.conversations.rules.speaking import language_of
from torget.people.models import Municipality
from torget.protocols.tongues import told

NORWEGIAN = "Søppelbilen kommer torsdag."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (NORWEGIAN, "nb"),
        ("Kontoret er åpent fra 8 til 15, men ikke på lørdager.", "nb"),
        ("Søppelbilen kjem torsdag.", "nn"),
        ("Kontoret er ope frå 8 til 15, men ikkje på laurdagar.", "nn"),
        ("Me brøyter i kveld, og vegen er open i morgon. Hugs piggdekk, dei trengst.", "nn"),
        ("The bus leaves at ten.", "en"),
        ("Hello! We are open until three.", "en"),
        ("Vi brøyter i kveld.", "no"),
        ("Gangfeltet på Brattøra", "no"),
        ("Ok", ""),
        ("", ""),
        ("Autobus odjeżdża o dziesiątej rano każdego dnia.", ""),
        ("ikke " * 100_000, "nb"),
    ],
)
def test_small_words_tell_the_language(text, language):
    assert told(text) == language


@pytest.mark.parametrize(
    ("own", "asked_in", "text", "language"),
    [
        ("nb", "en", NORWEGIAN, "nb"),
        ("nb", "nn", "Vi brøyter i kveld.", "nb"),
        ("nn", "nb", "Vi brøyter i kveld.", "nn"),
        ("nn", "en", "Ok", "nn"),
        ("nb", "pl", "Autobus odjeżdża o dziesiątej rano każdego dnia.", "pl"),
        ("nb", "pl", "Ok", "nb"),
        ("nb", "pl", NORWEGIAN, "nb"),
        ("nb", "nb", "We are open until three.", "en"),
    ],
)
def test_words_first_then_the_municipality_never_blindly_the_asker(own, asked_in, text, language):
    assert language_of(text, Municipality(default_language=own), asked_in) == language


@pytest.mark.django_db
def test_an_answer_a_post_and_a_correction_say_their_own_language(nordvaag, ola, amina, now):
    conversation = make_question(nordvaag)
    Conversation.objects.filter(pk=conversation.pk).update(language="en")
    conversation.refresh_from_db()
    message = conversations.answer(conversation, NORWEGIAN, by=ola, at=now)
    assert message.language == "nb"
    correcting.correct(message, "The bin lorry comes on Thursday.", by=ola, at=now)
    message.refresh_from_db()
    assert message.language == "en"
    form = Account.objects.get(network="form")
    posted = conversations.post(
        amina.staff.unit, form, "Vi opnar ikkje før måndag.", by=amina, at=now
    )
    assert (posted.language, posted.conversation.language) == ("nn", "nn")
    assert Message.objects.filter(language="nn").count() == 1
