"""What a municipality decided about its limits, and how often each was met."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check_everywhere
from torget.people.limits.declared import BY_NAME, LIMITS, Limit
from torget.people.models import LimitFigure, LimitValue, Municipality

REMEMBER_SECONDS = 5.0
WEEK = timedelta(days=7)

_values: dict[int, tuple[float, dict[str, int]]] = {}


@dataclass(frozen=True, slots=True)
class Figures:
    """One limit on the page of them: its value, and how many were slowed and refused."""

    limit: Limit
    value: int
    today: tuple[int, int]
    week: tuple[int, int]


def value_of(name: str, municipality: Municipality | None) -> int:
    """The value that holds; remembered for a few seconds, for it is asked for with every form."""
    if municipality is None:
        return BY_NAME[name].value
    known = _values.get(municipality.pk)
    if known is None or known[0] < time.monotonic():
        rows = LimitValue.objects.filter(municipality=municipality).values_list("name", "value")
        known = (time.monotonic() + REMEMBER_SECONDS, dict(rows))
        _values[municipality.pk] = known
    return known[1].get(name, BY_NAME[name].value)


def forget_values() -> None:
    """Ask the database again at once; for tests and after a change."""
    _values.clear()


def set_value(
    municipality: Municipality, name: str, value: int, *, by: Actor, at: datetime
) -> None:
    """Change a limit within its bounds.

    Raises:
        NotAllowed: no role for it in the whole municipality.
        Refused: outside the bounds.
    """
    check_everywhere(by, "people.administer", municipality)
    limit = BY_NAME[name]
    if not limit.least <= value <= limit.most:
        raise Refused(
            _("Skriv et tall fra %(least)s til %(most)s.")
            % {"least": limit.least, "most": limit.most},
            "out_of_bounds",
        )
    before = value_of(name, municipality)
    if value == before:
        return
    with transaction.atomic():
        row, _new = LimitValue.objects.update_or_create(
            municipality=municipality, name=name, defaults={"value": value, "changed_at": at}
        )
        record("limit.changed", row, by=by, at=at, limit=name, before=before, after=value)
    transaction.on_commit(forget_values)


def note_met(name: str, municipality: Municipality | None, *, refused: bool, at: datetime) -> None:
    """Count that a limit was met, for the page of them."""
    if municipality is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO people_limitfigure AS f (municipality_id, name, "on", slowed, refused)'
            ' VALUES (%s, %s, %s, %s, %s) ON CONFLICT (municipality_id, name, "on") DO UPDATE'
            " SET slowed = f.slowed + excluded.slowed, refused = f.refused + excluded.refused",
            [municipality.pk, name, timezone.localdate(at), int(not refused), int(refused)],
        )


def figures(municipality: Municipality, *, at: datetime) -> list[Figures]:
    """Every limit with its value, and how many it slowed and refused today and in the last seven days."""
    today = timezone.localdate(at)
    rows = (
        LimitFigure.objects.filter(municipality=municipality, on__gt=today - WEEK)
        .values("name")
        .annotate(
            slowed_week=Sum("slowed"),
            refused_week=Sum("refused"),
            slowed_today=Sum("slowed", filter=Q(on=today), default=0),
            refused_today=Sum("refused", filter=Q(on=today), default=0),
        )
    )
    met = {row["name"]: row for row in rows}
    return [
        Figures(
            limit,
            value_of(limit.name, municipality),
            (row["slowed_today"], row["refused_today"]) if row else (0, 0),
            (row["slowed_week"], row["refused_week"]) if row else (0, 0),
        )
        for limit in LIMITS
        for row in [met.get(limit.name)]
    ]
