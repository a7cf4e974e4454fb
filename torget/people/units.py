"""The municipality's parts: a tree that is added to, renamed and moved, and when each is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext as _

from torget.design.text import slug
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check, check_everywhere
from torget.people.models import ClosedDay, Municipality, OpeningHours, Unit
from torget.people.rules import add_unit

MAX_SLUG_CHARS = 40
FIELDS = ("name", "name_nn", "name_en", "receives", "keywords")
Span = tuple[int, time, time]


def open_unit(
    municipality: Municipality, parent: Unit, values: dict[str, Any], *, by: Actor, at: datetime
) -> Unit:
    """A new unit below another, with what is given of FIELDS.

    Raises:
        Refused: a unit of that name is there.
        NotAllowed: the parent is not theirs to arrange.
    """
    check(by, "people.administer", parent)
    short = slug(values["name"], MAX_SLUG_CHARS) or "enhet"
    if Unit.objects.filter(municipality=municipality, slug=short).exists():
        raise Refused(_("En enhet heter det allerede. Velg et annet navn."), "taken")
    fields = {name: values[name] for name in FIELDS if name in values and name != "name"}
    with transaction.atomic():
        unit = add_unit(municipality, name=values["name"], slug=short, parent=parent, **fields)
        record("unit.opened", unit, by=by, at=at, parent=parent.pk)
    return unit


def change_unit(unit: Unit, values: dict[str, Any], *, by: Actor, at: datetime) -> list[str]:
    """Change what is given of FIELDS; the names of those that were changed. Its address stays, so that links hold.

    Raises:
        NotAllowed: not theirs to arrange.
    """
    check(by, "people.administer", unit)
    changed = [name for name in FIELDS if name in values and values[name] != getattr(unit, name)]
    if changed:
        for name in changed:
            setattr(unit, name, values[name])
        with transaction.atomic():
            unit.save(update_fields=changed)
            record("unit.changed", unit, by=by, at=at, fields=changed)
    return changed


def move_unit(unit: Unit, parent: Unit, *, by: Actor, at: datetime) -> None:
    """Put a unit, and all below it, below another. Roles given above it hold for it from now on.

    Raises:
        Refused: it is the top, or would come below itself.
        NotAllowed: one of the two is not theirs to arrange.
    """
    check(by, "people.administer", unit)
    check(by, "people.administer", parent)
    with transaction.atomic():
        # Two moves at once could each put one below the other.
        Municipality.objects.select_for_update().get(pk=unit.municipality_id)
        unit.refresh_from_db()
        parent.refresh_from_db()
        if unit.parent_id is None:
            raise Refused(_("Den øverste enheten kan ikke flyttes."), "top")
        if parent.path.startswith(unit.path):
            raise Refused(
                _("En enhet kan ikke ligge under seg selv. Velg en annen."), "below_itself"
            )
        before, after = unit.path, f"{parent.path}{unit.pk}/"
        if unit.parent_id == parent.pk:
            return
        Unit.objects.filter(municipality_id=unit.municipality_id, path__startswith=before).update(
            path=Concat(Value(after), Substr(F("path"), len(before) + 1))
        )
        Unit.objects.filter(pk=unit.pk).update(parent=parent)
        record("unit.moved", unit, by=by, at=at, parent=parent.pk, before=unit.parent_id)


def make_front(unit: Unit, *, by: Actor, at: datetime) -> None:
    """From now on this unit takes what nobody else was meant to.

    Raises:
        Refused: it is closed, or takes no questions.
        NotAllowed: no role for the whole municipality.
    """
    municipality = unit.municipality
    check_everywhere(by, "people.administer", municipality)
    if not (unit.active and unit.receives):
        raise Refused(_("Enheten må være åpen og ta imot spørsmål."), "not_open")
    with transaction.atomic():
        Municipality.objects.select_for_update().get(pk=municipality.pk)
        Unit.objects.filter(municipality=municipality, is_front=True).update(is_front=False)
        Unit.objects.filter(pk=unit.pk).update(is_front=True)
        record("unit.made_front", unit, by=by, at=at)


def set_hours(unit: Unit, spans: Sequence[Span], *, by: Actor, at: datetime) -> None:
    """When a unit is open, by weekday (Monday is 0). Without any it follows the unit above it.

    Raises:
        Refused: one closes before it opens, or two of a day overlap.
        NotAllowed: not theirs to arrange.
    """
    check(by, "people.administer", unit)
    ordered = sorted(spans)
    for _weekday, opens, closes in ordered:
        if closes <= opens:
            raise Refused(
                _("En dag må stenge etter at den åpner. Rett klokkeslettene."), "backwards"
            )
    for (day, _opens, closes), (next_day, opens, _closes) in pairwise(ordered):
        if day == next_day and opens < closes:
            raise Refused(_("To åpningstider samme dag går over i hverandre. Rett dem."), "overlap")
    with transaction.atomic():
        OpeningHours.objects.filter(unit=unit).delete()
        OpeningHours.objects.bulk_create(
            OpeningHours(unit=unit, weekday=weekday, opens=opens, closes=closes)
            for weekday, opens, closes in ordered
        )
        record("unit.hours_set", unit, by=by, at=at, spans=len(ordered))


def close_on(unit: Unit, on: date, reason: str, *, by: Actor, at: datetime) -> ClosedDay:
    """A day the unit is closed beyond the public holidays, with what residents are told.

    Raises:
        Refused: it is past, or closed already.
        NotAllowed: not theirs to arrange.
    """
    check(by, "people.administer", unit)
    if on < at.date():
        raise Refused(_("Dagen er over. Velg en som kommer."), "past")
    try:
        with transaction.atomic():
            day = ClosedDay.objects.create(unit=unit, on=on, reason=reason)
            record("unit.day_closed", unit, by=by, at=at, on=on.isoformat())
    except IntegrityError as clash:
        raise Refused(_("Den dagen er allerede stengt."), "closed") from clash
    return day


def open_again(day: ClosedDay, *, by: Actor, at: datetime) -> None:
    """Take back a closed day.

    Raises:
        NotAllowed: not theirs to arrange.
    """
    check(by, "people.administer", day.unit)
    with transaction.atomic():
        record("unit.day_opened", day.unit, by=by, at=at, on=day.on.isoformat())
        day.delete()
