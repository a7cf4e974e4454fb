"""A shift hands over: what is open goes to the next on duty, with a word about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.casework.models import Handover
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation
from torget.errors import Refused
from torget.history.rules import because, record
from torget.people.actor import Actor
from torget.people.models import Duty, Staff

MOST = 200
NOTE_CHARS = 4000


@dataclass(frozen=True, slots=True)
class Handed:
    """What came of it."""

    handover: Handover
    done: int
    refused: list[tuple[str, str]]


def next_on(duty: Duty, *, at: datetime) -> Duty | None:
    """The duty that follows in the same unit: the one that begins next, or runs when this one ends."""
    after = (
        Duty.objects.filter(unit=duty.unit, ends_at__gt=max(at, duty.starts_at), staff__active=True)
        .exclude(staff_id=duty.staff_id)
        .filter(ends_at__gt=duty.ends_at)
    )
    return after.select_related("staff__municipality", "unit").order_by("starts_at").first()


def hand_over(
    duty: Duty, rows: Sequence[Conversation], note: str, *, to: Staff, by: Actor, at: datetime
) -> Handed:
    """Give the chosen conversations to who comes on next, who sees the note until they have read it.

    Raises:
        NotAllowed: no role for it in a conversation's unit.
        Refused: somebody else's duty, oneself, or neither a conversation nor a word.
    """
    if by.staff is None or duty.staff_id != by.id:
        raise Refused(_("Bare den som har vakten, kan overlevere den."), "not_yours")
    if to.pk == by.id or to.municipality_id != by.municipality_id:
        raise Refused(_("Velg hvem som tar over."), "nobody")
    note = note.strip()[:NOTE_CHARS]
    if not rows and not note:
        raise Refused(_("Velg en sak eller skriv en beskjed først."), "empty")
    done, refused = list[int](), list[tuple[str, str]]()
    with transaction.atomic():
        handover = Handover.objects.create(
            from_staff=by.staff, to_staff=to, unit=duty.unit, note=note, handed_at=at
        )
        with because(handover=handover.pk):
            for row in rows[:MOST]:
                try:
                    with transaction.atomic():
                        conversations.hand_on(row, to, by=by, at=at)
                    done.append(row.pk)
                except Refused as refusal:
                    refused.append((row.ref, refusal.message))
        handover.conversation_ids = done
        handover.save(update_fields=["conversation_ids"])
        record("handover.given", handover, by=by, at=at, to=to.pk, conversations=done)
    return Handed(handover, len(done), refused)


def acknowledge(handover: Handover, *, by: Actor, at: datetime) -> None:
    """The one who took over has read it; saying so again changes nothing.

    Raises:
        Refused: it was handed to somebody else.
    """
    if handover.to_staff_id != by.id:
        raise Refused(_("Overleveringen er til en annen."), "not_yours")
    with transaction.atomic():
        if Handover.objects.filter(pk=handover.pk, seen_at=None).update(seen_at=at):
            record("handover.seen", handover, by=by, at=at)
