"""Counting no further than a page shows."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection

MOST_COUNTED = 100


def count_at_most(rows: dict[str, Any], most: int = MOST_COUNTED) -> dict[str, int]:
    """How many each of several querysets holds, in one statement, none counted further than `most`."""
    parts, values = [], list[Any]()
    for counted in rows.values():
        try:
            text, own = counted.values("pk")[:most].query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
            continue
        parts.append(f"(SELECT count(*) FROM ({text}) counted)")  # noqa: S608 - Django's own statement, values apart
        values += own
    if not parts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        return dict(zip(rows, cursor.fetchone(), strict=True))
