"""One act on many conversations at once, and undoing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from torget.casework.models import BulkAct, Macro
from torget.casework.rules.actions import ACTS, perform
from torget.conversations.models import Conversation
from torget.conversations.rules.restoring import Snapshot, restore, snapshot
from torget.errors import Refused
from torget.history.rules import because
from torget.people.actor import Actor

MOST = 200
UNDO_LASTS = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: how many were done, and each that was refused with the reason."""

    batch: BulkAct | None
    done: int
    refused: list[tuple[str, str]]


def _run(
    rows: Sequence[Conversation],
    name: str,
    do: Callable[[Conversation], None],
    *,
    by: Actor,
    at: datetime,
) -> Outcome:
    if by.staff is None:
        raise Refused(_("Bare ansatte kan gjøre dette."), "no_staff")
    if not rows:
        raise Refused(_("Velg minst én sak i køen."), "nothing")
    if len(rows) > MOST:
        raise Refused(_("Velg høyst %(most)s saker om gangen.") % {"most": MOST}, "too_many")
    before: list[Snapshot] = []
    after: list[Snapshot] = []
    refused: list[tuple[str, str]] = []
    with transaction.atomic():
        batch = BulkAct.objects.create(staff=by.staff, act=name, done_at=at)
        with because(batch=batch.pk):
            for row in rows:
                try:
                    with transaction.atomic():
                        locked = Conversation.objects.select_for_update().get(pk=row.pk)
                        was = snapshot(locked)
                        do(row)
                except Refused as refusal:
                    refused.append((row.ref, refusal.message))
                else:
                    before.append(was)
        by_id = Conversation.objects.in_bulk([shot["id"] for shot in before])
        after = [snapshot(by_id[shot["id"]]) for shot in before]
        batch.before, batch.after = before, after
        batch.save(update_fields=["before", "after"])
        if not before:
            batch.delete()  # nothing was done, so there is nothing to undo
    return Outcome(batch if before else None, len(before), refused)


def run(rows: Sequence[Conversation], act: str, value: str, *, by: Actor, at: datetime) -> Outcome:
    """Do one act to each; those the act refuses stay as they are. One row of history each, and one undo for all.

    Raises:
        Refused: nothing or too much chosen, or an act nobody knows.
    """
    if act not in ACTS:
        raise Refused(_("Velg hva som skal gjøres."), "no_act")
    return _run(rows, act, lambda row: perform(row, act, value, by=by, at=at), by=by, at=at)


def run_macro(macro: Macro, rows: Sequence[Conversation], *, by: Actor, at: datetime) -> Outcome:
    """Do everything in a macro to each, all of it or nothing.

    Raises:
        Refused: nothing or too much chosen, or a macro from elsewhere or out of use.
    """
    if macro.municipality_id != by.municipality_id or not macro.active:
        raise Refused(_("Velg en makro i listen."), "no_macro")

    def do(row: Conversation) -> None:
        for step in macro.actions:
            row = Conversation.objects.select_related("unit", "municipality").get(pk=row.pk)
            perform(row, step["act"], step.get("value", ""), by=by, at=at)

    with because(macro=macro.pk):
        return _run(rows, "macro", do, by=by, at=at)


def undo(batch: BulkAct, *, by: Actor, at: datetime) -> Outcome:
    """Set each conversation back to what it was – but not one that somebody has changed since.

    Notes that were written stay: what was said is not taken back.

    Raises:
        Refused: somebody else's, undone already, or too long ago.
    """
    if batch.staff_id != by.id:
        raise Refused(_("Bare den som gjorde det, kan angre det."), "not_yours")
    done, refused = 0, list[tuple[str, str]]()
    with transaction.atomic():
        row = BulkAct.objects.select_for_update().get(pk=batch.pk)
        if row.undone_at or at - row.done_at > UNDO_LASTS:
            raise Refused(_("Dette er angret, eller det er for lenge siden."), "too_late")
        refs = dict(
            Conversation.objects.filter(pk__in=[shot["id"] for shot in row.before]).values_list(
                "pk", "ref"
            )
        )
        with because(batch=row.pk):
            for before, after in zip(row.before, row.after, strict=True):
                try:
                    restore(before, after, by=by, at=at)
                    done += 1
                except Refused as refusal:
                    refused.append((refs[before["id"]], refusal.message))
        row.undone_at = at
        row.save(update_fields=["undone_at"])
    return Outcome(row, done, refused)
