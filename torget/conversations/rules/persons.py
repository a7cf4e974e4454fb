"""Who we talk with: persons found to be one and parted again, notes with a purpose and an end, senders blocked."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from torget.conversations.models import (
    Block,
    Conversation,
    ConversationMerge,
    Identity,
    Message,
    Person,
    PersonMerge,
    PersonNote,
    below,
)
from torget.conversations.persons import family
from torget.conversations.rules.state import text_of
from torget.errors import Refused, Stale
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Staff

PRIVATE = Conversation.Visibility.PRIVATE
LONGEST_NOTE_DAYS = 365
LONGEST_BLOCK_DAYS = 180


def _staff(by: Actor) -> Staff:
    if by.staff is None:
        raise Refused(_("Bare ansatte kan gjøre dette."), "no_staff")
    return by.staff


def merge(kept: Person, joined: Person, *, reason: str, by: Actor, at: datetime) -> PersonMerge:
    """Two persons are one from now on: `joined` points to `kept`. Nothing is moved, so that it can be undone whole.

    Residents gain no access by it: what somebody signed in may read follows from their own identity alone.

    Raises:
        NotAllowed: no role for it.
        Refused: no reason, persons of different municipalities, the same person twice.
        Stale: one of them has been merged meanwhile.
    """
    check(by, "persons.merge")
    staff, reason = _staff(by), text_of(reason)[:300]
    if kept.municipality_id != by.municipality_id or joined.municipality_id != by.municipality_id:
        raise Refused(_("Velg to personer i samme kommune."), "stranger")
    with transaction.atomic():
        rows = Person.objects.select_for_update().order_by("pk").in_bulk([kept.pk, joined.pk])
        if len(rows) < 2 or kept.pk in family(rows[joined.pk]):
            raise Refused(_("Dette er allerede samme person."), "same_person")
        if any(row.merged_into_id for row in rows.values()):
            raise Stale(_("En av dem er slått sammen med en annen. Last siden på nytt."), "merged")
        Person.objects.filter(pk=joined.pk).update(merged_into=kept)
        done = PersonMerge.objects.create(
            kept=kept, joined=joined, reason=reason, merged_at=at, merged_by=staff
        )
        record("person.merged", kept, by=by, at=at, joined=joined.pk, merge=done.pk)
    return done


def unmerge(done: PersonMerge, *, by: Actor, at: datetime) -> None:
    """They were two after all: each is again as before. Undoing twice changes nothing.

    Raises:
        NotAllowed: no role for it.
        Refused: another municipality's, or a case of each is one by now, with private talk in it.
    """
    check(by, "persons.merge")
    staff = _staff(by)
    if done.kept.municipality_id != by.municipality_id:
        raise Refused(_("Velg en person i kommunen."), "stranger")
    with transaction.atomic():
        _see_that_no_case_binds(done)
        if PersonMerge.objects.filter(pk=done.pk, undone_at=None).update(
            undone_at=at, undone_by=staff
        ):
            Person.objects.filter(pk=done.joined_id).update(merged_into=None)
            record("person.unmerged", done.kept, by=by, at=at, joined=done.joined_id, merge=done.pk)


def _see_that_no_case_binds(done: PersonMerge) -> None:
    """Cases of the two were merged because they were one person: parted, one would read the other's private words.

    Raises:
        Refused: such a merge of cases still stands.
    """
    parted = [done.joined_id, *below([done.joined_id])]
    left = [pk for pk in family(done.kept) if pk not in parted]
    # Held until the end: whoever merges cases meanwhile waits, and then sees two persons.
    list(
        Conversation.objects.select_for_update()
        .filter(person__in=parted)
        .order_by("pk")
        .values_list("pk")
    )
    across = ConversationMerge.objects.filter(undone_at=None).filter(
        Q(kept__person__in=parted, joined__person__in=left)
        | Q(kept__person__in=left, joined__person__in=parted)
    )
    for merge_row in across.select_related("kept", "joined"):
        if merge_row.kept.visibility == PRIVATE or _said_privately(merge_row):
            raise Refused(
                _(
                    "Sakene %(joined)s og %(kept)s er slått sammen, og hver av dem ville sett det den andre "
                    "skrev privat. Angre sammenslåingen av sakene først."
                )
                % {"joined": merge_row.joined.ref, "kept": merge_row.kept.ref},
                "cases_merged",
            )


def _said_privately(merge_row: ConversationMerge) -> bool:
    here = Q(conversation=merge_row.kept_id) | Q(origin=merge_row.kept_id)
    spoken = Message.objects.filter(here | Q(pk__in=merge_row.message_ids), visibility=PRIVATE)
    return spoken.exclude(kind=Message.Kind.NOTE).exists()


def note_on(
    person: Person, body: str, *, purpose: str, expires_on: date, by: Actor, at: datetime
) -> PersonNote:
    """Note what colleagues must know of a person: with a purpose, and until a day.

    Raises:
        NotAllowed: no role for it.
        Refused: empty, no such purpose, an end in the past or more than a year ahead.
    """
    check(by, "persons.note")
    staff, body, today = _staff(by), text_of(body), at.date()
    if person.municipality_id != by.municipality_id:
        raise Refused(_("Velg en person i kommunen."), "stranger")
    if purpose not in PersonNote.Purpose.values:
        raise Refused(_("Velg hva notatet skal brukes til."), "no_purpose")
    if not today < expires_on <= today + timedelta(days=LONGEST_NOTE_DAYS):
        raise Refused(_("Velg en sluttdato innen ett år."), "bad_end")
    with transaction.atomic():
        kept = PersonNote.objects.create(
            person=person,
            staff=staff,
            purpose=purpose,
            body=body[:1000],
            created_at=at,
            expires_on=expires_on,
        )
        record("person.noted", person, by=by, at=at, note=kept.pk, purpose=purpose)
    return kept


def forget_note(note: PersonNote, *, by: Actor, at: datetime) -> None:
    """Take a note away before its end.

    Raises:
        NotAllowed: no role for it, or another municipality's.
    """
    check(by, "persons.note")
    if note.person.municipality_id != by.municipality_id:
        raise Refused(_("Velg en person i kommunen."), "stranger")
    with transaction.atomic():
        record("person.note_removed", note.person, by=by, at=at, note=note.pk)
        note.delete()


def forget_expired_notes(*, at: datetime) -> int:
    """Take away the notes whose day has come; how many. What has served its purpose is not kept."""
    expired = PersonNote.objects.filter(expires_on__lte=at.date()).select_related("person")
    count = 0
    for note in expired[:500]:
        with transaction.atomic():
            system = Actor.system(note.person.municipality_id)
            record("person.note_expired", note.person, by=system, at=at, note=note.pk)
            note.delete()
        count += 1
    return count


def block(identity: Identity, *, reason: str, until_on: date, by: Actor, at: datetime) -> Block:
    """What comes from this sender makes nobody wait, until a day. It is still received, kept and found.

    Raises:
        NotAllowed: no role for it.
        Refused: no reason, an end in the past or more than half a year ahead, already blocked.
    """
    check(by, "persons.block")
    staff, reason, today = _staff(by), text_of(reason)[:500], at.date()
    if identity.municipality_id != by.municipality_id:
        raise Refused(_("Velg en avsender i kommunen."), "stranger")
    if not today < until_on <= today + timedelta(days=LONGEST_BLOCK_DAYS):
        raise Refused(_("Velg en sluttdato innen et halvt år."), "bad_end")
    with transaction.atomic():
        Identity.objects.select_for_update().get(pk=identity.pk)
        current = Block.objects.filter(identity=identity, lifted_at=None)
        if current.current(on=today).exists():
            raise Refused(_("Avsenderen er allerede blokkert."), "blocked")
        current.update(lifted_at=at)  # one that has run out makes way
        done = Block.objects.create(
            identity=identity,
            reason=reason,
            until_on=until_on,
            blocked_at=at,
            blocked_by=staff,
        )
        record("identity.blocked", identity, by=by, at=at, block=done.pk)
    return done


def lift(done: Block, *, by: Actor, at: datetime) -> None:
    """End a block before its day. Lifting twice changes nothing.

    Raises:
        NotAllowed: no role for it.
        Refused: another municipality's.
    """
    check(by, "persons.block")
    if done.identity.municipality_id != by.municipality_id:
        raise Refused(_("Velg en avsender i kommunen."), "stranger")
    with transaction.atomic():
        if Block.objects.filter(pk=done.pk, lifted_at=None).update(
            lifted_at=at, lifted_by=by.staff
        ):
            record("identity.unblocked", done.identity, by=by, at=at, block=done.pk)
