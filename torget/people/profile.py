"""What the municipality says of itself: its name, how to reach it, its colour and its promise."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check_everywhere
from torget.people.models import Municipality
from torget.people.tenancy import forget_hosts

FIELDS = (
    "name",
    "ref_prefix",
    "phone",
    "email",
    "website",
    "colour",
    "default_language",
    "answer_days",
)


def change_profile(
    municipality: Municipality, changes: dict[str, Any], *, by: Actor, at: datetime
) -> list[str]:
    """Change what is given of FIELDS; the names of those that were changed.

    Raises:
        Refused: a colour that is none, or letters before case numbers that are none.
        NotAllowed: no role for the whole municipality.
    """
    check_everywhere(by, "people.administer", municipality)
    wanted = {name: changes[name] for name in FIELDS if name in changes}
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", wanted.get("colour", municipality.colour)):
        raise Refused(_("Skriv fargen som # og seks tegn, for eksempel #0062ba."), "colour")
    if not re.fullmatch(r"[A-Z]{1,4}", wanted.get("ref_prefix", municipality.ref_prefix)):
        raise Refused(_("Bokstavene foran saksnummeret må være én til fire av A til Z."), "prefix")
    with transaction.atomic():
        row = Municipality.objects.select_for_update().get(pk=municipality.pk)
        changed = [name for name in wanted if wanted[name] != getattr(row, name)]
        if changed:
            for name in changed:
                setattr(row, name, wanted[name])
            row.save(update_fields=changed)
            record("municipality.changed", row, by=by, at=at, fields=changed)
    forget_hosts()
    return changed


def open_square(municipality: Municipality, *, by: Actor, at: datetime) -> None:
    """From now on the square answers residents. Doing it again changes nothing.

    Raises:
        NotAllowed: no role for the whole municipality.
    """
    check_everywhere(by, "people.administer", municipality)
    with transaction.atomic():
        if Municipality.objects.filter(pk=municipality.pk, opened_at=None).update(opened_at=at):
            record("municipality.opened", municipality, by=by, at=at)
    forget_hosts()
