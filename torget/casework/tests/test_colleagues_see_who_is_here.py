from __future__ import annotations

import json
from datetime import timedelta

import psycopg
import pytest
from django.db import connection

from tests.cast import make_question, make_staff
from torget.casework.models import Presence
from torget.casework.rules import drafts, presence
from torget.config.live import Announcements
from torget.errors import NotAllowed
from torget.history.models import Entry
from torget.people.actor import Actor
from torget.people.roles import Role


def seen(question, by, at):
    found = presence.colleagues(question, by=by, at=at)
    return [s.first_name for s in found.looking], [s.first_name for s in found.writing]


def test_one_sees_who_looks_and_who_writes_but_not_oneself(question, ola, per, now):
    presence.be_here(question, writing=False, by=per, at=now)
    presence.be_here(question, writing=False, by=ola, at=now)
    assert seen(question, ola, now) == (["Per"], [])
    presence.be_here(question, writing=True, by=per, at=now)
    assert seen(question, ola, now) == ([], ["Per"])
    presence.leave(question, by=per)
    assert seen(question, ola, now) == ([], [])


def test_who_says_no_more_is_gone_after_a_while(question, ola, per, now):
    presence.be_here(question, writing=True, by=per, at=now)
    assert seen(question, ola, now + timedelta(seconds=40)) == ([], ["Per"])
    assert seen(question, ola, now + timedelta(seconds=60)) == ([], [])
    assert presence.forget_gone(at=now + timedelta(hours=2)) == 1


def test_a_begun_answer_is_known_when_its_writer_has_left(question, ola, per, now):
    drafts.keep(question, "answer", "Et halvt svar", by=per, at=now)
    drafts.keep(question, "note", "Et notat", by=ola, at=now)
    begun = presence.colleagues(question, by=ola, at=now + timedelta(hours=1)).begun
    assert [one.staff.first_name for one in begun] == ["Per"]
    assert not presence.colleagues(question, by=ola, at=now + timedelta(hours=30)).begun


def test_presence_is_no_history_and_strangers_are_nowhere(question, ola, charlie, now):
    before = Entry.objects.count()
    presence.be_here(question, writing=True, by=ola, at=now)
    assert Entry.objects.count() == before
    with pytest.raises(NotAllowed):
        presence.be_here(question, writing=True, by=charlie, at=now)


@pytest.mark.django_db(transaction=True)
def test_only_a_change_is_announced(nordvaag, now):
    ola = Actor.of_staff(make_staff(nordvaag, "Ola", Role.RESPONDER))
    question = make_question(nordvaag)
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context"):
        parameters.pop(ours, None)
    with psycopg.connect(**parameters, autocommit=True) as link:
        link.execute("LISTEN torget")
        for writing in (False, False, True, True, False):
            presence.be_here(question, writing=writing, by=ola, at=now)
        presence.leave(question, by=ola)
        presence.leave(question, by=ola)
        told = [json.loads(note.payload) for note in link.notifies(timeout=1)]
    assert [one["v"] for one in told] == ["presence"] * 4  # came, writes, stopped, left
    assert told[0] == {
        "m": nordvaag.pk,
        "v": "presence",
        "t": "conversations.conversation",
        "s": question.pk,
    }


def test_the_ready_pages_are_kept_when_somebody_only_looks_or_writes_a_note():
    dropped = []
    announcements = Announcements(dropped.append)
    with announcements.subscribed(1, "") as queue:
        announcements.announce(
            '{"m": 1, "v": "presence", "t": "conversations.conversation", "s": 7}'
        )
        assert dropped == []
        assert queue.get_nowait().startswith(b"event: presence\n")
        announcements.announce(
            '{"m": 1, "v": "message.noted", "t": "conversations.message", "s": 7}'
        )
        assert dropped == []
        assert queue.get_nowait().startswith(b"id: ")
        announcements.announce(
            '{"m": 1, "v": "message.received", "t": "conversations.message", "s": 7}'
        )
        assert dropped == [1]


def test_the_page_tells_of_colleagues_without_scripts_too(client, question, ola, per, now):
    client.force_login(per.staff.user)
    address = f"/desk/sak/{question.ref}"
    marked = client.post(f"{address}/her", {"writing": "1"})
    assert marked["X-Ready-Unchanged"] == "1"
    client.force_login(ola.staff.user)
    assert "Per svarer nå." in client.get(address).content.decode()
    assert "Per svarer nå." in client.get(f"{address}/her").content.decode()
    client.force_login(per.staff.user)
    client.post(f"{address}/her", {"leave": "1"})
    assert not Presence.objects.exists()
