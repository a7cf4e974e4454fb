"""What residents and staff do, done by a script with neither face installed. Run by tests/test_a_new_room.py."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest
from django.apps import apps

from tests.cast import make_question, make_staff
from torget.casework.models import Draft, PendingReply
from torget.casework.rules import approval_rules, pending_replies
from torget.casework.rules.replying import Reply
from torget.casework.tasks import release_due
from torget.channels.rules import open_account
from torget.conversations.models import Chat, Conversation, Message
from torget.conversations.rules import chatting, submitting
from torget.conversations.rules.submitting import Submission
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role
from torget.subscriptions.models import Subscription
from torget.subscriptions.rules import confirm, follow_by_address

FACES = ("torget.square", "torget.desk")


@pytest.fixture(autouse=True)
def _no_face():
    """Neither is an app, and nothing that was called upon has imported one."""
    assert not [app.name for app in apps.get_app_configs() if app.name in FACES]
    yield
    assert not [name for name in sys.modules if name.startswith(FACES)]


@pytest.fixture
def mailbox(nordvaag, now):
    return open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="email",
        address="post@nordvaag.test",
        name="Post",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def answers(conversation):
    rows = conversation.messages.filter(kind=Message.Kind.ANSWER)
    return list(rows.values_list("body", flat=True))


def test_asked_replied_undone_and_sent(nordvaag, mailbox, ola, now):
    question = make_question(nordvaag, "Når åpner det?", email="kari@innbygger.test", at=now)
    undone = pending_replies.submit(question, Reply("I dag."), by=ola, at=now, seconds=10)
    pending_replies.undo_send(undone, by=ola, at=now)
    assert Draft.objects.get(conversation=question).body == "I dag."
    pending_replies.submit(question, Reply("I morgen."), by=ola, at=now, seconds=10)
    assert release_due(now=lambda: now + timedelta(seconds=11)) == 1
    assert answers(question) == ["I morgen."]
    told = [delivery.payload["body"] for delivery in Delivery.objects.all()]
    assert [body for body in told if body.startswith("I morgen.")]
    assert not [body for body in told if "I dag." in body]


def test_a_second_person_approves(nordvaag, ola, per, now):
    approval_rules.add_rule(nordvaag, "Alle svar", by=per, at=now)
    question = make_question(nordvaag, at=now)
    pending = pending_replies.submit(question, Reply("Etter møtet."), by=ola, at=now, seconds=10)
    assert pending.state == PendingReply.State.APPROVAL
    assert release_due(now=lambda: now + timedelta(hours=1)) == 0
    gunn = Actor.of_staff(make_staff(nordvaag, "Gunn", Role.APPROVER))
    pending_replies.approve(pending, by=gunn, at=now)
    assert answers(question) == ["Etter møtet."]


def test_posted_commented_and_followed(nordvaag, mailbox, ola, now):
    resident = Actor.resident(nordvaag.pk)
    wall = submitting.post(nordvaag, Submission("Fin park!", "public"), by=resident, at=now)
    submitting.comment(wall, Submission("Enig.", "public"), by=resident, at=now)
    follow_by_address(wall, "nina@innbygger.test", title=wall.subject, language="nb", at=now)
    confirm(Subscription.objects.get().token, at=now)
    pending_replies.submit(wall, Reply("Takk!"), by=ola, at=now, seconds=0)
    assert [m.body for m in wall.messages.order_by("pk")] == ["Fin park!", "Enig.", "Takk!"]
    assert Delivery.objects.filter(recipient="nina@innbygger.test").count() == 2


def test_chatted(nordvaag, ola, per, now):
    open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="chat",
        address="prat.nordvaag",
        name="Prat",
        by=Actor.system(nordvaag.pk),
        at=now,
    )
    talk = submitting.begin_chat(
        nordvaag,
        Submission("Hei, er noen der?", "private"),
        email="",
        by=Actor.resident(nordvaag.pk),
        at=now,
    )
    pending_replies.submit(talk, Reply("Ja!"), by=ola, at=now, seconds=0)
    submitting.follow_up(talk, Submission("Så fint.", "private"), at=now)
    chatting.end(Chat.objects.get(conversation=talk), by=ola, at=now)
    assert [m.body for m in talk.messages.order_by("pk")] == [
        "Hei, er noen der?",
        "Ja!",
        "Så fint.",
    ]
    assert Conversation.objects.get(pk=talk.pk).state != Conversation.State.NEW
