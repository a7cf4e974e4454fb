from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from tests.cast import NOW, make_question, make_staff
from torget.casework.models import BulkAct
from torget.casework.rules import bulk_acts, macros
from torget.conversations import rules
from torget.conversations.models import Conversation
from torget.conversations.rules import tagging
from torget.errors import NotAllowed, Refused
from torget.history.models import Entry
from torget.people.actor import Actor
from torget.people.roles import Role


@pytest.fixture
def five(nordvaag):
    return [make_question(nordvaag, f"Spørsmål {n}") for n in range(5)]


def fresh(row):
    return Conversation.objects.get(pk=row.pk)


def test_several_are_closed_with_a_row_of_history_each_and_undone_together(five, ola):
    outcome = bulk_acts.run(five, "close", "", by=ola, at=NOW)
    assert (outcome.done, outcome.refused) == (5, [])
    closed = Entry.objects.filter(verb="conversation.closed")
    assert {entry.data["batch"] for entry in closed} == {outcome.batch.pk}
    assert closed.count() == 5
    back = bulk_acts.undo(outcome.batch, by=ola, at=NOW + timedelta(minutes=1))
    assert back.done == 5
    rows = [fresh(one) for one in five]
    assert {(row.state, row.closed_at, row.waiting_since) for row in rows} == {("new", None, NOW)}
    assert all(row.due_at for row in rows)
    assert Entry.objects.filter(verb="conversation.restored").count() == 5


def test_what_was_changed_since_is_left_alone(five, ola, per):
    outcome = bulk_acts.run(five, "take", "", by=ola, at=NOW)
    rules.assign(fresh(five[0]), per.staff, by=per, at=NOW)
    back = bulk_acts.undo(outcome.batch, by=ola, at=NOW)
    assert back.done == 4
    assert [ref for ref, _why in back.refused] == [five[0].ref]
    assert fresh(five[0]).assignee == per.staff
    with pytest.raises(Refused):
        bulk_acts.undo(outcome.batch, by=ola, at=NOW)


def test_those_refused_are_told_with_the_reason_and_the_rest_is_done(five, ola, per):
    rules.take(five[2], by=per, at=NOW)
    outcome = bulk_acts.run([fresh(one) for one in five], "take", "", by=ola, at=NOW)
    assert outcome.done == 4
    assert outcome.refused == [(five[2].ref, "Per Prøve har allerede tatt saken.")]
    assert fresh(five[2]).assignee == per.staff


def test_an_undo_is_ones_own_and_not_for_ever(five, ola, per):
    outcome = bulk_acts.run(five, "close", "", by=ola, at=NOW)
    with pytest.raises(Refused):
        bulk_acts.undo(outcome.batch, by=per, at=NOW)
    with pytest.raises(Refused):
        bulk_acts.undo(outcome.batch, by=ola, at=NOW + timedelta(days=1))


def test_nothing_chosen_and_nothing_done_leave_no_batch(five, charlie, ola):
    with pytest.raises(Refused):
        bulk_acts.run([], "close", "", by=ola, at=NOW)
    outcome = bulk_acts.run(five, "close", "", by=charlie, at=NOW)
    assert (outcome.batch, outcome.done, len(outcome.refused)) == (None, 0, 5)
    assert not BulkAct.objects.exists()


@pytest.fixture
def winter(nordvaag, per):
    tagging.make_tag(nordvaag, "Vinter", by=per, at=NOW)
    return macros.save_macro(
        None,
        nordvaag,
        name="Vintervei",
        actions=[
            {"act": "tag", "value": "vinter"},
            {"act": "note", "value": "Sendt til brøytelaget."},
            {"act": "forward", "value": "servicetorget"},
        ],
        by=per,
        at=NOW,
    )


def test_a_macro_does_several_things_to_many_with_one_undo(nordvaag, five, ola, winter):
    Conversation.objects.update(unit=nordvaag.units.get(slug="teknisk-drift"))
    outcome = bulk_acts.run_macro(winter, five, by=ola, at=NOW)
    assert outcome.done == 5
    row = fresh(five[0])
    assert (row.tags, row.unit.slug) == (["vinter"], "servicetorget")
    assert row.messages.filter(kind="note").get().body == "Sendt til brøytelaget."
    assert Entry.objects.filter(verb="conversation.tagged", data__macro=winter.pk).count() == 5
    bulk_acts.undo(outcome.batch, by=ola, at=NOW)
    row = fresh(five[0])
    assert (row.tags, row.unit.slug) == ([], "teknisk-drift")
    assert row.messages.filter(kind="note").exists()  # what was said is not taken back


def test_a_macro_is_done_whole_or_not_at_all(five, ola, winter):
    row = five[0]  # it is where the macro's last step would send it
    outcome = bulk_acts.run_macro(winter, [fresh(row)], by=ola, at=NOW)
    assert outcome.done == 0
    assert fresh(row).tags == []
    assert not fresh(row).messages.filter(kind="note").exists()


def test_only_those_who_arrange_the_desk_make_macros(nordvaag, ola, five, winter, charlie):
    with pytest.raises(NotAllowed):
        macros.save_macro(None, nordvaag, name="x", actions=[{"act": "close"}], by=ola, at=NOW)
    with pytest.raises(Refused):
        bulk_acts.run_macro(winter, five, by=charlie, at=NOW)


def test_the_page_closes_several_and_undoes_it(nordvaag, five, ola):
    client = Client()
    client.force_login(ola.staff.user)
    chosen = [five[0].ref, five[1].ref]
    response = client.post(
        "/desk/samlet",
        {"act": "close", "valgt": chosen, "tilbake": "vis=free&enhet=x"},
        follow=True,
    )
    page = response.content.decode()
    assert response.redirect_chain == [("/desk/?vis=free&enhet=x", 302)]
    assert "2 saker er endret." in page
    batch = BulkAct.objects.get()
    assert f"/desk/samlet/{batch.pk}/angre" in page
    page = client.post(f"/desk/samlet/{batch.pk}/angre", {}, follow=True).content.decode()
    assert "Angret: 2 saker er som før." in page
    assert {row.state for row in Conversation.objects.all()} == {"new"}
    assert "/angre" not in page


def test_the_page_touches_only_what_one_may_read(nordvaag, elsewhere, ola, five):
    theirs = make_question(elsewhere)
    school = Actor.of_staff(make_staff(nordvaag, "Bo", Role.RESPONDER, over="teknisk-drift"))
    Conversation.objects.filter(pk=five[0].pk).update(unit=nordvaag.units.get(slug="servicetorget"))
    client = Client()
    client.force_login(school.staff.user)
    client.post("/desk/samlet", {"act": "close", "valgt": [five[0].ref, theirs.ref, "NV-2026-999"]})
    assert not Conversation.objects.filter(state="closed").exists()


def test_only_fresh_acts_are_offered_to_be_undone(nordvaag, five, ola):
    client = Client()
    client.force_login(ola.staff.user)
    client.post("/desk/samlet", {"act": "close", "valgt": [five[0].ref]})
    BulkAct.objects.update(done_at=timezone.now() - timedelta(minutes=11))
    assert "/angre" not in client.get("/desk/").content.decode()
