"""Which kinds of replies need a second person."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.conversations.models import ApprovalTerm
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
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
    check(by, "replies.terms", unit or _root(municipality))
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
    check(by, "replies.terms", term.unit or _root(term.municipality))
    with transaction.atomic():
        if ApprovalTerm.objects.filter(pk=term.pk, active=True).update(active=False):
            record("term.ended", term, by=by, at=at)


def _root(municipality: Municipality) -> Unit | None:
    """What holds for all is decided by who may decide for the whole municipality."""
    return Unit.objects.filter(municipality=municipality, parent=None).order_by("pk").first()
