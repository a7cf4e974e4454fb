"""A Mastodon interface on loopback (tests/peers/mastodon): what residents ask there is answered there."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from django.utils import timezone
from PIL import Image

from tests.peers.house import working
from tests.peers.rounds import connect, heard, listen
from tests.peers.waiting import until
from torget.adapters.mastodon import adapter
from torget.channels import http
from torget.channels import rules as channels
from torget.channels.contract import File, Outgoing, SendError
from torget.channels.models import Account
from torget.conversations.models import Message
from torget.conversations.rules import answering, correcting
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery

pytestmark = [pytest.mark.peer, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def account(mastodon, nordvaag):
    """The municipality's account there as a channel of ours."""
    given = {"server": mastodon.url, "reread_seconds": 0}
    secrets = {"access_token": mastodon.nordvaag.token}
    return connect(nordvaag, "mastodon", "nordvaag@mastodon.test", given, secrets)


def answer_to(message, text="Vi brøyter i morgen tidlig.", key="svar-1", **more):
    given = {"recipient": message.identity.external_id, "parent": message.external_id}
    return Outgoing(key, body=text, **({"visibility": "public"} | given | more))


def number(name):
    return name.rsplit(":", 1)[1]


def text_of(person, status_id):
    return person.call("GET", f"/api/v1/statuses/{status_id}/source")["text"]


def test_through_the_whole_house_she_is_answered_corrected_and_it_is_taken_back(
    account, mastodon, ola
):
    Account.objects.update(settings={**account.settings, "poll_seconds": 0.2})

    def replies():
        held = mastodon.kari.call("GET", f"/api/v1/statuses/{asked['id']}/context")["descendants"]
        return [text_of(mastodon.nordvaag, one["id"]) for one in held]

    with working():
        asked = mastodon.kari.post("@nordvaag Når blir Fjellveien brøytet?")
        question = until(Message.objects.filter(account=account).first)
        said = answering.answer(question.conversation, "I natt.", by=ola, at=timezone.now())
        assert until(replies) == [f"@kari I natt.\n– {said.signature}"]
        correcting.correct(said, "I morgen.", by=ola, at=timezone.now())
        until(lambda: replies() == [f"@kari I morgen.\n– {said.signature}"])
        correcting.withdraw(said, "Feil vei", by=ola, at=timezone.now())
        until(lambda: not replies())
    assert not Delivery.objects.exclude(state=Delivery.State.SENT).exists()


def test_what_she_asks_stands_there_at_once_though_we_ask_but_once_an_hour(account, mastodon):
    Account.objects.update(settings={**account.settings, "poll_seconds": 3600})
    with working():
        until(lambda: Account.objects.get(pk=account.pk).cursor.get("seen"))  # we listen
        mastodon.kari.post("@nordvaag Når blir Fjellveien brøytet?")
        assert until(Message.objects.filter(account=account).first)


def test_she_asks_is_answered_it_is_corrected_and_taken_back_and_she_edits_and_deletes(
    account, mastodon
):
    kari, us = mastodon.kari, mastodon.nordvaag
    listen(account)
    asked = kari.post("@nordvaag Når blir Fjellveien brøytet?\n\nHilsen Åse", language="nb")
    (question,) = heard(account)
    assert number(question.external_id) == asked["id"]
    assert question.body == "@nordvaag Når blir Fjellveien brøytet?\n\nHilsen Åse"
    assert (question.visibility, question.language) == ("public", "nb")
    assert question.author_name == "Kari Prøve"

    snapshot = channels.access(account)
    receipt = adapter.send(answer_to(question), snapshot)
    (reply,) = kari.call("GET", f"/api/v1/statuses/{asked['id']}/context")["descendants"]
    assert reply["id"] == number(receipt.external_id)
    assert reply["in_reply_to_id"] == asked["id"]
    assert "kari" in text_of(us, reply["id"])
    assert text_of(us, reply["id"]).endswith("Vi brøyter i morgen tidlig.")
    told = kari.call("GET", "/api/v1/notifications")
    assert [one["type"] for one in told] == ["mention"]

    better = Outgoing("rett-1", "", "Vi brøyter i dag.", act="edit", target=receipt.external_id)
    assert adapter.find(better, snapshot) is None
    assert adapter.send(better, snapshot).external_id == receipt.external_id
    assert adapter.find(better, snapshot).external_id == receipt.external_id
    assert text_of(us, reply["id"]).startswith("@kari")
    assert text_of(us, reply["id"]).endswith("Vi brøyter i dag.")

    kari.call("PUT", f"/api/v1/statuses/{asked['id']}", {"status": "@nordvaag Når brøytes Bakken?"})
    listen(account)
    question.refresh_from_db()
    assert question.body == "@nordvaag Når brøytes Bakken?"
    assert question.edited_at is not None

    taken = Outgoing("ta-1", "", "", act="withdraw", target=receipt.external_id)
    assert adapter.find(taken, snapshot) is None
    adapter.send(taken, snapshot)
    adapter.send(taken, snapshot)
    assert adapter.find(taken, snapshot) is not None
    assert kari.call("GET", f"/api/v1/statuses/{asked['id']}/context")["descendants"] == []

    kari.call("DELETE", f"/api/v1/statuses/{asked['id']}")
    listen(account)
    question.refresh_from_db()
    assert question.removed_at is not None
    assert question.body == ""


def test_a_direct_message_is_private_and_so_is_what_answers_it(account, mastodon):
    listen(account)
    asked = mastodon.kari.post("@nordvaag Jeg vil klage", visibility="direct")
    (question,) = heard(account)
    assert question.visibility == "private"
    snapshot = channels.access(account)
    receipt = adapter.send(answer_to(question, visibility="private"), snapshot)
    held = mastodon.nordvaag.call("GET", f"/api/v1/statuses/{number(receipt.external_id)}")
    assert (held["visibility"], held["in_reply_to_id"]) == ("direct", asked["id"])
    # A clerk who answers "in public" does not make her words public by it.
    receipt = adapter.send(answer_to(question, key="svar-2"), snapshot)
    held = mastodon.nordvaag.call("GET", f"/api/v1/statuses/{number(receipt.external_id)}")
    assert held["visibility"] == "direct"
    said = adapter.preview(answer_to(question, visibility="private"), snapshot)
    assert any("ikke hemmelig" in remark for remark in said.remarks)


def test_a_double_send_is_one_post_and_a_cut_line_is_settled_by_looking(
    account, mastodon, monkeypatch
):
    listen(account)
    asked = mastodon.kari.post("@nordvaag Er biblioteket åpent?")
    (question,) = heard(account)
    snapshot = channels.access(account)
    out = answer_to(question, "Ja, til klokka 18.", key="dobbel-1")
    assert adapter.find(out, snapshot) is None
    real = http.request

    def cut(method, url, **kwargs):
        answer = real(method, url, **kwargs)
        if (method, url.endswith("/api/v1/statuses")) == ("POST", True):
            raise http.HttpError("cut", maybe_sent=True)
        return answer

    monkeypatch.setattr(http, "request", cut)
    with pytest.raises(SendError) as caught:
        adapter.send(out, snapshot)
    assert caught.value.ambiguous
    monkeypatch.setattr(http, "request", real)
    found = adapter.find(out, snapshot)
    assert found is not None
    assert adapter.send(out, snapshot).external_id == found.external_id
    held = mastodon.kari.call("GET", f"/api/v1/statuses/{asked['id']}/context")["descendants"]
    assert len(held) == 1


def test_a_long_answer_is_a_thread_that_is_found_and_taken_back_whole(account, mastodon):
    listen(account)
    asked = mastodon.kari.post("@nordvaag Hva gjelder for byggesøknader?")
    (question,) = heard(account)
    snapshot = channels.access(account)
    text = " ".join(
        f"Punkt {number} er at søknaden må ha tegninger i målestokk." for number in range(20)
    )
    out = answer_to(question, text, key="lang-1")
    said = adapter.preview(out, snapshot)
    assert len(said.parts) == 3
    assert said.fits
    receipt = adapter.send(out, snapshot)
    found = adapter.find(out, snapshot)
    assert found.external_id == receipt.external_id
    assert adapter.send(out, snapshot).external_id == receipt.external_id
    held = mastodon.kari.call("GET", f"/api/v1/statuses/{asked['id']}/context")["descendants"]
    assert len(held) == 3
    # Who answers its last post goes on in the same conversation.
    delivery = outbox.enqueue(account, out, about=question, at=timezone.now())
    outbox.settle_sent([(delivery.pk, receipt)], at=timezone.now())
    mastodon.kari.post("@nordvaag Takk!", in_reply_to_id=held[-1]["id"])
    assert heard(account, 2)[1].conversation_id == question.conversation_id
    with pytest.raises(SendError) as caught:
        adapter.send(Outgoing("r", "", "Kort", act="edit", target=receipt.external_id), snapshot)
    assert caught.value.permanent
    adapter.send(Outgoing("ta", "", "", act="withdraw", target=receipt.external_id), snapshot)
    held = mastodon.kari.call("GET", f"/api/v1/statuses/{asked['id']}/context")["descendants"]
    assert [one for one in held if one["account"]["username"] == "nordvaag"] == []


def test_a_post_has_pictures_with_their_descriptions(account, mastodon):
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(out, "PNG")
    picture = File("bru.png", "image/png", out.getvalue(), "Den nye brua")
    said = Outgoing(
        "post-1", "", "Brua er åpen.", act="publish", attachments=[picture], warning="Bru"
    )
    receipt = adapter.send(said, channels.access(account))
    held = mastodon.kari.call("GET", f"/api/v1/statuses/{number(receipt.external_id)}")
    (media,) = held["media_attachments"]
    assert (media["type"], media["description"]) == ("image", "Den nye brua")
    assert (held["visibility"], held["spoiler_text"]) == ("public", "Bru")


def test_the_check_tells_when_the_token_is_not_taken(account):
    snapshot = channels.access(account)
    assert adapter.check(snapshot).ok
    wrong = replace(snapshot, secrets={"access_token": "feil"})
    assert not adapter.check(wrong).ok
    with pytest.raises(SendError) as caught:
        adapter.poll(wrong, {})
    assert caught.value.account
