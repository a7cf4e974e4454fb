"""Opening hours: when a unit answers, and when the next answer can be expected."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from torget.people.models import ClosedDay, OpeningHours, Unit

OSLO = ZoneInfo("Europe/Oslo")
LOOK_AHEAD_DAYS = 30


@lru_cache(maxsize=16)
def _public_holidays(year: int) -> frozenset[date]:
    eves = {
        date(year, 12, 24),
        date(year, 12, 31),
    }  # not public holidays, but no municipality answers after noon
    return frozenset(holidays.country_holidays("NO", years=year).keys()) | eves


def is_public_holiday(day: date) -> bool:
    """Norwegian public holidays; Christmas Eve and New Year's Eve count as closed too."""
    return day in _public_holidays(day.year)


def next_holidays(today: date) -> list[tuple[date, str]]:
    """The public holidays of the year that begins today, with their Norwegian names."""
    year = holidays.country_holidays("NO", years=[today.year, today.year + 1])
    last = today + timedelta(days=365)
    return [
        (day, name)
        for day, name in sorted(year.items())
        if today <= day < last and day.weekday() < 5
    ]


class Hours:
    """A unit's opening hours, read once and asked many times. A unit without its own follows its parent's."""

    def __init__(self, unit: Unit) -> None:
        rows: list[OpeningHours] = []
        owner: Unit | None = unit
        while owner is not None and not rows:
            rows, unit = list(owner.opening_hours.all()), owner
            owner = owner.parent
        self._week: dict[int, list[tuple[time, time]]] = {}
        for row in rows:
            self._week.setdefault(row.weekday, []).append((row.opens, row.closes))
        self._closed = set(ClosedDay.objects.filter(unit=unit).values_list("on", flat=True))

    @property
    def known(self) -> bool:
        """Whether anybody has said when the unit is open."""
        return bool(self._week)

    @classmethod
    def office(cls) -> Hours:
        """Ordinary office hours, for units nobody has said anything of: weekdays 08.00–15.30."""
        hours = cls.__new__(cls)
        hours._week = {weekday: [(time(8), time(15, 30))] for weekday in range(5)}
        hours._closed = set()
        return hours

    def spans(self, day: date) -> list[tuple[datetime, datetime]]:
        """The opening spans of a day, aware, in order."""
        if day in self._closed or is_public_holiday(day):
            return []
        return [
            (datetime.combine(day, opens, OSLO), datetime.combine(day, closes, OSLO))
            for opens, closes in self._week.get(day.weekday(), [])
        ]

    def is_open(self, at: datetime) -> bool:
        """Open at that moment."""
        return any(opens <= at < closes for opens, closes in self.spans(at.astimezone(OSLO).date()))

    def next_opening(self, at: datetime) -> datetime | None:
        """`at` itself when open, else the next opening within a month; None when there is none."""
        day = at.astimezone(OSLO).date()
        for offset in range(LOOK_AHEAD_DAYS):
            for opens, closes in self.spans(day + timedelta(days=offset)):
                if at < closes:
                    return max(at, opens)
        return None

    def add_open_days(self, at: datetime, days: int) -> datetime | None:
        """Close of the working day that many working days after `at`; None without opening hours."""
        day, left = at.astimezone(OSLO).date(), days
        for _step in range(LOOK_AHEAD_DAYS * 3 + days * 2):
            day += timedelta(days=1)
            if spans := self.spans(day):
                left -= 1
                if left <= 0:
                    return spans[-1][1]
        return None

    def add_open_hours(self, at: datetime, hours: float) -> datetime | None:
        """The moment that many hours of open time after `at`; None without opening hours."""
        left = timedelta(hours=hours)
        day = at.astimezone(OSLO).date()
        for offset in range(LOOK_AHEAD_DAYS * 3 + int(hours)):
            for opens, closes in self.spans(day + timedelta(days=offset)):
                begins = max(at, opens)
                # Compared in UTC: two local times of one zone are subtracted by the clock on the wall.
                span = max(closes.astimezone(UTC) - begins.astimezone(UTC), timedelta())
                if span and left <= span:
                    return (begins.astimezone(UTC) + left).astimezone(OSLO)
                left -= span
        return None
