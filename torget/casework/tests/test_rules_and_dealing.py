from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import close_old_connections, connection
from django.test import Client

from tests.cast import NOW, make_question, make_staff
from torget.casework.models import AutomationCursor, AutomationRule, AutomationRun, Preference
from torget.casework.rules import assignment, automation
from torget.conversations import rules
from torget.conversations.models import Conversation
from torget.conversations.rules import persons, tagging
from torget.errors import NotAllowed, Refused
from torget.history.models import Entry
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role

LATER = NOW + timedelta(minutes=1)


def fresh(row):
    return Conversation.objects.get(pk=row.pk)


def make_rule(municipality, by, *, on=True, **about):
    given = {
        "name": "Regel",
        "event": "conversation.opened",
        "conditions": [],
        "actions": [{"act": "tag", "value": "vinter"}],
        "last": False,
        "position": 10,
    } | about
    rule = automation.save_rule(None, municipality, **given, by=by, at=NOW)
    if on:
        automation.switch(rule, True, by=by, at=NOW)
    return rule


@pytest.fixture(autouse=True)
def _winter(request):
    if "nordvaag" in request.fixturenames:
        nordvaag, per = request.getfixturevalue("nordvaag"), request.getfixturevalue("per")
        tagging.make_tag(nordvaag, "Vinter", by=per, at=NOW)
        tagging.make_tag(nordvaag, "Haster", by=per, at=NOW)


def test_a_rule_answers_once_to_what_happens_after_it_was_switched_on(nordvaag, per):
    before = make_question(nordvaag)
    rule = make_rule(
        nordvaag, per, conditions=[{"field": "words", "operator": "contains", "value": "Brøyt"}]
    )
    hit = make_question(nordvaag, "Når brøytes det?")
    miss = make_question(nordvaag, "Når åpner svømmehallen?")
    for _pass in range(3):
        automation.follow(at=LATER)
    assert [fresh(row).tags for row in (before, hit, miss)] == [[], ["vinter"], []]
    run = AutomationRun.objects.get()
    assert (run.rule, run.conversation, run.fault) == (rule, hit, "")
    assert Entry.objects.get(verb="conversation.tagged").data["rule"] == rule.pk


def test_a_rule_that_died_midway_has_done_nothing_and_is_done_whole_next_time(
    nordvaag, per, monkeypatch
):
    make_rule(nordvaag, per)
    question = make_question(nordvaag)
    real = AutomationRun.objects.create

    def die(**_about):
        raise RuntimeError("killed")

    monkeypatch.setattr(AutomationRun.objects, "create", die)
    with pytest.raises(RuntimeError):
        automation.follow(at=LATER)
    assert fresh(question).tags == []
    monkeypatch.setattr(AutomationRun.objects, "create", real)
    automation.follow(at=LATER)
    assert fresh(question).tags == ["vinter"]
    assert Entry.objects.filter(verb="conversation.tagged").count() == 1


def test_what_was_seen_before_a_restart_is_not_done_again(nordvaag, per):
    make_rule(nordvaag, per, actions=[{"act": "note", "value": "Se på dette."}])
    question = make_question(nordvaag)
    automation.follow(at=LATER)
    automation._seen.clear()  # the worker was started anew before it came to store how far it was
    automation.follow(at=LATER)
    assert question.messages.filter(kind="note").count() == 1


@pytest.mark.django_db(transaction=True)
def test_what_another_worker_kept_it_from_is_done_when_that_one_dies(nordvaag, per):
    make_rule(nordvaag, per)
    automation.follow(at=LATER)
    question = make_question(nordvaag)
    cursor = AutomationCursor.objects.get(municipality=nordvaag)
    other = connection.copy()
    with connection.cursor() as mine:
        mine.execute("SET lock_timeout = '2s'")  # whoever would store how far it is waits here
    try:
        for _entry in range(3):  # the other worker is at one event, and then at another
            other.set_autocommit(False)
            with other.cursor() as held:
                held.execute("SELECT 1 FROM desk_rulecursor WHERE id = %s FOR UPDATE", [cursor.pk])
            automation.follow(at=LATER)
            other.rollback()
            other.set_autocommit(True)
    finally:
        other.close()
        with connection.cursor() as mine:
            mine.execute("RESET lock_timeout")
    assert fresh(question).tags == []
    automation.follow(at=LATER)
    assert fresh(question).tags == ["vinter"]
    for _pass in range(2):
        automation.follow(at=LATER)
    cursor.refresh_from_db()
    assert cursor.last_entry_id >= AutomationRun.objects.get().entry_id


def test_rules_never_answer_to_their_own_acts(nordvaag, per):
    make_rule(
        nordvaag, per, event="conversation.tagged", actions=[{"act": "tag", "value": "haster"}]
    )
    make_rule(nordvaag, per, event="conversation.opened")
    question = make_question(nordvaag)
    for _pass in range(4):
        automation.follow(at=LATER)
    assert fresh(question).tags == ["vinter"]
    tagging.remove_tag(question, "vinter", by=per, at=LATER)
    tagging.add_tag(question, "vinter", by=per, at=LATER)
    automation.follow(at=LATER)
    assert fresh(question).tags == ["haster", "vinter"]


def test_rules_run_in_order_and_the_last_one_stops(nordvaag, per):
    make_rule(nordvaag, per, position=2, actions=[{"act": "tag", "value": "haster"}])
    make_rule(nordvaag, per, position=1, last=True)
    question = make_question(nordvaag)
    automation.follow(at=LATER)
    automation._seen.clear()
    automation.follow(at=LATER)
    assert fresh(question).tags == ["vinter"]


def test_a_rule_that_is_refused_says_why_and_does_nothing_of_it(nordvaag, per):
    make_rule(nordvaag, per, actions=[{"act": "tag", "value": "vinter"}, {"act": "deal"}])
    question = make_question(nordvaag)
    automation.follow(at=LATER)
    assert fresh(question).tags == []
    assert AutomationRun.objects.get().fault == "Ingen på vakt har plass til flere saker nå."


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (("unit", "is", "rot"), True),
        (("unit", "is", "teknisk-drift"), True),
        (("unit", "is_not", "teknisk-drift"), False),
        (("network", "is", "form"), True),
        (("network", "is", "email"), False),
        (("visibility", "is", "private"), True),
        (("tag", "lacks", "vinter"), True),
        (("words", "lacks", "brøyt"), False),
        (("assignee", "is", "nei"), True),
        (("open", "is", "ja"), True),
        (("waited", "more", "0,01"), True),
        (("waited", "more", "48"), False),
        (("language", "is", "en"), False),
        (("nonsense", "is", "x"), False),
    ],
)
def test_each_condition_is_held_against_the_conversation(nordvaag, per, condition, holds):
    field, operator, value = condition
    make_rule(nordvaag, per, conditions=[{"field": field, "operator": operator, "value": value}])
    question = make_question(nordvaag, "Når blir Fjellveien brøytet?")
    automation.follow(at=LATER)
    assert bool(fresh(question).tags) == holds


def test_the_dry_run_shows_what_it_would_have_done_and_does_nothing(nordvaag, per, charlie):
    hit, miss = make_question(nordvaag, "Brøyting?"), make_question(nordvaag, "Svømming?")
    rule = make_rule(
        nordvaag,
        per,
        on=False,
        conditions=[{"field": "words", "operator": "contains", "value": "brøyt"}],
    )
    tried = automation.rehearse(rule, by=per, at=LATER)
    assert [(one.conversation, one.unmet is None) for one in tried] == [(miss, False), (hit, True)]
    assert automation.rehearse(rule, by=charlie, at=LATER) == []
    client = Client()
    client.force_login(per.staff.user)
    page = client.get(f"/desk/innstillinger/regler/{rule.pk}/prov").content.decode()
    assert hit.ref in page
    assert "Ville gjort noe i 1 sak" in page
    assert not AutomationRun.objects.exists()
    assert fresh(hit).tags == []


def test_the_administrator_tries_a_rule_without_reading_a_word(nordvaag, per, liv):
    make_question(nordvaag, "HEMMELIG")
    rule = make_rule(nordvaag, per, on=False)
    client = Client()
    client.force_login(liv.staff.user)
    page = client.get(f"/desk/innstillinger/regler/{rule.pk}/prov").content.decode()
    assert "HEMMELIG" not in page


def test_a_rule_is_written_in_plain_fields(nordvaag, per):
    client = Client()
    client.force_login(per.staff.user)
    form = {
        "name": "Brøyting",
        "event": "conversation.opened",
        "position": "1",
        "field_0": "words",
        "operator_0": "contains",
        "against_0": "brøyt",
        "act_0": "tag",
        "value_0": "Vinter",
        "act_1": "snooze",
        "value_1": "I morgen kl. 08.00",
    }
    response = client.post("/desk/innstillinger/regler", form | {"value_0": "Sommer"})
    assert response.status_code == 422
    assert "«Sommer» finnes ikke. Velg en av disse: Haster, Vinter." in response.content.decode()
    response = client.post("/desk/innstillinger/regler", form, follow=True)
    assert "Prøv «Brøyting»" in response.content.decode()
    rule = AutomationRule.objects.get()
    assert rule.conditions == [{"field": "words", "operator": "contains", "value": "brøyt"}]
    assert rule.actions == [
        {"act": "tag", "value": "vinter"},
        {"act": "snooze", "value": "tomorrow"},
    ]
    assert not rule.active


def test_a_changed_rule_is_off_until_it_is_switched_on_again(nordvaag, per, ola):
    rule = make_rule(nordvaag, per)
    automation.save_rule(
        rule,
        nordvaag,
        name="Ny",
        event="message.received",
        conditions=[],
        actions=[{"act": "close"}],
        last=False,
        position=1,
        by=per,
        at=NOW,
    )
    rule.refresh_from_db()
    assert not rule.active
    with pytest.raises(NotAllowed):
        automation.switch(rule, True, by=ola, at=NOW)


# Dealing ---------------------------------------------------------------------------------------


@pytest.fixture
def crew(nordvaag):
    """Three on duty in technical operations, which deals its conversations out."""
    unit = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    system = Actor.system(nordvaag.pk)
    staff = [
        make_staff(nordvaag, name, Role.RESPONDER, unit="teknisk-drift")
        for name in ("Ada", "Bo", "Cy")
    ]
    for one in staff:
        people.roster(
            one,
            unit,
            starts_at=NOW - timedelta(hours=1),
            ends_at=NOW + timedelta(hours=5),
            by=system,
            at=NOW,
        )
    assignment.set_policy(unit, active=True, most_open=2, by=system, at=NOW)
    return staff


def test_they_are_dealt_round_fewest_first_and_never_above_what_one_carries(nordvaag, crew):
    rows = [make_question(nordvaag, at=NOW + timedelta(seconds=n)) for n in range(8)]
    assert assignment.assign_waiting(at=LATER) == 6
    assert [fresh(row).assignee for row in rows] == [*crew, *crew, None, None]
    assert {fresh(row).state for row in rows[:6]} == {"open"}
    rules.close(fresh(rows[1]), by=Actor.of_staff(crew[1]), at=LATER)
    assert assignment.assign_waiting(at=LATER) == 1
    assert fresh(rows[6]).assignee == crew[1]
    assert Entry.objects.filter(verb="conversation.dealt").count() == 7


def test_the_absent_those_off_duty_and_ones_own_limit_are_minded(nordvaag, crew, per):
    people.report_absence(crew[0], from_on=NOW.date(), to_on=NOW.date(), by=per, at=NOW)
    Preference.objects.create(staff=crew[1], most_open=1)
    rows = [make_question(nordvaag, at=NOW + timedelta(seconds=n)) for n in range(5)]
    assignment.assign_waiting(at=LATER)
    assert [fresh(row).assignee for row in rows] == [crew[1], crew[2], crew[2], None, None]
    assert assignment.assign_waiting(at=NOW + timedelta(hours=6)) == 0


def test_a_unit_that_does_not_deal_is_left_to_be_taken(nordvaag, crew):
    row = make_question(nordvaag, "Hvor søker jeg?", unit="servicetorget")
    assert assignment.assign_waiting(at=LATER) == 0
    assert fresh(row).assignee is None


def test_what_somebody_has_is_not_dealt(nordvaag, crew, per):
    row = make_question(nordvaag)
    rules.take(row, by=per, at=NOW)
    with pytest.raises(Refused):
        assignment.assign_next(fresh(row), by=Actor.system(nordvaag.pk), at=LATER)


@pytest.mark.django_db(transaction=True)
def test_many_who_deal_at_once_fill_nobody_above_the_limit(nordvaag, per, crew):
    rows = [make_question(nordvaag) for _n in range(12)]
    gate = threading.Barrier(4)

    def run():
        close_old_connections()
        gate.wait()
        try:
            assignment.assign_waiting(at=LATER)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    given = [fresh(row).assignee_id for row in rows]
    assert sorted(given.count(one.pk) for one in crew) == [2, 2, 2]
    assert given.count(None) == 6


@pytest.mark.parametrize("event", ["conversation.opened", "message.received"])
def test_rules_answer_to_nothing_a_blocked_sender_does(nordvaag, per, event):
    first = make_question(nordvaag, email="kari@innbygger.test")
    rule = make_rule(nordvaag, per, event=event)
    week = NOW.date() + timedelta(days=7)
    persons.block(first.identity, reason="Trusler", until_on=week, by=per, at=NOW)
    again = make_question(nordvaag, "Igjen", email="kari@innbygger.test")
    other = make_question(nordvaag, "En annen", email="nina@innbygger.test")
    automation.follow(at=LATER)
    assert (fresh(again).tags, fresh(other).tags) == ([], ["vinter"])
    tried = automation.rehearse(rule, by=per, at=LATER)
    assert again not in [one.conversation for one in tried]
    assert other in [one.conversation for one in tried]
