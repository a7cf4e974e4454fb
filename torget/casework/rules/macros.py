"""Macros: several acts under one name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.casework.models import Macro
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check_everywhere
from torget.people.models import Municipality


def save_macro(
    macro: Macro | None,
    municipality: Municipality,
    *,
    name: str,
    actions: Sequence[dict[str, str]],
    active: bool = True,
    by: Actor,
    at: datetime,
) -> Macro:
    """Several acts under one name, new or changed.

    Raises:
        NotAllowed: no role that arranges the desk for all.
        Refused: no name, or nothing to do.
    """
    check_everywhere(by, "desk.arrange", municipality)
    if by.municipality_id != municipality.pk or not name.strip() or not actions:
        raise Refused(_("Gi makroen et navn og minst én handling."), "incomplete")
    with transaction.atomic():
        row = macro or Macro(municipality=municipality)
        row.name, row.actions, row.active = name.strip()[:120], list(actions), active
        row.save()
        record("macro.saved", row, by=by, at=at, active=active)
    return row
