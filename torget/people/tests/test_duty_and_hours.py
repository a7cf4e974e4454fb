from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from torget.errors import NotAllowed, Refused
from torget.people import rules as people
from torget.people.hours import Hours, is_public_holiday
from torget.people.models import ClosedDay, Duty, Unit


def test_one_person_has_one_duty_at_a_time_even_past_the_rules(nordvaag, ola, per, now):
    duty = people.roster(
        ola.staff, ola.staff.unit, starts_at=now, ends_at=now + timedelta(hours=4), by=per, at=now
    )
    with pytest.raises(Refused) as refusal:
        people.roster(
            ola.staff,
            ola.staff.unit,
            starts_at=now + timedelta(hours=3),
            ends_at=now + timedelta(hours=6),
            by=per,
            at=now,
        )
    assert refusal.value.code == "overlap"
    with pytest.raises(IntegrityError, match="duty_one_at_a_time"), transaction.atomic():
        Duty.objects.create(
            municipality=nordvaag,
            unit=duty.unit,
            staff=duty.staff,
            starts_at=now,
            ends_at=now + timedelta(hours=1),
        )


def test_the_next_duty_may_begin_the_moment_the_last_ends(ola, per, now):
    end = now + timedelta(hours=4)
    people.roster(ola.staff, ola.staff.unit, starts_at=now, ends_at=end, by=per, at=now)
    people.roster(
        ola.staff, ola.staff.unit, starts_at=end, ends_at=end + timedelta(hours=1), by=per, at=now
    )


def test_only_a_duty_lead_rosters(ola, now):
    with pytest.raises(NotAllowed):
        people.roster(
            ola.staff,
            ola.staff.unit,
            starts_at=now,
            ends_at=now + timedelta(hours=1),
            by=ola,
            at=now,
        )


def test_who_is_away_is_neither_rostered_nor_shown_on_duty(nordvaag, ola, per, now):
    people.roster(
        ola.staff, ola.staff.unit, starts_at=now, ends_at=now + timedelta(hours=4), by=per, at=now
    )
    assert [one.first_name for one in people.on_duty(nordvaag, at=now)] == ["Ola"]
    people.report_absence(ola.staff, from_on=now.date(), to_on=now.date(), by=ola, at=now)
    assert people.on_duty(nordvaag, at=now) == []
    with pytest.raises(Refused) as refusal:
        people.roster(
            ola.staff,
            ola.staff.unit,
            starts_at=now + timedelta(hours=5),
            ends_at=now + timedelta(hours=6),
            by=per,
            at=now,
        )
    assert refusal.value.code == "absent"


def test_a_hand_over_note_is_left_by_its_holder_and_by_no_other_responder(ola, siri, per, now):
    duty = people.roster(
        ola.staff, ola.staff.unit, starts_at=now, ends_at=now + timedelta(hours=4), by=per, at=now
    )
    people.hand_over(duty, "Fjellveien: entreprenøren ringer kl. 16.", by=ola, at=now)
    duty.refresh_from_db()
    assert duty.handover.startswith("Fjellveien")
    with pytest.raises(NotAllowed):
        people.hand_over(duty, "noe annet", by=siri, at=now)


@pytest.mark.parametrize(
    ("day", "closed"),
    [
        (date(2026, 5, 17), True),
        (date(2026, 4, 2), True),
        (date(2026, 12, 24), True),
        (date(2026, 12, 28), False),
    ],
)
def test_norwegian_public_holidays_are_closed(day, closed):
    assert is_public_holiday(day) is closed


def test_a_unit_follows_its_parents_hours_and_its_closed_days(nordvaag, now):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    assert Hours(unit).is_open(now)
    assert not Hours(unit).is_open(now.replace(hour=20))
    ClosedDay.objects.create(unit=unit.parent, on=now.date(), reason="Flytting")
    assert not Hours(unit).is_open(now)


def test_the_next_opening_skips_weekend_and_holidays(nordvaag):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    friday_before_christmas_night = datetime(2026, 12, 23, 21, 0, tzinfo=UTC)
    assert Hours(unit).next_opening(friday_before_christmas_night) == datetime(
        2026, 12, 28, 7, 0, tzinfo=UTC
    )


def test_working_days_are_counted_not_days(nordvaag):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    friday = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
    assert Hours(unit).add_open_days(friday, 2) == datetime(2026, 12, 1, 14, 30, tzinfo=UTC)
