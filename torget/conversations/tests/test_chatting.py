from __future__ import annotations

import pytest

from tests.cast import make_question
from torget.channels.rules import open_account
from torget.conversations.rules import chatting
from torget.errors import Refused
from torget.outbox.models import Delivery
from torget.people.actor import Actor


@pytest.fixture
def chat(nordvaag, now):
    conversation = make_question(nordvaag)
    if not nordvaag.accounts.filter(network="email").exists():
        open_account(
            conversation.unit,
            network="email",
            address="post@nordvaag.test",
            name="Post",
            by=Actor.system(nordvaag.pk),
            at=now,
        )
    return chatting.begin(conversation, "", at=now)


def letters():
    return Delivery.objects.filter(account__network="email").order_by("pk")


def test_who_wrote_the_wrong_address_is_sent_the_transcript_at_the_right_one(chat, now):
    before = letters().count()
    for address in ("kari@eksempel.n0", "kari@eksempel.no", "kari@eksempel.no"):
        chatting.ask_for_transcript(chat, address, at=now)
    sent = [one.recipient for one in letters()[before:]]
    assert sent == ["kari@eksempel.n0", "kari@eksempel.no"]


def test_the_chat_cannot_be_used_to_send_letters_to_the_whole_town(chat, now):
    before = letters().count()
    for number in range(chatting.MOST_TRANSCRIPTS):
        chatting.ask_for_transcript(chat, f"a{number}@eksempel.no", at=now)
    with pytest.raises(Refused) as refused:
        chatting.ask_for_transcript(chat, "b@eksempel.no", at=now)
    assert refused.value.code == "too_often"
    assert letters().count() - before == chatting.MOST_TRANSCRIPTS
