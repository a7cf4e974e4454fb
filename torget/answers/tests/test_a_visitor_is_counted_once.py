"""Was it useful: yes, no, a word; once each, never shown to the public."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from tests.cast import make_question
from torget.answers import rules
from torget.answers.models import Rating
from torget.answers.rules.ratings import MOST_PER_HOUR, visitor_of
from torget.conversations import rules as conversations
from torget.errors import Refused
from torget.history.models import Entry
from torget.people.daykey import destroy
from torget.people.models import DayKey


@pytest.fixture
def answer(nordvaag, ola, now):
    talk = make_question(nordvaag)
    conversations.answer(talk, "I dag.", by=ola, at=now)
    talk.refresh_from_db()
    return rules.publish(talk, question="Når kommer plogen?", body="I dag.", by=ola, at=now)


def helped(answer):
    answer.refresh_from_db()
    return answer.helped


def test_the_moment_it_helps_is_counted_once_however_often_it_is_sent(client, answer):
    for _again in range(3):
        assert client.post(f"/spor/hjalp/{answer.slug}").status_code == 200
    assert helped(answer) == 1
    assert Entry.objects.filter(verb="answer.helped").count() == 1
    assert Rating.objects.get().place == "asking"


def test_another_browser_or_address_is_another_visitor(client, answer):
    client.post(f"/spor/hjalp/{answer.slug}")
    client.post(f"/spor/hjalp/{answer.slug}", headers={"user-agent": "En annen"})
    client.post(f"/spor/hjalp/{answer.slug}", REMOTE_ADDR="192.0.2.7")
    assert helped(answer) == 3


def test_a_link_that_is_followed_and_a_form_on_another_site_count_nothing(answer):
    elsewhere = Client(enforce_csrf_checks=True, headers={"sec-fetch-site": "cross-site"})
    assert elsewhere.get(f"/spor/hjalp/{answer.slug}").status_code == 405
    assert elsewhere.post(f"/spor/hjalp/{answer.slug}").status_code == 403
    assert elsewhere.post(f"/svar/{answer.slug}/nyttig", {"nyttig": "ja"}).status_code == 403
    assert helped(answer) == 0


def test_one_may_change_ones_mind_and_is_still_one(client, answer):
    address = f"/svar/{answer.slug}/nyttig"
    client.post(address, {"nyttig": "ja"})
    assert helped(answer) == 1
    client.post(address, {"nyttig": "nei", "ord": "Det sto ikke når."})
    assert helped(answer) == 0
    row = Rating.objects.get()
    assert (row.useful, row.word) == (False, "Det sto ikke når.")


def test_the_hundredth_in_an_hour_is_refused(answer, nordvaag, ola, now):
    visitor = visitor_of("192.0.2.1", "nettleser", at=now)
    for number in range(MOST_PER_HOUR):
        other = rules.publish(
            answer.source, question=f"Spørsmål {number}?", body="Ja.", by=ola, at=now
        )
        rules.note_helped(other, visitor=visitor, at=now)
    with pytest.raises(Refused) as refusal:
        rules.note_helped(answer, visitor=visitor, at=now)
    assert refusal.value.code == "too_many"


def test_the_visitor_is_not_known_from_the_row_and_is_another_tomorrow(db, now):
    name = visitor_of("192.0.2.1", "nettleser", at=now)
    assert re.fullmatch(r"[0-9a-f]{40,64}", name)
    assert name == visitor_of("192.0.2.1", "nettleser", at=now)
    assert name != visitor_of("192.0.2.1", "nettleser", at=now.replace(day=now.day + 1))


def test_the_key_a_visitor_is_named_with_is_destroyed_so_that_nobody_can_reckon_it_again(db, now):
    name = visitor_of("192.0.2.1", "nettleser", at=now)
    visitor_of("192.0.2.1", "nettleser", at=now.replace(day=now.day + 1))
    assert DayKey.objects.count() == 1
    assert name != visitor_of("192.0.2.1", "nettleser", at=now)  # the day's key is gone for good
    destroy(before=now.date() + timedelta(days=9))
    assert not DayKey.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'people_daykey'")
        assert cursor.fetchone() == ("u",)  # in no backup, and in no log of writes


def test_the_word_is_shown_to_editors_and_nobody_else(client, answer, ola, now):
    client.post(f"/svar/{answer.slug}/nyttig", {"nyttig": "nei", "ord": "ORDETMITT"})
    for page in (f"/svar/{answer.slug}", "/svar/", "/", "/feed/svar.json"):
        assert "ORDETMITT" not in client.get(page).content.decode()
    client.force_login(ola.staff.user)
    assert "ORDETMITT" in client.get("/desk/svar?vis=no").content.decode()
    client.post(f"/desk/svar/{answer.slug}/lest")
    assert Rating.objects.get().seen_at
