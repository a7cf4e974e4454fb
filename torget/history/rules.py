"""Writing history: one call, in the transaction of the change it tells of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol

from django.db import models, transaction

from torget.history.models import Entry
from torget.rooms import verbs


class Who(Protocol):
    """Somebody who acts, as history needs to know them."""

    @property
    def kind(self) -> str:
        """The kind: "staff", "resident" or "system"."""
        ...

    @property
    def id(self) -> int | None:
        """Row id of the member of staff or person; None for the system and the anonymous."""
        ...

    @property
    def municipality_id(self) -> int | None:
        """The municipality acted in."""
        ...


_WHY: ContextVar[Mapping[str, Any]] = ContextVar("why", default=MappingProxyType({}))


_public_changes: ContextVar[list[bool] | None] = ContextVar("public_changes", default=None)


@contextmanager
def watched() -> Iterator[list[bool]]:
    """What is recorded within: the list holds something afterwards when a page everybody reads may look otherwise."""
    noted: list[bool] = []
    token = _public_changes.set(noted)
    try:
        yield noted
    finally:
        _public_changes.reset(token)


def _note_public_change() -> None:
    if (noted := _public_changes.get()) is not None:
        noted.append(True)


@contextmanager
def because(**why: Any) -> Iterator[None]:
    """Everything recorded within also tells why: which rule, macro or batch it was part of (ids only)."""
    token = _WHY.set({**_WHY.get(), **why})
    try:
        yield
    finally:
        _WHY.reset(token)


def first_at(verb: str, subject: models.Model) -> datetime | None:
    """When something was first done to the subject; None: never."""
    rows = Entry.objects.filter(
        verb=verb, subject_type=subject._meta.label_lower, subject_id=subject.pk
    )
    first = rows.order_by("pk").first()
    return first.at if first else None


def record(verb: str, subject: models.Model, *, by: Who, at: datetime, **data: Any) -> Entry:
    """Write that `by` did `verb` to `subject` at `at`; `data` holds ids, codes and numbers only.

    Must be called inside the transaction of the change: history that can be lost is no history. `private=True` says
    that nothing of it is read by everybody, though the verb's other changes are.

    Raises:
        TransactionManagementError: no transaction is open.
        LookupError: no room's manifest has the verb.
    """
    if (known := verbs().get(verb)) is None:
        raise LookupError(f"No room's manifest has the verb {verb!r}.")
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "history.record outside the change's transaction"
        )
    if known.public and not data.get("private"):
        _note_public_change()
    return Entry.objects.create(
        at=at,
        municipality_id=by.municipality_id,
        actor_kind=by.kind,
        actor_id=by.id,
        verb=verb,
        subject_type=subject._meta.label_lower,
        subject_id=subject.pk,
        data={**data, **_WHY.get()},
    )
