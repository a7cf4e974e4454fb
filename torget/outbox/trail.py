"""How a delivery goes from one state to another: whoever moves it says from which, and its trail tells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, Func, JSONField, Value

from torget.outbox.models import Delivery
from torget.transitions import transition_rows


def longer_trail(step: dict[str, str]) -> Func:
    """A trail with one step more."""
    return Func(
        F("trail"),
        Value([step], JSONField()),
        template="%(expressions)s",
        arg_joiner=" || ",
        output_field=JSONField(),
    )


def move(
    pk: int,
    origin: Sequence[str],
    state: Delivery.State,
    *,
    at: datetime,
    detail: str,
    attempts: int | None = None,
    **changes: Any,
) -> bool:
    """Move one delivery; with `attempts` only while nobody has begun another attempt since."""
    of = Delivery.objects.filter(pk=pk, state__in=origin)
    of = of if attempts is None else of.filter(attempts=attempts)
    step = {"at": at.isoformat(), "outcome": str(state), "detail": detail[:500]}
    return bool(
        transition_rows(
            of,
            state,
            lease_until=None,
            error=detail[:500],
            trail=longer_trail(step),
            **changes,
        )
    )
