"""How rows go from one state to another: by the table of their model (`MOVES`), and by nothing else.

The only writer of a state. Statements of SQL that claim or settle many at once name the state they move from themselves;
tests/test_transitions.py holds them against the same table.
"""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models
from django.utils.translation import gettext as _

from torget.errors import Stale

Row = TypeVar("Row", bound=models.Model)


def origins(model: type[models.Model], to: str) -> list[str]:
    """The states a row of the model may come from to reach `to`."""
    moves: dict[str, set[str]] = model.MOVES  # type: ignore[attr-defined]  # every model with states has it
    return [str(state) for state, targets in moves.items() if to in targets]


def transition(row: models.Model, to: str) -> None:
    """Change the state of a row that is locked; staying is no move. Not saved.

    Raises:
        Stale: the table has no such move.
    """
    state = str(row.state)  # type: ignore[attr-defined]  # every model with states has it
    if state != to and state not in origins(type(row), to):
        raise Stale(_("Saken er i en annen tilstand nå. Last siden på nytt."))
    row.state = to  # type: ignore[attr-defined]  # as above


def set_back(row: models.Model, to: str) -> None:
    """Undo: the state the row had before something that is now undone, wherever it has come since. Not saved."""
    row.state = type(row).State(to)  # type: ignore[attr-defined]  # as above


def transition_rows(rows: models.QuerySet[Row], to: str, **changes: Any) -> int:
    """Change the state of all of these that may go there, with other columns, in one statement; how many went.

    Whoever moves rows nobody has locked names in the queryset the state they are believed to be in.
    """
    return rows.filter(state__in=origins(rows.model, to)).update(state=to, **changes)
