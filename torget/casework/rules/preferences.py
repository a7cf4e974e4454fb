"""How one wants the desk: preferences and saved views."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.casework.models import Preference, SavedView
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Municipality, Unit

MOST_VIEWS = 30


def set_preference(
    *, shortcuts: bool, undo_seconds: int, most_open: int, by: Actor, at: datetime
) -> Preference:
    """How one wants the desk oneself.

    Raises:
        Refused: nobody on the staff.
    """
    if by.staff is None:
        raise Refused(_("Bare ansatte kan gjøre dette."), "no_staff")
    with transaction.atomic():
        row, _new = Preference.objects.update_or_create(
            staff=by.staff,
            defaults={
                "shortcuts": shortcuts,
                "undo_seconds": undo_seconds,
                "most_open": most_open,
            },
        )
        record("preference.set", row, by=by, at=at, shortcuts=shortcuts, most=most_open)
    return row


def save_view(
    municipality: Municipality,
    name: str,
    query: str,
    *,
    unit: Unit | None = None,
    by: Actor,
    at: datetime,
) -> SavedView:
    """Keep a choice of filters under a name, for oneself or for everybody in a unit.

    Raises:
        NotAllowed: sharing in a unit where one does not handle conversations.
        Refused: no name, or too many.
    """
    if by.staff is None or by.municipality_id != municipality.pk:
        raise Refused(_("Bare ansatte kan gjøre dette."), "no_staff")
    name = name.strip()[:60]
    if not name:
        raise Refused(_("Gi visningen et navn."), "no_name")
    if unit is not None:
        check(by, "conversations.handle", unit)
    owner = {"unit": unit, "staff": None} if unit else {"staff": by.staff, "unit": None}
    with transaction.atomic():
        if SavedView.objects.filter(municipality=municipality, **owner).count() >= MOST_VIEWS:
            raise Refused(_("Du har mange nok visninger. Ta bort en først."), "too_many")
        row = SavedView.objects.create(
            municipality=municipality, name=name, query=query[:500], created_at=at, **owner
        )
        record("view.saved", row, by=by, at=at, unit=unit.pk if unit else None)
    return row


def drop_view(view: SavedView, *, by: Actor, at: datetime) -> None:
    """Take a saved view away: one's own, or a unit's where one handles conversations.

    Raises:
        NotAllowed: a unit's where one has no role.
        Refused: somebody else's.
    """
    if view.unit is not None:
        check(by, "conversations.handle", view.unit)
    elif view.staff_id != by.id:
        raise Refused(_("Visningen er en annens."), "not_yours")
    with transaction.atomic():
        record("view.dropped", view, by=by, at=at)
        view.delete()
