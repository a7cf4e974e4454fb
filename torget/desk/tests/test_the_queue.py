from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.cast import NOW, make_question, make_staff
from torget.casework.models import Handover, Preference, SavedView
from torget.casework.rules import handover, preferences
from torget.conversations import rules
from torget.conversations.models import Conversation
from torget.conversations.rules import snoozing, tagging
from torget.design.counting import count_at_most
from torget.desk.queries import queue as pane
from torget.desk.queries.filters import Choice
from torget.desk.queries.queue import due_words
from torget.errors import NotAllowed, Refused
from torget.history.models import Entry
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.roles import Role


@pytest.fixture
def desk(ola):
    client = Client()
    client.force_login(ola.staff.user)
    return client


def refs(page):
    return [part.split('"')[0].split("?")[0] for part in page.split('href="/desk/sak/')[1:]]


def test_a_late_case_climbs_above_those_who_waited_longer(nordvaag, desk):
    now = timezone.now()
    old = make_question(nordvaag, at=now - timedelta(hours=20))
    late = make_question(nordvaag, at=now - timedelta(hours=2))
    Conversation.objects.filter(pk=old.pk).update(first_due_at=now + timedelta(days=1))
    Conversation.objects.filter(pk=late.pk).update(first_due_at=now - timedelta(minutes=125))
    page = desk.get("/desk/").content.decode()
    assert refs(page) == [late.ref, old.ref]
    assert "Forsinket 2 t" in page
    assert refs(desk.get("/desk/?vis=late").content.decode()) == [late.ref]


def test_deadlines_are_told_in_words(nordvaag, now):
    row = Conversation.objects.get(pk=make_question(nordvaag).pk)
    assert due_words(row, at=row.due_at - timedelta(hours=2)) == {
        "words": "Svar innen i dag kl. 15.30",
        "colour": "warning",
    }
    assert due_words(row, at=row.due_at + timedelta(hours=26))["words"] == "Forsinket 1 dag og 2 t"


@pytest.mark.parametrize("view", ["waiting", "closed", "late", "snoozed"])
def test_the_next_page_begins_where_the_last_ended(nordvaag, desk, monkeypatch, view, ola):
    monkeypatch.setattr(pane, "QUEUE", 3)
    now = timezone.now()
    rows = [make_question(nordvaag, at=now - timedelta(hours=n)) for n in range(8)]
    for number, row in enumerate(rows):
        if view == "closed":
            rules.close(row, by=ola, at=now)
        if view == "snoozed":
            snoozing.snooze(
                row, now + timedelta(hours=number + 1) if number else None, by=ola, at=now
            )
        if view == "late" or (view == "waiting" and number < 4):
            Conversation.objects.filter(pk=row.pk).update(
                first_due_at=now - timedelta(hours=number)
            )
    address, met = f"/desk/?vis={view}", []
    for _page in range(4):
        page = desk.get(address).content.decode()
        met += refs(page)
        more = page.split('href="/desk/?vis=')[1:]
        following = [part.split('"')[0] for part in more if "etter=" in part.split('"')[0]]
        if not following:
            break
        address = "/desk/?vis=" + following[0].replace("&amp;", "&")
    assert sorted(met) == sorted(row.ref for row in rows)
    assert len(met) == 8


@pytest.mark.parametrize(
    "mark",
    ["x", "w.", "w._", "d.2026-99-99_1", "w.2026-01-01T00:00:00+00:00_" + "9" * 30, "x.%00_1"],
)
def test_a_strange_place_to_begin_is_no_fault(desk, mark):
    assert desk.get("/desk/", {"etter": mark}).status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "vis=x&enhet=%F0%28",
        "hos=999999999999999999",
        "hos=-1",
        "synlig=alt",
        "merke=%27%22",
        "kanal=" + "x" * 500,
    ],
)
def test_strange_filters_are_no_fault(desk, address):
    assert desk.get(f"/desk/?{address}").status_code == 200


def test_filters_narrow_the_queue(nordvaag, desk, ola, per):
    tagging.make_tag(nordvaag, "Vinter", by=per, at=timezone.now())
    snow = make_question(nordvaag, "Når brøytes det?")
    pool = make_question(nordvaag, "Åpent i jula?", unit="servicetorget", visibility="public")
    tagging.add_tag(snow, "vinter", by=ola, at=timezone.now())
    rules.take(pool, by=ola, at=timezone.now())
    met = {
        query: refs(desk.get(f"/desk/?{query}").content.decode())
        for query in (
            "merke=vinter",
            "synlig=public",
            "hos=meg",
            "hos=ingen",
            "enhet=teknisk-drift",
            "kanal=form",
            "kanal=email",
        )
    }
    assert met == {
        "merke=vinter": [snow.ref],
        "synlig=public": [pool.ref],
        "hos=meg": [pool.ref],
        "hos=ingen": [snow.ref],
        "enhet=teknisk-drift": [snow.ref],
        "kanal=form": [snow.ref, pool.ref],
        "kanal=email": [],
    }


def test_a_view_is_saved_for_oneself_or_for_ones_unit_with_its_counter(nordvaag, desk, ola, per):
    for _n in range(3):
        make_question(nordvaag, unit="servicetorget")
    desk.post("/desk/visninger", {"name": "Torget", "tilbake": "vis=free&enhet=servicetorget&x=y"})
    desk.post("/desk/visninger", {"name": "Delt", "unit": "servicetorget", "tilbake": "vis=late"})
    own = SavedView.objects.get(name="Torget")
    assert (own.query, own.staff) == ("vis=free&enhet=servicetorget", ola.staff)
    page = " ".join(desk.get("/desk/").content.decode().split())
    assert 'Torget <span class="n">3</span>' in page
    other = Client()
    other.force_login(per.staff.user)
    page = other.get("/desk/").content.decode()
    assert "Delt" in page
    assert ">Torget " not in page
    with pytest.raises(Refused):
        preferences.drop_view(own, by=per, at=timezone.now())
    desk.post(f"/desk/visninger/{own.pk}/bort", {})
    assert not SavedView.objects.filter(pk=own.pk).exists()


def test_a_unit_where_one_has_no_role_gets_no_view(nordvaag, charlie, ola):
    unit = nordvaag.units.get(slug="servicetorget")
    with pytest.raises((NotAllowed, Refused)):
        preferences.save_view(nordvaag, "x", "vis=mine", unit=unit, by=charlie, at=timezone.now())


def test_counters_are_one_question_and_stop_counting(nordvaag, ola, django_assert_num_queries):
    for _n in range(4):
        make_question(nordvaag)
    rows = Conversation.objects.visible_to(ola)
    wanted = {
        name: Choice(view=name).held_against(rows, staff_id=ola.id, at=NOW)
        for name in ("waiting", "mine", "late")
    }
    with django_assert_num_queries(1):
        assert count_at_most(wanted | {"none": rows.none()}, most=3) == {
            "waiting": 3,
            "mine": 0,
            "late": 0,
            "none": 0,
        }


def test_the_queue_asks_no_more_for_many_than_for_few(
    nordvaag, desk, ola, django_assert_max_num_queries
):
    for n in range(12):
        make_question(nordvaag)
        preferences.save_view(nordvaag, f"V{n}", "vis=mine", by=ola, at=timezone.now())
    desk.get("/desk/")
    with django_assert_max_num_queries(32):
        desk.get("/desk/")


def test_shortcuts_are_on_the_page_only_when_switched_on(desk, ola):
    assert "keys.js" not in desk.get("/desk/").content.decode()
    response = desk.post("/desk/meg", {"shortcuts": "on", "undo_seconds": "20", "most_open": "7"})
    assert response.status_code == 302
    held = Preference.objects.get(staff=ola.staff)
    assert (held.shortcuts, held.undo_seconds, held.most_open) == (True, 20, 7)
    assert "keys.js" in desk.get("/desk/").content.decode()
    assert desk.post("/desk/meg", {"undo_seconds": "61", "most_open": "x"}).status_code == 422


# The record of one conversation ----------------------------------------------------------------


def test_everything_that_happened_is_told_also_verbs_nobody_gave_words(
    desk, question, ola, per, now
):
    rules.take(question, by=ola, at=now)
    snoozing.snooze(question, now + timedelta(days=1), by=ola, at=now)
    Entry.objects.create(
        at=now,
        municipality_id=question.municipality_id,
        actor_kind="staff",
        actor_id=ola.id,
        verb="conversation.teleported",  # of a room that is not here any more
        subject_type="conversations.conversation",
        subject_id=question.pk,
    )
    page = desk.get(f"/desk/sak/{question.ref}").content.decode()
    assert "Ola tok saken" in page
    assert "Ola la saken på vent til tirsdag 24. nov. kl. 10.00" in page
    assert "Ola: conversation.teleported" in page


def test_a_conversation_is_printed_with_notes_marked_and_put_on_record(desk, question, ola, now):
    rules.note(question, "Et internt ord", by=ola, at=now)
    page = desk.get(f"/desk/sak/{question.ref}/utskrift").content.decode()
    assert "Internt notat fra Ola, Servicetorget" in page
    assert Entry.objects.filter(verb="conversation.printed", actor_id=ola.id).count() == 1


def test_a_conversation_is_exported_with_its_original_bytes(desk, question, ola, now):
    rules.answer(question, "Før klokka tolv.", by=ola, at=now)
    response = desk.get(f"/desk/sak/{question.ref}/eksport")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    held = json.loads(archive.read("sak.json"))
    assert [one["body"] for one in held["messages"]] == [
        "Når blir Fjellveien brøytet?",
        "Før klokka tolv.",
    ]
    envelope = question.messages.first().envelope
    assert archive.read(held["messages"][0]["original"]) == bytes(envelope.body)
    assert "conversation.opened" in [one["verb"] for one in held["history"]]
    assert Entry.objects.filter(verb="conversation.exported").exists()


@pytest.mark.parametrize("copy", ["utskrift", "eksport"])
def test_the_bytes_that_came_in_are_never_held_all_at_once(desk, question, copy):
    with CaptureQueriesContext(connection) as asked:
        desk.get(f"/desk/sak/{question.ref}/{copy}").close()
    of_messages = [one["sql"] for one in asked if 'FROM "conversations_message"' in one["sql"]]
    assert any('"intake_envelope"."media_type"' in sql for sql in of_messages)
    assert not any('"intake_envelope"."body"' in sql for sql in of_messages)


# A shift hands over ----------------------------------------------------------------------------


@pytest.fixture
def shifts(nordvaag, ola):
    """Ola is on until in an hour; Nina comes after him."""
    now = timezone.now()
    nina = Actor.of_staff(make_staff(nordvaag, "Nina", Role.RESPONDER))
    unit, system = nordvaag.units.get(slug="servicetorget"), Actor.system(nordvaag.pk)
    for who, begins, ends in ((ola, -3, 1), (nina, 1, 5)):
        people.roster(
            who.staff,
            unit,
            starts_at=now + timedelta(hours=begins),
            ends_at=now + timedelta(hours=ends),
            by=system,
            at=now,
        )
    return nina


def test_the_leaver_hands_what_is_chosen_to_the_next_who_sees_it_until_they_say_so(
    nordvaag, desk, ola, shifts
):
    mine = make_question(nordvaag, "Mitt", unit="servicetorget")
    free = make_question(nordvaag, "Ingens", unit="servicetorget")
    rules.take(mine, by=ola, at=timezone.now())
    page = desk.get("/desk/vakt/overlever").content.decode()
    assert "Nina Prøve" in page
    assert (mine.ref in page, free.ref in page) == (True, True)
    form = {"valgt": [mine.ref], "note": "Ring brøytelaget.", "to": shifts.id}
    assert (
        "1 sak er overlevert til Nina."
        in desk.post("/desk/vakt/overlever", form, follow=True).content.decode()
    )
    assert Conversation.objects.get(pk=mine.pk).assignee == shifts.staff
    assert Conversation.objects.get(pk=free.pk).assignee is None
    nina = Client()
    nina.force_login(shifts.staff.user)
    page = nina.get("/desk/").content.decode()
    assert "Overlevert fra Ola" in page
    assert "Ring brøytelaget." in page
    handover = Handover.objects.get()
    assert desk.post(f"/desk/overlevering/{handover.pk}/lest", {}).status_code == 404
    nina.post(f"/desk/overlevering/{handover.pk}/lest", {})
    assert "Overlevert fra Ola" not in nina.get("/desk/").content.decode()


def test_nobody_hands_over_a_colleagues_conversation_or_duty(nordvaag, ola, per, shifts):
    row = make_question(nordvaag, unit="servicetorget")
    rules.take(row, by=per, at=timezone.now())
    duty = ola.staff.duties.get()
    handed = handover.hand_over(duty, [row], "Hei", to=shifts.staff, by=ola, at=timezone.now())
    assert (handed.done, handed.refused[0][0]) == (0, row.ref)
    with pytest.raises(Refused):
        handover.hand_over(duty, [row], "Hei", to=shifts.staff, by=per, at=timezone.now())
    assert Conversation.objects.get(pk=row.pk).assignee == per.staff


def test_nothing_goes_to_somebody_who_may_not_take_it(nordvaag, ola, amina, shifts):
    row = make_question(nordvaag, unit="servicetorget")
    handed = handover.hand_over(
        ola.staff.duties.get(), [row], "", to=amina.staff, by=ola, at=timezone.now()
    )
    assert handed.done == 0
