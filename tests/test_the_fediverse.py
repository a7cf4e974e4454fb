"""Through a real ActivityPub server: followed, asked, answered, corrected, taken back; and what is forged is refused."""

from __future__ import annotations

import time

import pytest

from tests.peers.fedify import until

pytestmark = [pytest.mark.peer, pytest.mark.timeout(180)]

ANSWER = """
from torget.conversations.models import Conversation
from torget.desk.rules.replying import reply
from torget.people.actor import Actor
from torget.people.models import Staff
staff = Staff.objects.get(user__email__startswith='martin')
conversation = Conversation.objects.get(pk=pk)
message = reply(conversation, body, by=Actor.of_staff(staff), at=now)
told = message.pk
"""


def ask(town, name, text="Når blir Fjellveien brøytet?", **told):
    """Kari asks; the row of the message, the id of the note and how many seconds it took to stand there."""
    town.do("say", id=name, text=text, **told)
    uri = f"{town.fedify.origin}/n/{name}"
    begun = time.monotonic()
    row = town.message(uri)
    return row, uri, time.monotonic() - begun


def answer(town, row, text):
    town.clerk.do(ANSWER, pk=row[1], body=text)
    return town.fedify.wait_for("Create", lambda one: text in one["object"]["content"])


def test_kari_follows_the_municipality_and_is_accepted(town):
    town.do("follow", id="1")
    accepted = town.fedify.wait_for("Accept")
    assert accepted["actor"] == town.actor
    followers = town.square.query(
        "SELECT count(*) FROM activitypub_follower f JOIN activitypub_remote r ON r.id = f.remote_id WHERE r.uri = %s",
        f"{town.fedify.origin}/u/kari",
    )
    assert followers == [(1,)]
    town.do("unfollow", id="1")
    until(
        lambda: town.square.query("SELECT count(*) FROM activitypub_follower") == [(0,)],
        "her to be gone",
    )


def test_kari_asks_and_is_answered(town):
    row, uri, seconds = ask(town, "asked")
    assert seconds < 2
    assert row[2] == "Når blir Fjellveien brøytet?"
    assert row[3] == "public"
    assert row[5] == "kari på Fedify"
    said = answer(town, row, "Den brøytes før klokka sju.")
    assert said["object"]["inReplyTo"] == uri
    assert said["object"]["attributedTo"] == town.actor
    assert all(one["status"] == 202 for one in town.fedify.statuses())
