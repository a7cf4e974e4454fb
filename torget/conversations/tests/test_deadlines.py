from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.cast import NOW, make_question
from torget.conversations import deadlines, rules
from torget.conversations.models import Conversation, Deadline
from torget.conversations.rules import snoozing, terms
from torget.conversations.rules.submitting import Submission, follow_up
from torget.errors import NotAllowed
from torget.history.models import Entry
from torget.people.hours import OSLO, Hours
from torget.people.models import ClosedDay, Unit


def oslo(*at):
    return datetime(*at, tzinfo=OSLO)


def fresh(row):
    return Conversation.objects.get(pk=row.pk)


def test_open_hours_run_only_while_it_is_open(nordvaag):
    hours = Hours(Unit.objects.get(slug="servicetorget"))
    # Friday 14.30 and four hours: one on Friday, three on Monday from eight.
    assert hours.add_open_hours(oslo(2026, 11, 20, 14, 30), 4) == oslo(2026, 11, 23, 11)
    assert hours.add_open_hours(oslo(2026, 11, 21, 3), 1) == oslo(2026, 11, 23, 9)


def test_holidays_and_closed_days_do_not_count(nordvaag):
    root = Unit.objects.get(slug="rot")
    ClosedDay.objects.create(unit=root, on=oslo(2026, 12, 28).date(), reason="Flytting")
    hours = Hours(Unit.objects.get(slug="servicetorget"))
    # Christmas Eve counts as closed, 25 and 26 are holidays, 28 is a closed day.
    assert hours.add_open_days(oslo(2026, 12, 23, 12), 1) == oslo(2026, 12, 29, 15, 30)


@pytest.mark.parametrize(
    ("since", "ends"),
    [
        (oslo(2026, 1, 31, 12), oslo(2026, 2, 28, 23, 59)),
        (oslo(2026, 12, 15, 9), oslo(2027, 1, 15, 23, 59)),
        (oslo(2026, 3, 20, 9), oslo(2026, 4, 20, 23, 59)),
    ],
)
def test_a_month_ends_on_the_same_day_or_the_last_of_the_month(since, ends):
    assert deadlines.add_months(since, 1) == ends


def test_a_new_question_has_the_municipalitys_promise_and_the_months_of_the_law(question):
    row = fresh(question)
    assert row.first_due_at == oslo(2026, 11, 25, 15, 30)  # two working days after a Monday
    assert row.preliminary_due_at == oslo(2026, 12, 23, 23, 59)  # forvaltningsloven § 11 a
    assert row.answer_due_at == oslo(2026, 12, 7, 15, 30)
    assert row.due_at == row.first_due_at


def test_the_most_particular_deadline_counts(nordvaag, per, now):
    front = Unit.objects.get(slug="servicetorget")

    def decide(amount, **about):
        terms.set_deadline(
            nordvaag,
            "first",
            amount=amount,
            measure="open_hours",
            warn_hours=1,
            by=per,
            at=now,
            **about,
        )

    decide(7)
    decide(6, network="form")
    decide(5, kind="question")
    decide(4, unit=front)
    assert deadlines.terms_of(nordvaag).pick("first", front.pk, "question", "form").amount == 4
    other = Unit.objects.get(slug="teknisk-drift")
    assert deadlines.terms_of(nordvaag).pick("first", other.pk, "question", "form").amount == 5
    assert deadlines.terms_of(nordvaag).pick("first", other.pk, "wall", "form").amount == 6
    assert deadlines.terms_of(nordvaag).pick("first", other.pk, "wall", "email").amount == 7


def test_an_answer_meets_it_and_a_new_word_begins_it_anew(question, ola):
    rules.answer(question, "Svar.", by=ola, at=NOW + timedelta(hours=1))
    assert fresh(question).due_at is None
    later = datetime(2026, 11, 27, 8, tzinfo=UTC)
    follow_up(fresh(question), Submission("Men når?", "private"), at=later)
    assert fresh(question).due_at == oslo(2026, 12, 1, 15, 30)


def test_a_preliminary_reply_meets_two_of_three(question):
    Conversation.objects.filter(pk=question.pk).update(preliminary_at=NOW + timedelta(hours=2))
    row = fresh(question)
    assert row.due_at == row.answer_due_at


def test_closing_ends_it_and_reopening_begins_it(question, ola):
    rules.close(question, by=ola, at=NOW)
    assert fresh(question).due_at is None
    rules.reopen(question, by=ola, at=NOW + timedelta(days=1))
    assert fresh(question).due_at == oslo(2026, 11, 26, 15, 30)


def test_another_unit_may_have_another_deadline(nordvaag, question, per, now):
    other = Unit.objects.get(slug="servicetorget")
    terms.set_deadline(
        nordvaag, "first", unit=other, amount=4, measure="open_hours", warn_hours=1, by=per, at=now
    )
    rules.forward(question, other, by=per, at=now)
    assert fresh(question).due_at == oslo(2026, 11, 23, 14)


def test_a_decision_reckons_all_who_wait_without_a_query_for_each(
    nordvaag, per, now, django_assert_max_num_queries
):
    rows = [make_question(nordvaag, f"Spørsmål {n}") for n in range(12)]
    terms.set_deadline(
        nordvaag, "first", amount=3, measure="open_hours", warn_hours=1, by=per, at=now
    )
    with django_assert_max_num_queries(14):
        assert deadlines.reckon_all(nordvaag) == 12
    assert {fresh(row).due_at for row in rows} == {oslo(2026, 11, 23, 13)}
    assert deadlines.reckon_all(nordvaag) == 0


def test_where_nobody_can_be_answered_nothing_is_promised_unless_it_is_said(nordvaag, per, now):
    front = Unit.objects.get(slug="servicetorget")

    def due():
        return deadlines.terms_of(nordvaag).dues(front.pk, "question", "rss", now)

    assert due() == deadlines.Dues(None, None, None)
    terms.set_deadline(
        nordvaag, "answer", amount=3, measure="days", warn_hours=1, network="rss", by=per, at=now
    )
    assert due() == deadlines.Dues(None, None, oslo(2026, 11, 26, 23, 59))


def test_no_deadline_is_a_decision_too(nordvaag, question, per, now):
    for what in Deadline.What.values:
        terms.set_deadline(nordvaag, what, amount=0, measure="days", warn_hours=1, by=per, at=now)
    deadlines.reckon_all(nordvaag)
    assert fresh(question).due_at is None


def test_somebody_is_warned_once_and_a_breach_stands_in_history_once(question):
    due = fresh(question).due_at
    assert deadlines.watch(at=due - timedelta(hours=5)) == (0, 0)
    assert deadlines.watch(at=due - timedelta(hours=3)) == (1, 0)
    assert deadlines.watch(at=due - timedelta(hours=2)) == (0, 0)
    assert deadlines.watch(at=due + timedelta(minutes=1)) == (0, 1)
    assert deadlines.watch(at=due + timedelta(hours=1)) == (0, 0)
    verbs = Entry.objects.filter(
        subject_id=question.pk, verb__in=["conversation.warned", "conversation.breached"]
    )
    assert list(verbs.order_by("id").values_list("verb", flat=True)) == [
        "conversation.warned",
        "conversation.breached",
    ]


def test_a_deadline_reckoned_anew_is_warned_of_anew(question, ola):
    deadlines.watch(at=fresh(question).due_at - timedelta(hours=1))
    rules.answer(question, "Svar.", by=ola, at=NOW + timedelta(hours=1))
    follow_up(fresh(question), Submission("Mer", "private"), at=NOW + timedelta(days=7))
    assert deadlines.watch(at=fresh(question).due_at - timedelta(hours=1)) == (1, 0)


def test_deadlines_run_while_it_sleeps(question, ola):
    due = fresh(question).due_at
    snoozing.snooze(question, NOW + timedelta(days=30), by=ola, at=NOW)
    assert fresh(question).due_at == due
    assert deadlines.watch(at=due + timedelta(hours=1)) == (0, 1)


def test_only_those_who_arrange_the_desk_decide(nordvaag, ola, charlie, now):
    for actor in (ola, charlie):
        with pytest.raises((NotAllowed, Exception)) as refusal:
            terms.set_deadline(
                nordvaag, "first", amount=1, measure="days", warn_hours=1, by=actor, at=now
            )
        assert refusal.value.code in {"not_allowed", "stranger"}
    assert not Deadline.objects.exists()


@pytest.mark.parametrize("ended", [False, True])
def test_a_preliminary_reply_to_what_was_answered_begins_the_deadlines_anew(question, ola, ended):
    rules.answer(question, "Ja.", by=ola, at=NOW, close=ended)
    again = NOW + timedelta(days=60)
    rules.answer(question, "Vi ser på det igjen.", by=ola, at=again, preliminary=True)
    row = fresh(question)
    assert (row.state, row.waiting_since) == ("open", again)
    assert row.answer_due_at == row.due_at == oslo(2027, 2, 5, 15, 30)  # ten working days
    assert row.due_at > again


def test_a_preliminary_reply_puts_off_no_deadline_of_one_who_waits(question, ola):
    due = fresh(question).answer_due_at
    rules.answer(question, "Vi ser på det.", by=ola, at=NOW + timedelta(days=1), preliminary=True)
    assert (fresh(question).answer_due_at, fresh(question).waiting_since) == (due, NOW)
