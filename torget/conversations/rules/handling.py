"""Handling a conversation: take, assign, forward, note, close. Each writes history in its own transaction."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.conversations import deadlines
from torget.conversations.models import Conversation, Message
from torget.conversations.rules.mentioning import mention
from torget.conversations.rules.state import State, lock, see_that_no_reply_waits, text_of
from torget.errors import Refused, Stale
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Staff, Unit
from torget.transitions import transition

COPIES = {"printed": "conversation.printed", "exported": "conversation.exported"}


def take(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Make the conversation one's own; of two who try at once, one succeeds.

    Raises:
        NotAllowed: no role for it in the unit.
        Stale: a colleague has it.
    """
    check(by, "conversations.take", conversation.unit)
    with transaction.atomic():
        taken = Conversation.objects.filter(pk=conversation.pk, assignee=None).update(
            assignee=by.id
        )
        row = lock(conversation)
        if not taken and row.assignee_id != by.id:
            raise Stale(_("%(name)s har allerede tatt saken.") % {"name": row.assignee}, "taken")
        if row.state == State.NEW:
            transition(row, State.OPEN)
            row.save(update_fields=["state"])
        if taken:
            record("conversation.taken", conversation, by=by, at=at)


def assign(conversation: Conversation, staff: Staff | None, *, by: Actor, at: datetime) -> None:
    """Give the conversation to somebody, or to nobody. One may always let go of one's own.

    Raises:
        NotAllowed: no duty lead in the unit.
        Refused: somebody from another municipality, or who is not at work any more.
    """
    if not (staff is None and conversation.assignee_id == by.id):
        check(by, "conversations.assign", conversation.unit)
    if staff is not None and (
        staff.municipality_id != conversation.municipality_id or not staff.active
    ):
        raise Refused(_("Velg en kollega som arbeider her."), "stranger")
    with transaction.atomic():
        row = lock(conversation)
        row.assignee = staff
        if staff and row.state == State.NEW:
            transition(row, State.OPEN)
        row.save(update_fields=["assignee", "state"])
        record("conversation.assigned", conversation, by=by, at=at, to=staff.pk if staff else None)


def forward(conversation: Conversation, unit: Unit, *, by: Actor, at: datetime) -> None:
    """Send the conversation to another unit of the municipality; whoever had it lets go.

    Raises:
        NotAllowed: no role for it where the conversation is.
        Refused: a unit elsewhere, closed, or the one it is in; or a reply is pending, which its writer perhaps may
            not give there.
    """
    check(by, "conversations.forward", conversation.unit)
    if unit.municipality_id != conversation.municipality_id or not unit.active:
        raise Refused(_("Velg en enhet i kommunen."), "stranger")
    if unit.pk == conversation.unit_id:
        raise Refused(_("Saken er allerede hos denne enheten. Velg en annen."), "same_unit")
    with transaction.atomic():
        row = lock(conversation)
        see_that_no_reply_waits(row)
        origin = row.unit_id
        row.unit, row.assignee = unit, None
        if row.state == State.OPEN:
            transition(row, State.NEW)
        deadlines.dues(row, row.waiting_since).put_on(row)
        row.save(update_fields=["unit", "assignee", "state", *deadlines.FIELDS.values()])
        record("conversation.forwarded", conversation, by=by, at=at, origin=origin, unit=unit.pk)


def note(conversation: Conversation, body: str, *, by: Actor, at: datetime) -> Message:
    """Leave a note for colleagues: never shown to residents, by a constraint in the database. Who is named is told.

    Raises:
        NotAllowed, Refused: no role; empty or too long; a first name that several have.
    """
    check(by, "conversations.note", conversation.unit)
    with transaction.atomic():
        message = Message.objects.create(
            conversation=lock(conversation),
            kind=Message.Kind.NOTE,
            visibility=Conversation.Visibility.PRIVATE,
            staff=by.staff,
            signature=by.staff.signature if by.staff else "",
            body=text_of(body),
            occurred_at=at,
            created_at=at,
        )
        mention(message, conversation, by=by)
        record("message.noted", message, by=by, at=at, conversation=conversation.pk)
    return message


def close(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Nothing more to do here; a new word from the resident opens it again.

    Raises:
        NotAllowed: no role for it in the unit.
    """
    check(by, "conversations.close", conversation.unit)
    with transaction.atomic():
        row = lock(conversation)
        if row.state == State.CLOSED:
            return
        transition(row, State.CLOSED)
        row.closed_at, row.waiting_since, row.snoozed_until = at, None, None
        row.save(update_fields=["state", "closed_at", "waiting_since", "snoozed_until"])
        record("conversation.closed", conversation, by=by, at=at)


def reopen(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Work on it again."""
    check(by, "conversations.close", conversation.unit)
    with transaction.atomic():
        row = lock(conversation)
        if row.merged_into_id:
            raise Refused(_("Saken er slått sammen med en annen. Angre det først."), "merged")
        transition(row, State.OPEN)
        row.closed_at, row.waiting_since = None, row.waiting_since or at
        deadlines.dues(row, row.waiting_since).put_on(row)
        row.save(update_fields=["state", "closed_at", "waiting_since", *deadlines.FIELDS.values()])
        record("conversation.reopened", conversation, by=by, at=at)


def hand_on(conversation: Conversation, staff: Staff, *, by: Actor, at: datetime) -> None:
    """Give what is one's own, or nobody's, to a colleague who may take it; no duty lead is needed for that.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: a colleague's conversation, or somebody who may not take it.
    """
    check(by, "conversations.take", conversation.unit)
    if not Actor.of_staff(staff).may("conversations.take", conversation.unit):
        raise Refused(
            _("%(name)s kan ikke ta saker her. Velg en annen.") % {"name": staff.first_name},
            "cannot_take",
        )
    with transaction.atomic():
        row = lock(conversation)
        if row.assignee_id not in {by.id, None}:
            raise Refused(_("Saken er en kollegas. Be vaktlederen gi den videre."), "not_yours")
        row.assignee = staff
        if row.state == State.NEW:
            transition(row, State.OPEN)
        row.save(update_fields=["assignee", "state"])
        record("conversation.handed_over", row, by=by, at=at, to=staff.pk)


def note_copy(conversation: Conversation, how: str, *, by: Actor, at: datetime) -> None:
    """Put on record that somebody printed or exported everything in it ("printed", "exported").

    Raises:
        NotAllowed: no role that reads it.
    """
    check(by, "conversations.read", conversation.unit)
    with transaction.atomic():
        record(COPIES[how], conversation, by=by, at=at)
