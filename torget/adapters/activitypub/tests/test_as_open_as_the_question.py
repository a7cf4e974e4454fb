"""An answer is never wider than what it answers: unlisted stays unlisted, what is for few goes to who asked alone."""

from __future__ import annotations

import pytest
from django.utils import timezone

from torget.adapters.activitypub.channel import ADAPTER
from torget.adapters.activitypub.models import APObject
from torget.adapters.activitypub.tests.specimens import (
    KARI,
    NOTE,
    PUBLIC,
    activity,
    item,
    know_kari,
    note,
)
from torget.channels.contract import Outgoing
from torget.conversations.filing import file
from torget.conversations.models import Message
from torget.conversations.rules import answer
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.outbox.models import Delivery

pytestmark = pytest.mark.django_db
FOLLOWERS = f"{KARI}/followers"
US = "http://testserver/ap/nordvaag"


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (([PUBLIC], [FOLLOWERS, US]), ([PUBLIC], [KARI])),
        (([FOLLOWERS], [PUBLIC, US]), ([KARI], [PUBLIC])),
        (([FOLLOWERS], ["as:Public", US]), ([KARI], [PUBLIC])),
        (([FOLLOWERS, US], []), ([KARI], [])),
        (([US], []), ([KARI], [])),
    ],
    ids=["public", "unlisted", "unlisted in short", "followers", "direct"],
)
def test_the_answer_goes_as_far_as_the_question(account, snapshot, ola, at, asked, answered):
    know_kari()
    to, cc = asked
    held = activity("Create", note(to=to, cc=cc, attachment=[]), to=to, cc=cc)
    intake.receive(account.pk, item(held), at=at)
    file(Envelope.objects.get(), at=at)
    conversation = Message.objects.get(external_id=NOTE).conversation
    answer(conversation, "Før klokka sju.", by=ola, at=timezone.now())
    payload = Delivery.objects.get().payload
    names = ("recipient", "parent", "visibility", "language")
    out = Outgoing("a1", body=payload["body"], **{name: payload.get(name, "") for name in names})
    document = APObject.objects.get(uri=ADAPTER.send(out, snapshot).external_id).document
    assert (document["to"], document["cc"]) == answered


def test_of_a_question_whose_envelope_is_erased_the_narrower_is_taken(account, snapshot, at):
    know_kari()
    held = activity("Create", note(attachment=[], cc=[US]))
    intake.receive(account.pk, item(held), at=at)
    file(Envelope.objects.get(), at=at)
    Message.objects.update(envelope=None)
    out = Outgoing("a1", KARI, "Ja.", parent=NOTE, visibility="public")
    document = APObject.objects.get(uri=ADAPTER.send(out, snapshot).external_id).document
    assert (document["to"], document["cc"]) == ([KARI], [PUBLIC])
