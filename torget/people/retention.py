"""The rule of what is forgotten, as data: each room declares its own in `forgetting.py`, one job does it, the doctor looks.

`docs/privacy.md` holds the same table in words; a test holds the two and the models against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import QuerySet
from django.utils.module_loading import module_has_submodule

BATCH = 500
MOST_BATCHES = 40
GRACE = timedelta(days=2)

Rows = Callable[[datetime], "QuerySet[Any]"]
Forget = Callable[[list[Any], datetime], object]


@dataclass(frozen=True, slots=True)
class Rule:
    """What of one table is forgotten, when, and why.

    Attributes:
        table: its name in the database.
        what: what is in it and goes, in plain words.
        after: how long it is kept, in plain words.
        why: the reason for that time.
        rows: what is to be forgotten at a moment.
        forget: takes the keys of some of them away; deletes the rows when empty.
    """

    table: str
    what: str
    after: str
    why: str
    rows: Rows
    forget: Forget | None = None


def _modules() -> Iterator[Any]:
    for config in apps.get_app_configs():
        if config.name.startswith("torget.") and module_has_submodule(config.module, "forgetting"):
            yield import_module(f"{config.name}.forgetting")


def rules() -> list[Rule]:
    """Every room's rules."""
    return [rule for module in _modules() for rule in module.RULES]


def kept() -> Mapping[str, str]:
    """Tables whose rows stay, and why: every room's own."""
    return {table: why for module in _modules() for table, why in module.KEPT.items()}


def forget(rule: Rule, *, at: datetime) -> int:
    """Forget what a rule says, some hundred rows a transaction and no more than some thousand at a time; how many."""
    gone = 0
    for _batch in range(MOST_BATCHES):
        keys = list(rule.rows(at).values_list("pk", flat=True)[:BATCH])
        if not keys:
            break
        with transaction.atomic():
            if rule.forget is not None:
                rule.forget(keys, at)
            else:
                rule.rows(at).model._default_manager.filter(pk__in=keys).delete()
        gone += len(keys)
    return gone


def forget_all(*, at: datetime) -> dict[str, int]:
    """Forget by every rule; how many rows of each table."""
    return {rule.table: forget(rule, at=at) for rule in rules()}


def overdue(*, at: datetime) -> Iterable[tuple[Rule, int]]:
    """Rules that have not been followed for two days, with how many rows are left."""
    for rule in rules():
        if many := rule.rows(at - GRACE)[: BATCH * 2].count():
            yield rule, many
