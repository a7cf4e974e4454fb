"""Which kinds of replies need a second person."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.conversations.models import ApprovalTerm
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check, check_everywhere
from torget.people.models import Municipality, Unit


def demand(
    municipality: Municipality,
    name: str,
    *,
    by: Actor,
    at: datetime,
    unit: Unit | None = None,
    visibility: str = "",
    network: str = "",
    tag: str = "",
) -> ApprovalTerm:
    """From now on replies of this kind wait for a second person. Empty conditions hold for all.

    Raises:
        NotAllowed: no role for it there.
        Refused: a unit elsewhere.
    """
    _check(by, unit, municipality)
    if unit is not None and unit.municipality_id != municipality.pk:
        raise Refused(_("Velg en enhet i kommunen."), "stranger")
    with transaction.atomic():
        term = ApprovalTerm.objects.create(
            municipality=municipality,
            name=name.strip(),
            unit=unit,
            visibility=visibility,
            network=network,
            tag=tag,
        )
        record("term.added", term, by=by, at=at)
    return term


def end(term: ApprovalTerm, *, by: Actor, at: datetime) -> None:
    """Replies of this kind no longer wait; those that wait already still do.

    Raises:
        NotAllowed: no role for it there.
    """
    _check(by, term.unit, term.municipality)
    with transaction.atomic():
        if ApprovalTerm.objects.filter(pk=term.pk, active=True).update(active=False):
            record("term.ended", term, by=by, at=at)


def _check(by: Actor, unit: Unit | None, municipality: Municipality) -> None:
    if unit is not None:
        check(by, "replies.terms", unit)
    else:
        check_everywhere(by, "replies.terms", municipality)
