"""The words conversations are sorted by: making, renaming and retiring them, putting them on and taking them off."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from torget.conversations.models import Conversation, Tag
from torget.conversations.rules.state import lock
from torget.design.text import slug
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check, check_everywhere
from torget.people.models import Municipality

MOST_TAGS = 20
MAX_NAME_CHARS = 40


def make_tag(municipality: Municipality, name: str, *, by: Actor, at: datetime) -> Tag:
    """A new tag; making one that was retired takes it into use again.

    Raises:
        NotAllowed: no role that arranges the desk for all.
        Refused: no name, or one that is taken.
    """
    check_everywhere(by, "desk.arrange", municipality)
    name, short = name.strip()[:MAX_NAME_CHARS], slug(name, MAX_NAME_CHARS)
    if by.municipality_id != municipality.pk or not short:
        raise Refused(_("Skriv et navn med bokstaver eller tall."), "no_name")
    with transaction.atomic():
        tag, new = Tag.objects.get_or_create(
            municipality=municipality, slug=short, defaults={"name": name}
        )
        if not new:
            if tag.active:
                raise Refused(_("Merket finnes allerede. Velg et annet navn."), "taken")
            tag.name, tag.active = name, True
            tag.save(update_fields=["name", "active"])
        record("tag.made", tag, by=by, at=at)
    return tag


def change_tag(tag: Tag, name: str, *, active: bool, by: Actor, at: datetime) -> None:
    """Call it something else, retire it or take it into use again; conversations keep it.

    Raises:
        NotAllowed: no role that arranges the desk for all.
        Refused: no name.
    """
    check_everywhere(by, "desk.arrange", tag.municipality)
    name = name.strip()[:40]
    if by.municipality_id != tag.municipality_id or not name:
        raise Refused(_("Skriv et navn med bokstaver eller tall."), "no_name")
    try:
        with transaction.atomic():
            tag.name, tag.active = name, active
            tag.save(update_fields=["name", "active"])
            record("tag.changed", tag, by=by, at=at, active=active)
    except IntegrityError as clash:
        raise Refused(_("Merket finnes allerede. Velg et annet navn."), "taken") from clash


def add_tag(conversation: Conversation, slug: str, *, by: Actor, at: datetime) -> None:
    """Put a tag on; one that is there stays, once.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: no such tag in use, or too many.
    """
    check(by, "conversations.handle", conversation.unit)
    tag = Tag.objects.filter(
        municipality_id=conversation.municipality_id, slug=slug, active=True
    ).first()
    if tag is None:
        raise Refused(_("Velg et merke fra listen."), "no_tag")
    with transaction.atomic():
        row = lock(conversation)
        if slug in row.tags:
            return
        if len(row.tags) >= MOST_TAGS:
            raise Refused(_("Saken har mange nok merker. Ta bort et først."), "too_many")
        row.tags = sorted([*row.tags, slug])
        row.save(update_fields=["tags"])
        record("conversation.tagged", row, by=by, at=at, tag=tag.pk)


def remove_tag(conversation: Conversation, slug: str, *, by: Actor, at: datetime) -> None:
    """Take a tag off, retired or not; one that is not there is no fault.

    Raises:
        NotAllowed: no role for it in the unit.
    """
    check(by, "conversations.handle", conversation.unit)
    with transaction.atomic():
        row = lock(conversation)
        if slug not in row.tags:
            return
        row.tags = [tag for tag in row.tags if tag != slug]
        row.save(update_fields=["tags"])
        tag = Tag.objects.filter(municipality_id=row.municipality_id, slug=slug).first()
        record("conversation.untagged", row, by=by, at=at, tag=tag.pk if tag else None)
