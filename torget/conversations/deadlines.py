"""How soon we must have answered: reckoned in opening hours, working days, days or months; kept on the conversation."""

from __future__ import annotations

import time as clock
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db import transaction
from django.db.models import F, Q

from torget.channels.registry import adapters, capabilities
from torget.conversations.models import Conversation, Deadline
from torget.history.rules import record
from torget.people.actor import Actor
from torget.people.hours import OSLO, Hours
from torget.people.models import Municipality, Unit
from torget.rooms import kind, kinds_that

What, Measure = Deadline.What, Deadline.Measure
FIELDS = {
    What.FIRST_ANSWER: "first_due_at",
    What.PRELIMINARY: "preliminary_due_at",
    What.ANSWER: "answer_due_at",
}
ANSWER_OPEN_DAYS = 10
LONGEST_WARNING = timedelta(days=14)
REMEMBER_SECONDS = 5.0
CHUNK = 500

_terms: dict[int, tuple[float, Terms]] = {}


@dataclass(frozen=True, slots=True)
class Dues:
    """When each thing must have happened; None where nothing was promised."""

    first_due_at: datetime | None
    preliminary_due_at: datetime | None
    answer_due_at: datetime | None

    def put_on(self, row: Conversation) -> None:
        """Write them on the row; the nearest follows by itself (a generated column)."""
        row.first_due_at = self.first_due_at
        row.preliminary_due_at = self.preliminary_due_at
        row.answer_due_at = self.answer_due_at

    def as_fields(self) -> dict[str, datetime | None]:
        """By field name, for an update."""
        return {name: getattr(self, name) for name in FIELDS.values()}


def defaults(municipality: Municipality) -> list[Deadline]:
    """What holds until somebody decides otherwise.

    The first answer within what the square promises; a preliminary reply within a month to questions
    (forvaltningsloven § 11 a); an answer within two working weeks.
    """
    return [
        Deadline(
            municipality=municipality,
            what=What.FIRST_ANSWER,
            amount=municipality.answer_days,
            measure=Measure.OPEN_DAYS,
        ),
        *(
            Deadline(
                municipality=municipality,
                what=What.PRELIMINARY,
                kind=name,
                amount=1,
                measure=Measure.MONTHS,
                warn_hours=72,
            )
            for name in kinds_that("preliminary")
        ),
        *(
            Deadline(
                municipality=municipality,
                what=What.ANSWER,
                kind=name,
                amount=kind(name).answer_days,
                measure=Measure.OPEN_DAYS,
                warn_hours=24,
            )
            for name in kinds_that("answer_days")
        ),
        Deadline(
            municipality=municipality,
            what=What.ANSWER,
            amount=ANSWER_OPEN_DAYS,
            measure=Measure.OPEN_DAYS,
            warn_hours=24,
        ),
    ]


def add_months(at: datetime, months: int) -> datetime:
    """The end of the same day of the month that many months on; the month's last day when it has no such day."""
    local = at.astimezone(OSLO)
    years, month = divmod(local.month - 1 + months, 12)
    first_after = datetime(local.year + years + (month + 1) // 12, (month + 1) % 12 + 1, 1)  # noqa: DTZ001 - a date only
    last_day = (first_after - timedelta(days=1)).day
    day = local.date().replace(
        year=local.year + years, month=month + 1, day=min(local.day, last_day)
    )
    return datetime.combine(day, time(23, 59), OSLO)


class Terms:
    """The deadlines of one municipality, read once and asked many times."""

    def __init__(self, municipality: Municipality) -> None:
        own = list(Deadline.objects.filter(municipality=municipality))
        self.rows = [*own, *defaults(municipality)]
        self._own = len(own)
        units = Unit.objects.filter(municipality=municipality).select_related("parent__parent")
        self._units = {unit.pk: unit for unit in units.prefetch_related("opening_hours")}
        self._hours: dict[int, Hours] = {}

    def pick(self, what: str, unit_id: int, kind: str, network: str) -> Deadline | None:
        """The most particular row: unit before kind before channel; a unit's row holds below it; own before default."""
        unit = self._units.get(unit_id)
        path = unit.path if unit else ""

        def fits(row: Deadline) -> bool:
            of = self._units.get(row.unit_id or 0)
            return (
                row.what == what
                and row.kind in {"", kind}
                and row.network in {"", network}
                and (of is None or path.startswith(of.path))
            )

        def rank(numbered: tuple[int, Deadline]) -> tuple[bool, int, bool, bool]:
            number, row = numbered
            of = self._units.get(row.unit_id or 0)
            return number < self._own, len(of.path) if of else 0, bool(row.kind), bool(row.network)

        fitting = [(number, row) for number, row in enumerate(self.rows) if fits(row)]
        return max(fitting, key=rank)[1] if fitting else None

    def hours(self, unit_id: int) -> Hours:
        """The opening hours of a unit; ordinary office hours when none are known."""
        if unit_id not in self._hours:
            unit = self._units.get(unit_id)
            hours = Hours(unit) if unit else Hours.office()
            self._hours[unit_id] = hours if hours.known else Hours.office()
        return self._hours[unit_id]

    def end(self, row: Deadline, unit_id: int, since: datetime) -> datetime | None:
        """When a deadline that began at `since` ends; None for "no deadline"."""
        if not row.amount:
            return None
        if row.measure == Measure.OPEN_HOURS:
            return self.hours(unit_id).add_open_hours(since, row.amount)
        if row.measure == Measure.OPEN_DAYS:
            return self.hours(unit_id).add_open_days(since, row.amount)
        if row.measure == Measure.MONTHS:
            return add_months(since, row.amount)
        day = since.astimezone(OSLO).date() + timedelta(days=row.amount)
        return datetime.combine(day, time(23, 59), OSLO)

    def dues(self, unit_id: int, kind: str, network: str, since: datetime | None) -> Dues:
        """All deadlines of a conversation that has waited since then."""
        if since is None:
            return Dues(None, None, None)
        ends: dict[str, datetime | None] = {}
        for what, name in FIELDS.items():
            row = self.pick(what, unit_id, kind, network)
            # Where nobody can be answered (a feed we watch) nothing is promised, unless for that channel itself.
            promised = row is not None and (row.network or _can_answer(network))
            ends[name] = self.end(row, unit_id, since) if row and promised else None
        return Dues(**ends)

    def warn_at(self, row: Conversation) -> datetime | None:
        """When somebody must be told that the nearest deadline is about to break."""
        for what, name in FIELDS.items():
            if row.due_at is not None and getattr(row, name) == row.due_at:
                term = self.pick(what, row.unit_id, row.kind, row.network)
                due: datetime = row.due_at
                return due - timedelta(hours=term.warn_hours if term else 0)
        return None


def _can_answer(network: str) -> bool:
    if network not in adapters():
        return True
    can = capabilities(network)
    return can.reply or can.private_reply or can.by_page


def terms_of(municipality: Municipality) -> Terms:
    """The deadlines of a municipality; remembered for a few seconds, for the filing of many."""
    known = _terms.get(municipality.pk)
    if known and known[0] > clock.monotonic():
        return known[1]
    terms = Terms(municipality)
    _terms[municipality.pk] = (clock.monotonic() + REMEMBER_SECONDS, terms)
    return terms


def forget() -> None:
    """Read them anew; after a change."""
    _terms.clear()


def dues(row: Conversation, since: datetime | None) -> Dues:
    """The deadlines of a conversation that waits since then, where it is now."""
    return terms_of(row.municipality).dues(row.unit_id, row.kind, row.network, since)


def _reckoned(rows: Iterable[Conversation], terms: Terms) -> list[Conversation]:
    changed: list[Conversation] = []
    for row in rows:
        due = terms.dues(row.unit_id, row.kind, row.network, row.waiting_since)
        if due != Dues(row.first_due_at, row.preliminary_due_at, row.answer_due_at):
            due.put_on(row)
            changed.append(row)
    return changed


def reckon_all(municipality: Municipality) -> int:
    """Reckon anew for everyone who waits, in chunks: after a change of deadlines or hours. How many were changed."""
    forget()
    terms, last, count = terms_of(municipality), 0, 0
    while True:
        with transaction.atomic():
            rows = list(
                Conversation.objects.select_for_update()
                .filter(
                    municipality=municipality,
                    pk__gt=last,
                    state__in=Conversation.UNSETTLED,
                    waiting_since__isnull=False,
                )
                .order_by("pk")[:CHUNK]
            )
            changed = _reckoned(rows, terms)
            Conversation.objects.bulk_update(changed, list(FIELDS.values()))
        count += len(changed)
        if len(rows) < CHUNK:
            return count
        last = rows[-1].pk


def watch(*, at: datetime) -> tuple[int, int]:
    """Warn of deadlines about to break and put on record those that did; once for each. How many of both."""
    warned = breached = 0
    near = Conversation.objects.filter(due_at__lte=at + LONGEST_WARNING)
    unwarned = near.filter(Q(warned_of=None) | ~Q(warned_of=F("due_at")))
    broken = near.filter(due_at__lte=at).filter(Q(breached_of=None) | ~Q(breached_of=F("due_at")))
    last = 0
    while rows := list(
        (unwarned | broken)
        .filter(pk__gt=last)
        .select_related("municipality")
        .order_by("pk")[:CHUNK]
    ):
        last = rows[-1].pk
        late = [row.pk for row in rows if row.due_at and row.due_at <= at]
        soon = [row.pk for row in rows if row.pk not in set(late) and _is_near(row, at)]
        breached += _tell("conversation.breached", broken.filter(pk__in=late), at=at)
        warned += _tell("conversation.warned", unwarned.filter(pk__in=soon), at=at)
    return warned, breached


def _is_near(row: Conversation, at: datetime) -> bool:
    warn_at = terms_of(row.municipality).warn_at(row)
    return warn_at is not None and warn_at <= at


def _tell(verb: str, rows: Iterable[Conversation], *, at: datetime) -> int:
    with transaction.atomic():
        locked = list(rows.select_for_update(of=("self",)))  # type: ignore[attr-defined]  # a queryset
        for row in locked:
            record(
                verb,
                row,
                by=Actor.system(row.municipality_id),
                at=at,
                what=_what(row),
                to=row.assignee_id,
            )
        rows_told = Conversation.objects.filter(pk__in=[row.pk for row in locked])
        if verb == "conversation.breached":
            rows_told.update(warned_of=F("due_at"), breached_of=F("due_at"))
        else:
            rows_told.update(warned_of=F("due_at"))
    return len(locked)


def _what(row: Conversation) -> str:
    return next(
        (str(what) for what, name in FIELDS.items() if getattr(row, name) == row.due_at), ""
    )
