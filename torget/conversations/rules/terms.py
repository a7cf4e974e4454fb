"""Deciding how soon we answer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.conversations import deadlines
from torget.conversations.models import Deadline
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check, check_everywhere
from torget.people.models import Municipality, Unit
from torget.rooms import kinds

MOST = {
    Deadline.Measure.OPEN_HOURS: 400,
    Deadline.Measure.OPEN_DAYS: 130,
    Deadline.Measure.DAYS: 366,
    Deadline.Measure.MONTHS: 12,
}
MOST_WARN_HOURS = 14 * 24


def set_deadline(
    municipality: Municipality,
    what: str,
    *,
    amount: int,
    measure: str,
    warn_hours: int,
    unit: Unit | None = None,
    kind: str = "",
    network: str = "",
    by: Actor,
    at: datetime,
) -> Deadline:
    """Decide a deadline, or change the one decided for the same unit, kind and channel. 0 means none.

    Those who wait already are reckoned anew by the caller (`deadlines.reckon_all`), which may take a while.

    Raises:
        NotAllowed: no role that arranges the desk in the unit; for all when none is named.
        Refused: another municipality's unit, or longer than anybody can be asked to wait.
    """
    _check(by, unit, municipality)
    if by.municipality_id != municipality.pk or (unit and unit.municipality_id != municipality.pk):
        raise Refused(_("Velg en enhet i kommunen."), "stranger")
    if amount > MOST[Deadline.Measure(measure)]:
        raise Refused(
            _("Fristen er for lang. Velg høyst %(most)s.")
            % {"most": MOST[Deadline.Measure(measure)]},
            "too_long",
        )
    if warn_hours > MOST_WARN_HOURS:
        raise Refused(_("Varsle høyst 336 timer (to uker) før."), "too_early")
    if kind and kind not in kinds():
        raise Refused(_("Velg hva slags sak det gjelder."), "kind")
    with transaction.atomic():
        row, _new = Deadline.objects.update_or_create(
            municipality=municipality,
            what=what,
            unit=unit,
            kind=kind,
            network=network,
            defaults={"amount": amount, "measure": measure, "warn_hours": warn_hours},
        )
        record("deadline.set", row, by=by, at=at, what=what, amount=amount, measure=measure)
    deadlines.forget()
    return row


def _check(by: Actor, unit: Unit | None, municipality: Municipality) -> None:
    if unit is not None:
        check(by, "desk.arrange", unit)
    else:
        check_everywhere(by, "desk.arrange", municipality)


def drop_deadline(row: Deadline, *, by: Actor, at: datetime) -> None:
    """Take a decided deadline away; the more general one, or the default, holds again.

    Raises:
        NotAllowed: no role that arranges the desk in the unit; for all when none is named.
    """
    _check(by, row.unit, row.municipality)
    if by.municipality_id != row.municipality_id:
        raise Refused(_("Velg en enhet i kommunen."), "stranger")
    with transaction.atomic():
        record("deadline.dropped", row, by=by, at=at, what=row.what)
        row.delete()
    deadlines.forget()
