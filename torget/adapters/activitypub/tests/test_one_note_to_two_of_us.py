"""One note that names two of our actors is one message in one conversation, whichever of them hears of it first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from torget.adapters.activitypub.tests.specimens import (
    CREATED,
    DELETED,
    UPDATED,
    item,
)
from torget.conversations.filing import file
from torget.conversations.models import Conversation, Message
from torget.desk.queries.timeline import events
from torget.history.models import Entry
from torget.intake import rules as intake
from torget.intake.models import Envelope

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(account, school):
    """Our two actors, and a note that names both of them."""

    def tell(held, *accounts, at):
        named = [
            f"http://testserver/ap/{one.address.partition('@')[0]}" for one in (account, school)
        ]
        told = {**held, "cc": named}
        if held["type"] != "Delete":
            told["object"] = {
                **held["object"],
                "cc": named,
                "attachment": [],
                "tag": [{"type": "Mention", "href": one} for one in named],
            }
        for one in accounts:
            intake.receive(one.pk, item(told), at=at)
            file(Envelope.objects.latest("pk"), at=at)

    return tell


def test_it_is_one_conversation_that_says_where_else_it_came(account, school, both, at):
    both(CREATED, account, school, at=at)
    message = Message.objects.get()
    conversation = Conversation.objects.get()
    assert (message.account, conversation.account) == (account, account)
    noted = Entry.objects.get(verb="conversation.also_told")
    assert noted.data["account"] == school.pk
    words = [one.words for one in events(conversation)]
    assert any("Teknisk drift" in one for one in words)


def test_edits_and_deletions_are_written_once_through_either(account, school, both, at):
    both(CREATED, account, at=at)
    both(UPDATED, school, account, at=at + timedelta(minutes=1))
    message = Message.objects.get()
    assert message.body == "Når brøytes Fjellveien og Sjøgata?"
    assert message.versions.count() == 1
    both(DELETED, school, at=at + timedelta(minutes=2))
    message.refresh_from_db()
    assert message.removed_at is not None
