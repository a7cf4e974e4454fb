"""How many replies are pending stands on the conversation, so that rooms below may ask; it is counted, never added to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import make_question, make_staff
from torget.casework.models import PendingReply
from torget.casework.rules import approval_rules, pending_replies
from torget.casework.rules.replying import Reply
from torget.casework.tasks import release_due
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation
from torget.errors import Refused
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role


@pytest.fixture
def question(nordvaag, now):
    return make_question(nordvaag, at=now)


def pending(question):
    return Conversation.objects.values_list("replies_pending", flat=True).get(pk=question.pk)


def submit(question, by, now, seconds=10, body="Snart."):
    return pending_replies.submit(question, Reply(body), by=by, at=now, seconds=seconds)


def test_it_is_one_until_the_reply_is_sent(question, ola, now):
    submit(question, ola, now)
    assert pending(question) == 1
    release_due(now=lambda: now + timedelta(seconds=11))
    assert pending(question) == 0


def test_what_is_sent_at_once_was_never_pending(question, ola, now):
    submit(question, ola, now, seconds=0)
    assert pending(question) == 0


def test_each_of_two_counts_and_undoing_one_leaves_the_other(question, ola, per, now):
    first, _second = submit(question, ola, now), submit(question, per, now, body="Straks.")
    assert pending(question) == 2
    pending_replies.undo_send(first, by=ola, at=now)
    assert pending(question) == 1


@pytest.mark.parametrize("decision", ["approve", "send_back"])
def test_it_ends_with_the_decision_of_a_second_person(nordvaag, question, ola, per, now, decision):
    approval_rules.add_rule(nordvaag, "Alle svar", by=per, at=now)
    waits = submit(question, ola, now)
    assert pending(question) == 1
    gunn = Actor.of_staff(make_staff(nordvaag, "Gunn", Role.APPROVER))
    if decision == "approve":
        pending_replies.approve(waits, by=gunn, at=now)
    else:
        pending_replies.send_back(waits, "Skriv mer.", by=gunn, at=now)
    assert pending(question) == 0


def test_a_reply_whose_writer_may_no_longer_send_it_is_pending_no_more(question, ola, now):
    submit(question, ola, now)
    ola.staff.grants.update(ended_at=now)
    release_due(now=lambda: now + timedelta(seconds=11))
    assert PendingReply.objects.get().state == PendingReply.State.UNDONE
    assert pending(question) == 0


def test_a_count_that_was_wrong_is_right_again_with_the_next_change(question, ola, now):
    Conversation.objects.filter(pk=question.pk).update(replies_pending=7)
    submit(question, ola, now)
    assert pending(question) == 1


def test_while_there_is_one_the_conversation_stays_where_it_is(nordvaag, question, ola, now):
    waits = submit(question, ola, now)
    elsewhere = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    with pytest.raises(Refused, match="ikke sendt ennå"):
        conversations.forward(question, elsewhere, by=ola, at=now)
    pending_replies.undo_send(waits, by=ola, at=now)
    conversations.forward(question, elsewhere, by=ola, at=now)
    assert Conversation.objects.get(pk=question.pk).unit == elsewhere
