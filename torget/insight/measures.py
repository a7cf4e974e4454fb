"""The figures of a period: numbers only, never a word of what anybody said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Aggregate, Count, F, FloatField, Min, Q, QuerySet
from django.db.models.functions import Extract, TruncDate

from torget import rooms
from torget.answers.models import Answer
from torget.conversations.models import Conversation
from torget.history.models import Entry
from torget.people.actor import Actor
from torget.people.hours import OSLO
from torget.people.models import Unit
from torget.rooms import Text

HELPED = "answer.helped"
MOST_HELPFUL = 5


class Percentile(Aggregate):
    """PostgreSQL's percentile_cont within a group: `Percentile(expression, part=0.5)`."""

    function = "percentile_cont"
    template = "%(function)s(%(part)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()

    def __init__(self, expression: object, *, part: float) -> None:
        super().__init__(expression, part=part)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one unit now."""

    unit: Unit
    count: int
    oldest_since: datetime | None


@dataclass(frozen=True, slots=True)
class Day:
    """One day: how many conversations were opened, and how many got their first answer."""

    on: date
    opened: int
    answered: int


@dataclass(frozen=True, slots=True)
class Speed:
    """How soon the first answer came: `name` is a unit's or a network's, times in seconds from the first word."""

    name: str
    answered: int
    median_seconds: float
    slow_seconds: float
    in_time_percent: int | None


@dataclass(frozen=True, slots=True)
class Counted:
    """What a room counts of the period: see `rooms.Measure`."""

    name: str
    label: Text
    number: int


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a period, both days included."""

    since: date
    until: date
    waiting: list[Waiting]
    days: list[Day]
    by_unit: list[Speed]
    by_network: list[Speed]
    counted: list[Counted]
    most_helpful: list[tuple[Answer, int]] = field(default_factory=list)

    @property
    def opened(self) -> int:
        """Conversations opened in the period."""
        return sum(day.opened for day in self.days)

    @property
    def answered(self) -> int:
        """Conversations that got their first answer in the period."""
        return sum(day.answered for day in self.days)

    @property
    def waiting_now(self) -> int:
        """Conversations in which somebody waits now."""
        return sum(row.count for row in self.waiting)


def figures(actor: Actor, *, since: date, until: date) -> Figures:
    """The figures of the units in which the actor may read figures."""
    rows = _countable(actor)
    start = datetime.combine(since, time.min, OSLO)
    end = datetime.combine(until + timedelta(days=1), time.min, OSLO)
    answered = rows.filter(first_answer_at__gte=start, first_answer_at__lt=end)
    return Figures(
        since=since,
        until=until,
        waiting=_waiting(rows),
        days=_days(rows, answered, since, until, start, end),
        by_unit=_speeds(answered, "unit"),
        by_network=_speeds(answered, "network"),
        counted=[
            Counted(measure.name, measure.label, rooms.load(measure.count)(actor, start, end))
            for measure in rooms.gather("measures")
        ],
        most_helpful=_most_helpful(actor, start, end),
    )


def _countable(actor: Actor) -> QuerySet[Conversation]:
    """Conversations of the actor's units, to be counted: reading figures is no right to read what was said."""
    below = Q(pk__in=[])
    for path in actor.paths("figures.read"):
        below |= Q(unit__path__startswith=path)
    return Conversation.objects.filter(below, municipality=actor.municipality_id)


def _waiting(rows: QuerySet[Conversation]) -> list[Waiting]:
    counted = (
        rows.filter(state__in=Conversation.OPEN, waiting_since__isnull=False)
        .order_by()
        .values("unit")
        .annotate(count=Count("pk"), oldest=Min("waiting_since"))
    )
    units = Unit.objects.in_bulk([row["unit"] for row in counted])
    waiting = [Waiting(units[row["unit"]], row["count"], row["oldest"]) for row in counted]
    return sorted(waiting, key=lambda row: (-row.count, row.unit.name))


def _days(
    rows: QuerySet[Conversation],
    answered: QuerySet[Conversation],
    since: date,
    until: date,
    start: datetime,
    end: datetime,
) -> list[Day]:
    opened = _by_day(rows.filter(opened_at__gte=start, opened_at__lt=end), "opened_at")
    first = _by_day(answered, "first_answer_at")
    span = (until - since).days + 1
    days = [since + timedelta(days=number) for number in range(span)]
    return [Day(day, opened.get(day, 0), first.get(day, 0)) for day in days]


def _by_day(rows: QuerySet[Conversation], moment: str) -> dict[date, int]:
    counted = (
        rows.order_by()
        .annotate(day=TruncDate(moment, tzinfo=OSLO))
        .values_list("day")
        .annotate(count=Count("pk"))
    )
    return dict(counted)


def _speeds(answered: QuerySet[Conversation], by: str) -> list[Speed]:
    seconds = Extract(F("first_answer_at") - F("opened_at"), "epoch")
    promised = Q(first_due_at__isnull=False)
    counted = (
        answered.order_by()
        .annotate(seconds=seconds)
        .values(by)
        .annotate(
            count=Count("pk"),
            median=Percentile("seconds", part=0.5),
            slow=Percentile("seconds", part=0.9),
            promised=Count("pk", filter=promised),
            kept=Count("pk", filter=promised & Q(first_answer_at__lte=F("first_due_at"))),
        )
    )
    names = (
        {
            unit.pk: unit.local_name
            for unit in Unit.objects.filter(pk__in=[row[by] for row in counted])
        }
        if by == "unit"
        else {}
    )
    speeds = [
        Speed(
            names.get(row[by], row[by]),
            row["count"],
            row["median"],
            row["slow"],
            round(100 * row["kept"] / row["promised"]) if row["promised"] else None,
        )
        for row in counted
    ]
    return sorted(speeds, key=lambda row: (-row.answered, row.name))


def _most_helpful(actor: Actor, start: datetime, end: datetime) -> list[tuple[Answer, int]]:
    """Which answers made most questions unnecessary: for the whole municipality, as answers are."""
    entries = Entry.objects.filter(
        municipality_id=actor.municipality_id, verb=HELPED, at__gte=start, at__lt=end
    )
    counted: Sequence[tuple[int, int]] = list(
        entries.order_by()
        .values_list("subject_id")
        .annotate(count=Count("pk"))
        .order_by("-count")[:MOST_HELPFUL]
    )
    answers = Answer.objects.in_bulk([pk for pk, _count in counted])
    return [(answers[pk], count) for pk, count in counted if pk in answers]
