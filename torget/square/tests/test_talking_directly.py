from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from torget.channels import account_health
from torget.channels.models import Account
from torget.channels.rules import open_account
from torget.conversations.models import Chat, Conversation, Message
from torget.conversations.rules import answer, chatting, note, take
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit


@pytest.fixture
def mailbox(nordvaag, now):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    return open_account(
        unit,
        network="email",
        address="post@nordvaag.test",
        name="Post",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def begin(client, words="Er bassenget åpent?", **more):
    page = client.post("/prat", {"body": words, "name": "Kari", **more})
    assert page.status_code == 302
    return Chat.objects.get(conversation__subject=words), page["Location"]


def part(client, path):
    return client.get(f"{path}?del=samtale").content.decode()


def test_the_page_says_whether_somebody_is_there(client, nordvaag):
    assert "Ingen er på vakt akkurat nå" in client.get("/prat").content.decode()


def test_when_somebody_is_on_duty_it_says_so(client, nordvaag, on_duty):
    page = client.get("/prat").content.decode()
    assert "Vi er tilgjengelige for direkte dialog" in page
    assert "Ola" in page


def test_a_talk_from_first_words_to_transcript(client, nordvaag, on_duty, ola, mailbox):
    chat, path = begin(client, email="kari@innbygger.test")
    conversation = chat.conversation
    assert (conversation.network, conversation.visibility) == ("chat", "private")
    assert "Du er neste i køen" in part(client, path)
    take(conversation, by=ola, at=timezone.now())
    answer(conversation, "Ja, til klokka 20.", by=ola, at=timezone.now())
    shown = part(client, path)
    assert "Du snakker med Ola" in shown
    assert "Ja, til klokka 20." in shown
    assert client.post(path, {"body": "Takk!"}).status_code == 302
    again = Message.objects.filter(conversation=conversation, kind="inbound")
    assert len({one.identity_id for one in again}) == 1
    assert not Delivery.objects.exists()  # who sits at the page needs no mail
    client.post(f"{path}/slutt", {"gjor": "slutt"})
    client.post(f"{path}/slutt", {"gjor": "slutt"})
    sent = Delivery.objects.get()
    assert sent.recipient == "kari@innbygger.test"
    for words in ("Er bassenget åpent?", "Ja, til klokka 20.", "Takk!"):
        assert words in sent.payload["body"]
    assert "Praten er avsluttet" in part(client, path)


def test_notes_never_stand_in_the_talk_or_its_transcript(client, nordvaag, ola, mailbox):
    chat, path = begin(client)
    note(chat.conversation, "HEMMELIG", by=ola, at=timezone.now())
    client.post(f"{path}/slutt", {"gjor": "utskrift", "email": "kari@innbygger.test"})
    assert "HEMMELIG" not in part(client, path)
    assert "HEMMELIG" not in str(Delivery.objects.get().payload)


def test_places_in_the_queue_count_only_those_who_are_there(client, nordvaag, on_duty):
    first, _path = begin(client, "Først")
    second, path = begin(client, "Dernest")
    at = timezone.now()
    assert chatting.position(second, at=at) == 2
    assert "Du er nummer 2 i køen" in part(client, path)
    Chat.objects.filter(pk=first.pk).update(resident_seen_at=at - timedelta(minutes=5))
    assert chatting.position(second, at=at) == 1


def test_who_has_left_gets_what_was_said_by_mail_once(client, nordvaag, ola, mailbox):
    chat, _path = begin(client, email="kari@innbygger.test")
    later = timezone.now() + timedelta(minutes=3)
    answer(chat.conversation, "Ja, til klokka 20.", by=ola, at=later)
    for _time in range(3):
        chatting.look_after(at=later + timedelta(minutes=1))
    assert "Ja, til klokka 20." in Delivery.objects.get().payload["body"]


def test_a_talk_nobody_is_at_ends_by_itself(client, nordvaag):
    chat, _path = begin(client)
    chatting.look_after(at=timezone.now() + timedelta(minutes=31))
    chat.refresh_from_db()
    assert chat.ended_at is not None


def test_each_sees_that_the_other_writes(client, nordvaag, ola, on_duty):
    chat, path = begin(client)
    client.post(f"{path}/skriver")
    chat.refresh_from_db()
    assert chatting.typing(chat, "resident", at=timezone.now())
    take(chat.conversation, by=ola, at=timezone.now())
    chatting.types(chat.conversation, "staff", at=timezone.now())
    assert "Ola skriver" in part(client, path)
    assert not chatting.typing(chat, "resident", at=timezone.now() + timedelta(seconds=10))


def test_the_address_is_the_key(client, nordvaag):
    chat, _path = begin(client)
    wrong = f"/prat/{chat.conversation.ref}/{'a' * 26}"
    assert client.get(wrong).status_code == 404
    assert client.post(f"{wrong}/skriver").status_code == 404


def test_only_sites_the_municipality_named_may_frame_it(client, nordvaag):
    nordvaag.website = "https://www.nordvaag.example.no"
    nordvaag.save()
    framed = client.get("/prat?ramme=1")
    assert "https://www.nordvaag.example.no" in framed["Content-Security-Policy"]
    assert "X-Frame-Options" not in framed
    assert "frame-ancestors 'none'" in client.get("/prat")["Content-Security-Policy"]
    script = client.get("/embed/prat.js")
    assert "/prat?ramme=1" in script.content.decode()


def test_who_decided_not_to_chat_leads_to_the_form(client, nordvaag, liv, now):
    begin(client)
    account = Account.objects.get(network="chat")
    account_health.decide_use(
        account,
        in_use=False,
        note="For få på vakt",
        decided_on=now.date(),
        decided_by="Kommunedirektøren",
        by=liv,
        at=now,
    )
    page = client.post("/prat", {"body": "Hallo?"})
    assert page.status_code == 422
    assert "Praten er ikke i bruk" in page.content.decode()
    assert Conversation.objects.count() == 1
