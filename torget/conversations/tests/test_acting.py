from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import close_old_connections, connection

from tests.cast import make_question, make_staff
from torget.conversations import rules
from torget.conversations.guard import national_ids
from torget.conversations.models import Conversation, Message
from torget.conversations.rules.submitting import Submission, follow_up
from torget.errors import NotAllowed, Refused, Stale
from torget.history.models import Entry
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role


def test_an_answer_is_message_state_and_history_in_one(question, ola, now):
    message = rules.answer(
        question, "Vi brøyter før klokka tolv.", by=ola, at=now + timedelta(hours=1)
    )
    question.refresh_from_db()
    assert message.signature == "Ola, Servicetorget"
    assert (question.state, question.waiting_since, question.assignee) == (
        "answered",
        None,
        ola.staff,
    )
    assert question.first_answer_at == now + timedelta(hours=1)
    entry = Entry.objects.filter(verb="message.answered").get()
    assert (entry.actor_id, entry.subject_id) == (ola.id, message.pk)


def test_history_holds_no_words_and_no_names(question, ola, now):
    rules.answer(question, "Hemmelig svar til Kari", by=ola, at=now)
    rules.note(question, "Hemmelig notat", by=ola, at=now)
    told = " ".join(str(entry.data) for entry in Entry.objects.all())
    assert "Hemmelig" not in told
    assert "Kari" not in told


def test_a_new_word_from_the_resident_opens_a_closed_case_again(nordvaag, question, ola, now):
    rules.answer(question, "Svar.", by=ola, at=now, close=True)
    question.refresh_from_db()
    assert question.state == "closed"
    follow_up(
        question, Submission("Men det er fortsatt snø", "private"), at=now + timedelta(hours=1)
    )
    question.refresh_from_db()
    assert (question.state, question.waiting_since) == ("open", now + timedelta(hours=1))


def test_who_waited_longest_stands_first(nordvaag, ola, now):
    late = make_question(nordvaag, at=now)
    early = make_question(nordvaag, at=now - timedelta(hours=3))
    assert list(Conversation.objects.visible_to(ola).waiting()) == [early, late]


def test_forwarding_lets_go_and_stays_in_the_municipality(question, ola, elsewhere, now):
    rules.take(question, by=ola, at=now)
    rules.forward(
        question,
        Unit.objects.get(slug="servicetorget", municipality=question.municipality),
        by=ola,
        at=now,
    )
    question.refresh_from_db()
    assert (question.unit.slug, question.assignee) == ("servicetorget", None)
    with pytest.raises(Refused):
        rules.forward(
            question, Unit.objects.get(slug="rot", municipality=elsewhere), by=ola, at=now
        )


@pytest.mark.parametrize("do", ["take", "reply", "note", "close", "forward", "assign"])
def test_charlie_from_elsewhere_may_do_nothing(question, charlie, now, do):
    unit = question.unit
    acts = {
        "take": lambda: rules.take(question, by=charlie, at=now),
        "reply": lambda: rules.answer(question, "x", by=charlie, at=now),
        "note": lambda: rules.note(question, "x", by=charlie, at=now),
        "close": lambda: rules.close(question, by=charlie, at=now),
        "forward": lambda: rules.forward(question, unit, by=charlie, at=now),
        "assign": lambda: rules.assign(question, charlie.staff, by=charlie, at=now),
    }
    with pytest.raises(NotAllowed):
        acts[do]()
    assert not Conversation.objects.visible_to(charlie).exists()


def test_the_administrator_reads_no_private_conversation(question, liv):
    assert not Conversation.objects.visible_to(liv).exists()


def test_a_national_identity_number_is_stopped_in_a_public_answer_only(
    nordvaag, question, ola, now
):
    public = make_question(nordvaag, visibility="public")
    with pytest.raises(Refused) as refusal:
        rules.answer(public, "Gjelder dette 01010750160?", by=ola, at=now)
    assert refusal.value.code == "national_id"
    rules.answer(question, "Gjelder dette 01010750160?", by=ola, at=now)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("010107 50160", 1),
        ("01010750160", 1),
        ("01010750161", 0),
        ("kontonummer 1234.56.78903", 0),
        ("tlf 70000000", 0),
    ],
)
def test_identity_numbers_are_known_by_their_check_digits(text, found):
    assert len(national_ids(text)) == found


def test_a_private_conversation_has_no_public_answer(question, ola, now):
    message = rules.answer(question, "Hei", by=ola, at=now, visibility="public")
    assert message.visibility == "private"
    assert not Message.objects.public().exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_at_once_one_succeeds(nordvaag, now):
    question = make_question(nordvaag)
    actors = [
        Actor.of_staff(make_staff(nordvaag, name, Role.RESPONDER))
        for name in ("Ada", "Bo", "Cy", "Di")
    ]
    outcomes, gate = [], threading.Barrier(len(actors))

    def grab(actor):
        close_old_connections()
        gate.wait()
        try:
            rules.take(question, by=actor, at=now)
            outcomes.append(actor.id)
        except Stale:
            outcomes.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=grab, args=(actor,)) for actor in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [one for one in outcomes if one]
    assert len(won) == 1
    question.refresh_from_db()
    assert question.assignee_id == won[0]
