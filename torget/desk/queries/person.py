"""What one person's page shows: all they have said in every channel, how each identity was verified, what is noted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import Http404

from torget.channels.registry import networks_that
from torget.conversations.models import (
    Block,
    Conversation,
    Identity,
    Person,
    PersonMerge,
    PersonNote,
)
from torget.conversations.persons import family, namesakes
from torget.desk.forms.person import BlockForm, MergeForm, PersonNoteForm
from torget.people.actor import Actor

SHOWN = 30
USUAL_NOTE_DAYS = 90


def one(request: Any, pk: int) -> Person:
    """The person, if the actor may read at least one conversation of theirs; 404 otherwise.

    Asked for one who is merged into another, it is the other: that is who they are now.
    """
    person = Person.objects.filter(municipality=request.municipality, pk=pk).first()
    if person is None:
        raise Http404
    ids = family(person)
    if not Conversation.objects.visible_to(request.actor).filter(person__in=ids).exists():
        raise Http404
    return Person.objects.get(pk=ids[0])


def other(request: Any, asked: str) -> Person | None:
    """The person behind an address or a case number, if the actor may read something of theirs."""
    asked = asked.strip()
    readable = Conversation.objects.visible_to(request.actor)
    by_ref = readable.filter(ref__iexact=asked).select_related("person").first()
    if by_ref is not None:
        return by_ref.person
    identity = Identity.objects.filter(
        municipality=request.municipality, external_id__iexact=asked
    ).first()
    if identity is None or not readable.filter(person=identity.person_id).exists():
        return None
    return Person.objects.get(pk=family(identity.person)[0])


def readable(actor: Actor, everybody: Sequence[int]) -> list[int]:
    """Those of them the actor may read talk of, in the same order: only of these anything is shown."""
    talk = Conversation.objects.visible_to(actor).filter(person__in=everybody)
    ids = set(talk.order_by().values_list("person_id", flat=True).distinct())
    return [pk for pk in everybody if pk in ids]


def blockable(actor: Actor, person: Person) -> QuerySet[Identity]:
    """The senders the actor may block: those of the person they may read talk of, with an address."""
    ids = readable(actor, family(person))
    return Identity.objects.filter(person__in=ids).exclude(network__in=networks_that("by_page"))


def merges(actor: Actor, person: Person) -> QuerySet[PersonMerge]:
    """The current merges of the person that the actor may read talk on both sides of."""
    ids = readable(actor, family(person))
    return PersonMerge.objects.filter(kept__in=ids, joined__in=ids, undone_at=None)


def beside(actor: Actor, person: Person | None, *, at: datetime) -> dict[str, Any]:
    """What stands beside a conversation of theirs: identities, notes, blocks – of those the actor has read talk of."""
    if person is None:
        return {"family": [], "identities": [], "person_notes": [], "blocks": []}
    everybody = family(person)
    ids = readable(actor, everybody)
    today = at.date()
    return {
        "family": everybody,
        "identities": list(Identity.objects.filter(person__in=ids).order_by("network", "pk")),
        "person_notes": list(
            PersonNote.objects.filter(person__in=ids, expires_on__gt=today).select_related("staff")
        ),
        "blocks": list(
            Block.objects.filter(identity__person__in=ids)
            .current(on=today)
            .select_related("identity", "blocked_by")
        ),
    }


def page(request: Any, person: Person, *, at: datetime, **forms: Any) -> dict[str, Any]:
    """The whole page; `forms` are filled-in ones to show again."""
    about = beside(request.actor, person, at=at)
    talk = Conversation.objects.visible_to(request.actor).filter(person__in=about["family"])
    rows = list(talk.newest_first().select_related("unit", "assignee")[: SHOWN + 1])
    senders = blockable(request.actor, person)
    shown = Person.objects.get(pk=readable(request.actor, about["family"])[0])
    default = {"expires_on": (at + timedelta(days=USUAL_NOTE_DAYS)).date()}
    return about | {
        "person": person,
        "name": shown.name,
        "conversations": rows[:SHOWN],
        "there_are_more": len(rows) > SHOWN,
        "merges": list(merges(request.actor, person).select_related("joined", "merged_by")),
        "namesakes": _readable_namesakes(request, shown),
        "merge_form": forms.get("merge") or MergeForm(prefix="samme"),
        "note_form": forms.get("note") or PersonNoteForm(prefix="notat", initial=default),
        "block_form": forms.get("block") or BlockForm(senders, prefix="blokk"),
        "blockable": senders.exists(),
        "may": {act: request.actor.may(f"persons.{act}") for act in ("merge", "note", "block")},
    }


def _readable_namesakes(request: Any, person: Person) -> list[Person]:
    """Namesakes whose talk the actor may read, each with a case number to know them by."""
    readable = Conversation.objects.visible_to(request.actor)
    seen = []
    for namesake in namesakes(person):
        latest = readable.filter(person=namesake).newest_first().first()
        if latest is not None:
            namesake.latest = latest  # type: ignore[attr-defined]  # shown beside the name
            seen.append(namesake)
    return seen
