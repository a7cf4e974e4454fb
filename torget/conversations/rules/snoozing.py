"""Putting a conversation aside until a time, or until the resident writes; and waking it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from torget.conversations.models import Conversation
from torget.conversations.rules.state import State, lock
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.transitions import transition, transition_rows

LONGEST = timedelta(days=366)
WAKES = 500


def snooze(conversation: Conversation, until: datetime | None, *, by: Actor, at: datetime) -> None:
    """Out of the queue until `until`; None: until the resident writes. A word from the resident wakes it in any case.

    Deadlines run on while it sleeps: a promise is not put off by looking away.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: a time gone by or more than a year away; a conversation that is closed.
    """
    check(by, "conversations.handle", conversation.unit)
    if until is not None and until <= at:
        raise Refused(_("Velg et tidspunkt som ikke har vært."), "past")
    if until is not None and until > at + LONGEST:
        raise Refused(_("Du kan legge en sak på vent i ett år. Velg en tidligere dag."), "too_far")
    with transaction.atomic():
        row = lock(conversation)
        if row.state == State.CLOSED:
            raise Refused(_("Saken er avsluttet. Åpne den igjen først."), "closed")
        transition(row, State.SNOOZED)
        row.snoozed_until = until
        row.save(update_fields=["state", "snoozed_until"])
        record(
            "conversation.snoozed",
            row,
            by=by,
            at=at,
            until=until.isoformat() if until else None,
        )


def wake(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Back into the queue; one that is awake is left as it is.

    Raises:
        NotAllowed: no role for it in the unit.
    """
    check(by, "conversations.handle", conversation.unit)
    with transaction.atomic():
        row = lock(conversation)
        if row.state != State.SNOOZED:
            return
        transition(row, State.OPEN)
        row.snoozed_until = None
        row.save(update_fields=["state", "snoozed_until"])
        record("conversation.woken", row, by=by, at=at)


def wake_due(*, at: datetime) -> int:
    """Wake those whose time has come; how many."""
    with transaction.atomic():
        rows = list(
            Conversation.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=State.SNOOZED, snoozed_until__lte=at)
            .order_by("snoozed_until")[:WAKES]
        )
        woken = Conversation.objects.filter(pk__in=[row.pk for row in rows])
        transition_rows(woken, State.OPEN, snoozed_until=None)
        for row in rows:
            record("conversation.woken", row, by=Actor.system(row.municipality_id), at=at)
    return len(rows)
