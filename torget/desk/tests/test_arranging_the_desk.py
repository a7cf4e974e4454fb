from __future__ import annotations

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.cast import NOW, make_question, make_staff
from torget.casework.models import AssignmentPolicy, AutomationRule, Macro
from torget.casework.rules import automation, macros
from torget.conversations import deadlines
from torget.conversations.models import Conversation, Deadline, Tag
from torget.conversations.rules import tagging, terms
from torget.errors import NotAllowed
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role


@pytest.fixture
def lead(per):
    client = Client()
    client.force_login(per.staff.user)
    return client


def test_a_deadline_is_decided_on_the_page_and_those_who_wait_are_reckoned_anew(nordvaag, lead):
    question = make_question(nordvaag)
    form = {
        "what": "first",
        "amount": "3",
        "measure": "open_hours",
        "warn_hours": "1",
        "unit": "",
        "kind": "",
        "network": "",
    }
    page = lead.post("/desk/innstillinger/frister", form, follow=True).content.decode()
    assert "3 timer i åpningstiden" in page
    job = ProcrastinateJob.objects.get(task_name="conversations.reckon_one")
    assert job.args == {"municipality_id": nordvaag.pk}
    assert deadlines.reckon_all(nordvaag) == 1
    row = Deadline.objects.get()
    lead.post(f"/desk/innstillinger/frister/{row.pk}/bort", {})
    assert not Deadline.objects.exists()
    deadlines.reckon_all(nordvaag)
    question = Conversation.objects.get(pk=question.pk)
    assert question.due_at.astimezone(deadlines.OSLO).hour == 15


@pytest.mark.parametrize("amount", ["", "-1", "401", "x"])
def test_a_deadline_that_is_none_is_refused_with_what_was_typed_kept(nordvaag, lead, amount):
    form = {"what": "first", "amount": amount, "measure": "months", "warn_hours": "7"}
    response = lead.post("/desk/innstillinger/frister", form)
    assert response.status_code == 422
    assert 'value="7"' in response.content.decode()


def test_tags_are_made_renamed_and_retired_on_the_page(nordvaag, lead):
    lead.post("/desk/innstillinger/merker", {"name": "Glatt vei"})
    tag = Tag.objects.get()
    lead.post(f"/desk/innstillinger/merker/{tag.pk}", {"name": "Glatte veier", "act": "retire"})
    tag.refresh_from_db()
    assert (tag.slug, tag.name, tag.active) == ("glatt-vei", "Glatte veier", False)
    lead.post(f"/desk/innstillinger/merker/{tag.pk}", {"name": "Glatte veier", "act": "use"})
    tag.refresh_from_db()
    assert tag.active


def test_a_macro_is_written_changed_and_taken_out_of_use_on_the_page(nordvaag, lead):
    form = {"name": "Ferdig", "act_0": "note", "value_0": "Avklart på telefon.", "act_1": "close"}
    lead.post("/desk/innstillinger/makroer", form)
    macro = Macro.objects.get()
    assert macro.actions == [{"act": "note", "value": "Avklart på telefon."}, {"act": "close"}]
    page = lead.get(f"/desk/innstillinger/makroer/{macro.pk}").content.decode()
    assert "Avklart på telefon." in page
    question = make_question(nordvaag)
    page = lead.post(
        f"/desk/sak/{question.ref}/makro", {"macro": macro.pk}, follow=True
    ).content.decode()
    assert "«Ferdig» er gjort." in page
    lead.post(f"/desk/innstillinger/makroer/{macro.pk}", form | {"act": "retire"})
    macro.refresh_from_db()
    assert not macro.active


def test_dealing_is_decided_for_each_unit(nordvaag, lead):
    lead.post("/desk/innstillinger/fordeling/teknisk-drift", {"active": "on", "most_open": "12"})
    row = AssignmentPolicy.objects.get()
    assert (row.unit.slug, row.active, row.most_open) == ("teknisk-drift", True, 12)
    assert "Fordeles, høyst 12 hver" in lead.get("/desk/innstillinger/fordeling").content.decode()


def test_strange_numbers_and_names_are_no_fault(nordvaag, lead):
    question = make_question(nordvaag)
    for path, form in (
        (f"sak/{question.ref}/makro", {"macro": "x"}),
        (f"sak/{question.ref}/merke", {"merke": "finnes-ikke"}),
        (f"sak/{question.ref}/vent", {"vent-choice": "time", "vent-until": "i går"}),
        (f"sak/{question.ref}/slaa-sammen", {"other": "NV-2026-999"}),
        (f"sak/{question.ref}/slaa-sammen/angre", {"sammen": "9" * 30}),
        (f"sak/{question.ref}/del-opp", {"messages": "x"}),
        ("samlet", {"act": "macro-999999999999", "valgt": [question.ref]}),
        ("samlet", {"act": "assign", "staff": "x", "valgt": [question.ref]}),
        ("visninger", {"name": ""}),
    ):
        assert lead.post(f"/desk/{path}", form).status_code in {200, 302, 422}


# What holds for the whole municipality is decided by who may decide for all of it ----------------


@pytest.fixture
def tora(nordvaag):
    """Duty lead of technical operations alone."""
    return Actor.of_staff(make_staff(nordvaag, "Tora", Role.DUTY_LEAD, over="teknisk-drift"))


RULE = {
    "name": "Regel",
    "event": "conversation.opened",
    "conditions": [],
    "actions": [{"act": "close"}],
    "last": False,
    "position": 1,
}


def test_a_lead_of_one_unit_makes_and_switches_no_rule_for_all(nordvaag, per, tora):
    with pytest.raises(NotAllowed):
        automation.save_rule(None, nordvaag, **RULE, by=tora, at=NOW)
    rule = automation.save_rule(None, nordvaag, **RULE, by=per, at=NOW)
    with pytest.raises(NotAllowed):
        automation.save_rule(rule, nordvaag, **RULE, by=tora, at=NOW)
    with pytest.raises(NotAllowed):
        automation.switch(rule, True, by=tora, at=NOW)
    rule.refresh_from_db()
    assert (rule.active, rule.changed_by) == (False, per.staff)


def test_the_page_tells_a_lead_of_one_unit_why_not_and_keeps_what_was_typed(nordvaag, tora):
    client = Client()
    client.force_login(tora.staff.user)
    form = {"name": "Alt lukkes", "event": "conversation.opened", "position": "1", "act_0": "close"}
    response = client.post("/desk/innstillinger/regler", form)
    assert response.status_code == 422
    assert "Dette gjelder hele kommunen." in response.content.decode()
    assert 'value="Alt lukkes"' in response.content.decode()
    assert not AutomationRule.objects.exists()


def test_a_lead_of_one_unit_decides_deadlines_there_and_nowhere_else(nordvaag, per, tora):
    own = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    other = Unit.objects.get(municipality=nordvaag, slug="servicetorget")

    def decide(unit, by):
        return terms.set_deadline(
            nordvaag,
            "first",
            amount=1,
            measure="days",
            warn_hours=1,
            unit=unit,
            by=by,
            at=NOW,
        )

    terms.drop_deadline(decide(own, tora), by=tora, at=NOW)
    for unit in (other, None):
        with pytest.raises(NotAllowed):
            decide(unit, tora)
        row = decide(unit, per)
        with pytest.raises(NotAllowed):
            terms.drop_deadline(row, by=tora, at=NOW)
    assert Deadline.objects.count() == 2


def test_a_lead_of_one_unit_makes_no_tags_and_macros_for_all(nordvaag, per, tora):
    tag = tagging.make_tag(nordvaag, "Vinter", by=per, at=NOW)
    steps = [{"act": "close"}]
    macro = macros.save_macro(None, nordvaag, name="Ferdig", actions=steps, by=per, at=NOW)
    for change in (
        lambda: tagging.make_tag(nordvaag, "Sommer", by=tora, at=NOW),
        lambda: tagging.change_tag(tag, "Sommer", active=False, by=tora, at=NOW),
        lambda: macros.save_macro(None, nordvaag, name="x", actions=steps, by=tora, at=NOW),
        lambda: macros.save_macro(macro, nordvaag, name="x", actions=steps, by=tora, at=NOW),
    ):
        with pytest.raises(NotAllowed):
            change()
    assert list(Tag.objects.values_list("name", "active")) == [("Vinter", True)]
    assert list(Macro.objects.values_list("name", flat=True)) == ["Ferdig"]
