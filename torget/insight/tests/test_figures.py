"""The figures count what happened, in one's own units, and tell nobody's words."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from tests.cast import NOW, make_question, make_staff
from torget.answers import rules as answers
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation
from torget.design import charts
from torget.insight.measures import figures
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role

TODAY = NOW.date()
WEEK = {"since": TODAY - timedelta(days=6), "until": TODAY}


@pytest.fixture
def talked(nordvaag, ola):
    """Three asked: one answered after two hours, one after ten, one waits."""
    quick = make_question(nordvaag, "En", at=NOW - timedelta(days=1))
    conversations.answer(quick, "Svar", by=ola, at=NOW - timedelta(days=1) + timedelta(hours=2))
    slow = make_question(nordvaag, "To", at=NOW - timedelta(days=2))
    conversations.answer(slow, "Svar", by=ola, at=NOW - timedelta(days=2) + timedelta(hours=10))
    waiting = make_question(nordvaag, "Tre", at=NOW - timedelta(hours=3))
    return quick, slow, waiting


def test_what_waits_and_what_was_answered_is_counted(talked, ola):
    found = figures(ola, **WEEK)
    assert (found.waiting_now, found.opened, found.answered) == (1, 3, 2)
    assert found.waiting[0].oldest_since == NOW - timedelta(hours=3)
    assert [(day.opened, day.answered) for day in found.days[-3:]] == [(1, 1), (1, 1), (1, 0)]
    assert len(found.days) == 7


def test_the_time_to_the_first_answer_is_a_median_and_the_slow_tenth(talked, ola):
    speed = figures(ola, **WEEK).by_network[0]
    assert (speed.name, speed.answered) == ("form", 2)
    assert speed.median_seconds == 6 * 3600
    assert round(speed.slow_seconds) == round((2 + 0.9 * 8) * 3600)
    Conversation.objects.update(first_due_at=None)
    assert figures(ola, **WEEK).by_unit[0].in_time_percent is None
    Conversation.objects.filter(pk=talked[0].pk).update(first_due_at=NOW)
    Conversation.objects.filter(pk=talked[1].pk).update(first_due_at=NOW - timedelta(days=2))
    assert figures(ola, **WEEK).by_unit[0].in_time_percent == 50


def test_what_is_outside_the_period_is_not_counted(talked, ola):
    found = figures(ola, since=TODAY - timedelta(days=60), until=TODAY - timedelta(days=30))
    assert (found.opened, found.answered, found.by_unit) == (0, 0, [])
    assert found.waiting_now == 1


def test_one_counts_only_ones_own_units(nordvaag, talked, ola, charlie):
    school = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    Conversation.objects.filter(pk=talked[0].pk).update(unit=school)
    tora = Actor.of_staff(
        make_staff(nordvaag, "Tora", Role.ANALYST, unit="teknisk-drift", over="teknisk-drift")
    )
    assert figures(tora, **WEEK).opened == 1
    assert figures(ola, **WEEK).opened == 3
    assert figures(charlie, **WEEK).opened == 0


def test_what_residents_found_themselves_is_counted(talked, ola, now):
    answer = answers.publish(talked[0], question="En?", body="Svar", by=ola, at=now)
    answers.note_helped(answer, visitor="en", at=now)
    answers.note_helped(answer, visitor="en", at=now)
    answers.note_helped(answer, visitor="to", at=now)
    found = figures(ola, **WEEK)
    assert {one.name: one.number for one in found.counted}["helped"] == 2
    assert [(one.question, count) for one, count in found.most_helpful] == [("En?", 2)]


def test_the_page_shows_numbers_and_nobodys_words(nordvaag, talked, time_machine):
    time_machine.move_to(NOW)  # the page is about the last week
    client = Client()
    client.force_login(make_staff(nordvaag, "Ingrid", Role.ANALYST).user)
    page = client.get("/desk/tall?dager=7").content.decode()
    assert "Halvparten innen" in page
    assert "Kari" not in page
    for asked in ("0", "x", "99999999999", "-1"):
        assert client.get("/desk/tall", {"dager": asked}).status_code == 200


def test_columns_stand_on_one_round_scale():
    drawn = charts.columns([(3, 0), (7, 4)])
    assert drawn.most == 10
    assert [column.height for column in drawn.columns] == [30, 0, 70, 40]
    assert charts.columns([]).most == 1
    assert charts.columns([(0, 0)]).columns[0].height == 0
    assert charts.columns([(1001, 0)]).most == 2000
