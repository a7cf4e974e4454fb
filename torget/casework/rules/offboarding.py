"""Somebody leaves: what was theirs to do is somebody else's, or anybody's."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from torget.conversations import rules as conversations
from torget.conversations.models import Conversation
from torget.history.rules import because
from torget.people import colleagues
from torget.people.actor import Actor
from torget.people.models import Staff


def leave(staff: Staff, *, to: Staff | None, by: Actor, at: datetime) -> int:
    """They work here no more; their open cases go to somebody, or back to the queue. How many there were.

    The one who arranges this need not be one who may read them: the system hands them on.

    Raises:
        Refused: nobody would be left to arrange the municipality, or who takes over works elsewhere.
        NotAllowed: not theirs to arrange.
    """
    with transaction.atomic():
        colleagues.leave(staff, by=by, at=at)
        theirs = Conversation.objects.filter(assignee=staff).exclude(
            state=Conversation.State.CLOSED
        )
        with because(left=staff.pk, arranged_by=by.id):
            for conversation in theirs:
                conversations.assign(conversation, to, by=Actor.system(by.municipality_id), at=at)
    return len(theirs)
