"""Who has a conversation open, and who is writing in it. No history: announced, and forgotten when they leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from torget.casework.models import Draft, Presence
from torget.conversations.announcing import announce_presence
from torget.conversations.models import Conversation
from torget.people.actor import Actor, check
from torget.people.models import Staff

HERE = timedelta(seconds=50)  # two heartbeats may be lost
DRAFT_OF_INTEREST = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Colleagues:
    """Those who are at a conversation beside oneself, and those who have begun on an answer and left."""

    looking: list[Staff]
    writing: list[Staff]
    begun: list[Draft]

    def __bool__(self) -> bool:
        return bool(self.looking or self.writing or self.begun)


def colleagues(conversation: Conversation, *, by: Actor, at: datetime) -> Colleagues:
    """Who else is here now."""
    here = list(
        Presence.objects.filter(conversation=conversation, seen_at__gt=at - HERE)
        .exclude(staff=by.id)
        .select_related("staff")
        .order_by("staff__first_name", "pk")
    )
    begun = (
        Draft.objects.filter(
            conversation=conversation,
            kind=Draft.Kind.ANSWER,
            updated_at__gt=at - DRAFT_OF_INTEREST,
        )
        .exclude(staff__in=[by.id, *(row.staff_id for row in here)])
        .select_related("staff")
        .order_by("-updated_at")
    )
    return Colleagues(
        [row.staff for row in here if row.writing_at is None],
        [row.staff for row in here if row.writing_at is not None],
        list(begun[:3]),
    )


def be_here(conversation: Conversation, *, writing: bool, by: Actor, at: datetime) -> None:
    """Say that one has the conversation open, and whether something is written and not sent. Colleagues hear of a change.

    Raises:
        NotAllowed: one may not read there.
    """
    check(by, "conversations.read", conversation.unit)
    with transaction.atomic():
        known = (
            Presence.objects.select_for_update()
            .filter(conversation=conversation, staff=by.id)
            .first()
        )
        since = (known.writing_at or at) if known and writing else at
        Presence.objects.update_or_create(
            conversation=conversation,
            staff=by.staff,
            defaults={"seen_at": at, "writing_at": since if writing else None},
        )
        same = (
            known is not None
            and known.seen_at > at - HERE
            and (known.writing_at is not None) == writing
        )
        if not same:
            announce_presence(conversation)


def leave(conversation: Conversation, *, by: Actor) -> None:
    """Say that one has closed the conversation."""
    with transaction.atomic():
        gone, _rows = Presence.objects.filter(conversation=conversation, staff=by.id).delete()
        if gone:
            announce_presence(conversation)


def forget_gone(*, at: datetime) -> int:
    """Sweep away those who left without a word, long ago. How many."""
    gone, _rows = Presence.objects.filter(seen_at__lt=at - timedelta(hours=1)).delete()
    return gone
