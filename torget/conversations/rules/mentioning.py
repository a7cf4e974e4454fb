"""Naming colleagues in a note: @Per, @"Per Haugland", @teknisk-drift. A mention never gives reading rights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from torget.conversations.models import Conversation, Mention, Message
from torget.errors import Refused
from torget.people.actor import Actor
from torget.people.models import RoleGrant, Staff, Unit
from torget.rooms import acts

_NAMED = re.compile(r"(?<![\w@.])@(?:\"([^\"\n]{1,80})\"|([\w-]{1,80}))")


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a text names: who will be told (with the unit they were named through), and who may not read here."""

    colleagues: dict[Staff, Unit | None] = field(default_factory=dict)
    outside: list[Staff | Unit] = field(default_factory=list)


def readers(conversation: Conversation) -> list[Staff]:
    """Everybody active who may read the conversation."""
    roles = acts()["conversations.read"].roles
    grants = RoleGrant.objects.filter(
        staff__municipality=conversation.municipality_id,
        staff__active=True,
        ended_at=None,
        role__in=roles,
    ).select_related("staff__unit", "unit")
    return list(
        {
            grant.staff_id: grant.staff
            for grant in grants
            if conversation.unit.path.startswith(grant.unit.path)
        }.values()
    )


def named(conversation: Conversation, text: str) -> Named:
    """Whom the text names. Words after an @ that name nobody are only words.

    Raises:
        Refused: a first name that several colleagues have.
    """
    words = {(quoted or plain).strip().lower() for quoted, plain in _NAMED.findall(text)}
    if not words:
        return Named()
    staff = list(
        Staff.objects.filter(municipality=conversation.municipality_id, active=True).select_related(
            "unit"
        )
    )
    units = list(Unit.objects.filter(municipality=conversation.municipality_id, active=True))
    may_read = {staff_member.pk for staff_member in readers(conversation)}
    named_here = Named()
    for word in sorted(words):
        if person := _person(word, staff):
            if person.pk in may_read:
                named_here.colleagues[person] = None
            else:
                named_here.outside.append(person)
        elif unit := _unit(word, units):
            there = [
                colleague
                for colleague in staff
                if colleague.pk in may_read and colleague.unit.path.startswith(unit.path)
            ]
            for colleague in there:
                named_here.colleagues.setdefault(colleague, unit)
            if not there:
                named_here.outside.append(unit)
    return named_here


def _person(word: str, staff: Sequence[Staff]) -> Staff | None:
    whole = [colleague for colleague in staff if colleague.display_name.lower() == word]
    hits = whole or [colleague for colleague in staff if colleague.first_name.lower() == word]
    if len(hits) > 1:
        raise Refused(
            _('Flere kolleger heter %(name)s. Skriv hele navnet slik: @"%(whole)s"')
            % {"name": hits[0].first_name, "whole": hits[0].display_name},
            "ambiguous_name",
        )
    return hits[0] if hits else None


def _unit(word: str, units: Sequence[Unit]) -> Unit | None:
    return next((unit for unit in units if word in {unit.slug, unit.name.lower()}), None)


def suggestions(conversation: Conversation, query: str, *, limit: int) -> list[dict[str, str]]:
    """Those one may name there whose name begins with the words: {"name", "about", "insert"}; colleagues, then units."""
    rows = [
        {
            "name": colleague.display_name,
            "about": colleague.unit.local_name,
            "insert": f'@"{colleague.display_name}"',
        }
        for colleague in sorted(readers(conversation), key=lambda colleague: colleague.display_name)
        if any(
            part.startswith(query)
            for part in (colleague.display_name.lower(), colleague.last_name.lower())
        )
    ]
    rows += [
        {"name": unit.local_name, "about": _("Enhet"), "insert": f"@{unit.slug}"}
        for unit in Unit.objects.filter(municipality=conversation.municipality_id, active=True)
        if unit.slug.startswith(query) or unit.local_name.lower().startswith(query)
    ]
    return rows[:limit]


def mention(note: Message, conversation: Conversation, *, by: Actor) -> None:
    """Keep whom a note names, in the caller's transaction; the writer is not told of themselves.

    Raises:
        Refused: as `named`.
    """
    Mention.objects.bulk_create(
        [
            Mention(message=note, staff=staff, unit=unit)
            for staff, unit in named(conversation, note.body).colleagues.items()
            if staff.pk != by.id
        ]
    )


def unseen(*, by: Actor) -> QuerySet[Mention]:
    """Where one was named and has not looked, newest first; only what one may (still) read."""
    return (
        Mention.objects.filter(
            staff=by.id,
            seen_at=None,
            message__conversation__in=Conversation.objects.visible_to(by),
        )
        .select_related("message__conversation__unit", "message__staff", "unit")
        .order_by("-message__created_at", "-pk")
    )


def see(conversation: Conversation, *, by: Actor, at: datetime) -> int:
    """One has opened the conversation: what one was named in there is seen. How many."""
    return Mention.objects.filter(
        staff=by.id, seen_at=None, message__conversation=conversation
    ).update(seen_at=at)
