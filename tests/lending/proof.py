"""A room of one folder and one line of settings stands everywhere a room stands. Run by tests/test_a_new_room.py."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from tests.cast import do_jobs
from tests.lending import rules
from tests.lending.room import LOAN
from tests.test_conventions import HOUSE
from torget import rooms
from torget.casework.rules import automation
from torget.channels import watchdog
from torget.channels.models import Heartbeat
from torget.channels.rules import open_account
from torget.config import doctor, tasks
from torget.config.live import Announcements
from torget.conversations.models import Conversation
from torget.demo import story
from torget.desk.queries.timeline import events
from torget.insight.measures import figures
from torget.people.actor import Actor
from torget.people.models import Municipality, Unit
from torget.subscriptions.models import Subscription


@pytest.fixture
def loan(nordvaag):
    return rules.borrow(
        nordvaag, "Kan jeg låne en drill?", by=Actor.resident(nordvaag.pk), now=timezone.now()
    )


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


def test_its_kind_of_conversation_is_in_the_same_inbox(loan, ola, client):
    assert (loan.kind, loan.public_path) == (LOAN.name, f"/utlan/{loan.ref}")
    client.force_login(ola.staff.user)
    assert "Kan jeg låne en drill?" in page(client, "/desk/")
    assert "Kan jeg låne en drill?" in page(client, f"/desk/sak/{loan.ref}")
    assert "Utlån" in page(client, "/desk/")


def test_its_pages_are_in_the_menus_with_a_number_and_a_tile(loan, ola, amina):
    public = page(Client(), "/utlan")
    assert "Kan jeg låne en drill?" in public
    assert 'href="/utlan"\n' in public
    assert "aria-current" in public.split('href="/utlan"')[1][:80]
    assert "Gratis i to uker" in page(Client(), "/")
    client = Client()
    client.force_login(ola.staff.user)
    staff = page(client, "/desk/utlan")
    assert 'data-counts="loans"' in staff
    assert "Lån på vent" in staff
    client.force_login(amina.staff.user)
    assert client.get("/desk/utlan").status_code == 403
    assert "Lån på vent" not in page(client, "/desk/svar")


def test_its_feed_search_and_topic_are_there(loan, nordvaag, client, now):
    assert "Kan jeg låne en drill?" in page(client, "/feed/utlan.atom")
    assert "/feed/utlan.atom" in page(client, "/feed/")
    found = page(client, "/sok?q=drill")
    assert "Til låns" in found
    assert f"/utlan/{loan.ref}" in found
    open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="email",
        address="post@nordvaag.test",
        name="Post",
        by=Actor.system(nordvaag.pk),
        at=now,
    )
    sent = client.post("/folg/om/people.unit/servicetorget", {"email": "nina@innbygger.test"})
    assert sent.status_code == 200
    do_jobs()
    assert Subscription.objects.get().topic_type == "people.unit"


def test_its_verb_is_a_sentence_and_an_event_for_rules(loan, ola, now):
    with transaction.atomic():
        rules.make_ready(loan, by=ola, now=now)
    assert "Ola gjorde lånet klart" in [event.words for event in events(loan)]
    assert "loan.ready" in automation.events()
    assert rooms.verbs()["loan.ready"].public


def test_its_live_topic_tells_everybody_that_something_happened_and_nothing_more(db):
    announcements = Announcements(lambda _municipality: None)
    with announcements.subscribed(1, "", "utlan") as visitor:
        for verb, private in (
            ("loan.ready", False),
            ("loan.ready", True),
            ("message.noted", False),
        ):
            announcements.announce(
                json.dumps({"m": 1, "v": verb, "t": "x.y", "s": 7, "c": 8, "p": private})
            )
        assert visitor.get_nowait() == b"event: change\ndata: {}\n\n"
        assert visitor.empty()


def test_its_loop_job_check_and_watch_are_run(db, now):
    loops = {loop.name: loop for loop in rooms.gather("loops")}
    rooms.load(loops["lending"].run)(threading.Event())
    assert Heartbeat.objects.get(name="lending")
    assert "lending.remind" in {job.name for job in rooms.gather("jobs")}
    assert "lending.remind" in tasks.app.tasks
    assert ("lending", "En hammer er ikke levert.") in {
        (sort, standstill.detail) for sort, standstill in watchdog.standstills(at=now)
    }
    found = {finding.name: finding.troubles for finding in doctor.examine(at=now)}
    assert found["lending"] == ["A hammer is missing. Look in the shed."]


def test_its_measure_stands_among_the_figures(loan, ola):
    today = timezone.localdate()
    counted = figures(ola, since=today - timedelta(days=1), until=today).counted
    assert {one.name: one.number for one in counted}["loans"] == 1


def test_its_part_of_the_story_is_told(db):
    story.load()
    town = Municipality.objects.get(number="9901")
    assert Conversation.objects.filter(municipality=town, kind=LOAN.name).exists()


def test_nothing_of_it_stands_in_the_house():
    assert not [path for path in HOUSE.rglob("*.py") if "tests.lending" in path.read_text()]
