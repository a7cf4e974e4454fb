"""Synapse stands on loopback (tests/peers/synapse); what is said in its rooms is answered there."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from django.utils import timezone
from PIL import Image

from tests.peers.rounds import connect, heard, listen
from tests.peers.synapse.server import PASSWORD
from torget.adapters.matrix import adapter
from torget.channels import http
from torget.channels import rules as channels
from torget.channels.contract import File, Outgoing, SendError
from torget.outbox import rules as outbox

pytestmark = [pytest.mark.heavy, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def us(homeserver):
    return homeserver.person("nordvaag", "Nordvåg")


@pytest.fixture
def kari(homeserver):
    return homeserver.person("kari", "Kari Prøve")


@pytest.fixture
def account(us, nordvaag):
    """The municipality's account as a channel of ours."""
    given = {"homeserver": us.server, "wait_seconds": 1}
    return connect(nordvaag, "matrix", us.user, given, {"access_token": us.token})


@pytest.fixture
def hall(us, kari, account):
    """A room anybody may enter, where the municipality and Kari are."""
    room = us.room(name="Nordvåg", preset="public_chat")
    kari.call("POST", f"client/v3/join/{room}", {})
    listen(account)
    return room


def answer_to(message, text="Vi brøyter i morgen tidlig.", key="svar-1", **more):
    given = {"recipient": message.identity.external_id, "parent": message.external_id}
    return Outgoing(key, body=text, **({"visibility": "public"} | given | more))


def event_of(name):
    return name.split("/", 1)[1]


def test_she_asks_in_a_room_is_answered_it_is_corrected_and_taken_back(account, us, kari, hall):
    asked = kari.say(hall, "Når blir Fjellveien brøytet? Hilsen Åse 🚜")
    (question,) = heard(account)
    assert question.external_id == f"{hall}/{asked}"
    assert question.visibility == "public"
    assert question.author_name == "Kari Prøve"
    assert question.identity.external_id == kari.user

    snapshot = channels.access(account)
    out = answer_to(question)
    receipt = adapter.send(out, snapshot)
    held = kari.sees(hall, event_of(receipt.external_id))
    assert held["content"]["body"] == "Vi brøyter i morgen tidlig."
    assert held["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == asked
    assert held["content"]["m.mentions"]["user_ids"] == [kari.user]
    assert adapter.send(out, snapshot) == receipt  # the same key is the same event
    assert len([one for one in kari.messages(hall) if one["sender"] == us.user]) == 1

    better = Outgoing("rett-1", "", "Vi brøyter i dag.", act="edit", target=receipt.external_id)
    assert adapter.find(better, snapshot) is None
    assert adapter.send(better, snapshot).external_id == receipt.external_id
    assert adapter.find(better, snapshot) is not None
    assert kari.messages(hall)[0]["content"]["m.new_content"]["body"] == "Vi brøyter i dag."

    # What comes back of our own is no question to us.
    assert len(listen(account)) == 1

    taken = Outgoing("ta-1", "", "", act="withdraw", target=receipt.external_id)
    assert adapter.find(taken, snapshot) is None
    adapter.send(taken, snapshot)
    adapter.send(taken, snapshot)
    assert adapter.find(taken, snapshot) is not None
    left = [one["content"] for one in kari.messages(hall) if one["sender"] == us.user]
    assert left == [{}, {}]  # the first wording and the corrected one


def test_her_edit_and_her_redaction_are_followed_and_nobody_elses_edit(
    account, us, kari, hall, homeserver
):
    asked = kari.say(hall, "Når brøytes Fjellveien?")
    (question,) = heard(account)
    thief = homeserver.person("tyv")
    thief.call("POST", f"client/v3/join/{hall}", {})
    changed = {
        "m.new_content": {"msgtype": "m.text", "body": "Når brøytes Bakken?"},
        "m.relates_to": {"rel_type": "m.replace", "event_id": asked},
    }
    thief.say(
        hall, "* Stygge ord", **{**changed, "m.new_content": {"msgtype": "m.text", "body": "Stygt"}}
    )
    listen(account)
    question.refresh_from_db()
    assert question.body == "Når brøytes Fjellveien?"
    kari.say(hall, "* Når brøytes Bakken?", **changed)
    listen(account)
    question.refresh_from_db()
    assert question.body == "Når brøytes Bakken?"
    kari.redact(hall, asked)
    listen(account)
    question.refresh_from_db()
    assert question.removed_at is not None
    assert question.body == ""


def test_an_invitation_is_accepted_and_what_is_said_between_two_is_private(account, us, kari):
    listen(account)
    room = kari.room(is_direct=True, invite=[us.user], preset="trusted_private_chat")
    kari.say(room, "Jeg vil klage på skattetakst")
    (question,) = heard(account)
    assert question.visibility == "private"
    receipt = adapter.send(answer_to(question, visibility="private"), channels.access(account))
    assert receipt.external_id.startswith(room)
    assert kari.messages(room)[0]["content"]["body"] == "Vi brøyter i morgen tidlig."


def test_who_asked_in_public_is_answered_in_private_in_a_room_of_two_made_once(
    account, us, kari, hall
):
    kari.say(hall, "Hvor mye skylder jeg?")
    (question,) = heard(account)
    snapshot = channels.access(account)
    first = adapter.send(answer_to(question, "Det kan vi si her.", visibility="private"), snapshot)
    second = adapter.send(
        answer_to(question, "Ring oss også.", key="svar-2", visibility="private"), snapshot
    )
    room = first.external_id.split("/")[0]
    assert room != hall
    assert second.external_id.startswith(room)
    kari.call("POST", f"client/v3/join/{room}", {})
    assert kari.messages(room)[0]["content"]["body"] == "Ring oss også."
    assert len([one for one in kari.messages(hall) if one["sender"] == us.user]) == 0


def test_a_private_answer_is_not_said_where_a_third_person_reads(account, us, kari, homeserver):
    listen(account)
    room = kari.room(is_direct=True, invite=[us.user], preset="trusted_private_chat")
    kari.say(room, "Jeg vil klage på skattetakst")
    (question,) = heard(account)
    neighbour = homeserver.person("nabo", "Nabo Prøve")
    kari.call("POST", f"client/v3/rooms/{room}/invite", {"user_id": neighbour.user})
    snapshot = channels.access(account)
    receipt = adapter.send(answer_to(question, "Bare til deg.", visibility="private"), snapshot)
    assert not receipt.external_id.startswith(room)
    again = answer_to(question, "Og mer.", key="svar-2", visibility="private")
    assert (
        adapter.send(again, snapshot).external_id.split("/")[0] == receipt.external_id.split("/")[0]
    )


def test_a_cut_line_is_settled_by_looking_also_from_another_session(
    account, us, kari, hall, monkeypatch
):
    kari.say(hall, "Er biblioteket åpent?")
    (question,) = heard(account)
    snapshot = channels.access(account)
    out = answer_to(question, "Ja, til klokka 18.", key="dobbel-1")
    assert adapter.find(out, snapshot) is None
    real = http.request

    def cut(method, url, **kwargs):
        answer = real(method, url, **kwargs)
        if "/send/" in url:
            raise http.HttpError("cut", maybe_sent=True)
        return answer

    monkeypatch.setattr(http, "request", cut)
    with pytest.raises(SendError) as caught:
        adapter.send(out, snapshot)
    assert caught.value.ambiguous
    monkeypatch.setattr(http, "request", real)
    found = adapter.find(out, snapshot)
    other = replace(snapshot, secrets={"password": PASSWORD})
    assert found is not None
    assert adapter.find(out, other) == found
    assert adapter.send(out, snapshot).external_id == found.external_id
    assert len([one for one in kari.messages(hall) if one["sender"] == us.user]) == 1


def test_pictures_go_both_ways_and_are_taken_back_with_the_words(account, us, kari, hall):
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(out, "PNG")
    made = kari.call("POST", "media/v3/upload?filename=hull.png", out.getvalue(), "image/png")
    info = {"mimetype": "image/png", "size": len(out.getvalue())}
    kari.say(
        hall,
        "Et hull i veien",
        msgtype="m.image",
        filename="hull.png",
        url=made["content_uri"],
        info=info,
    )
    (question,) = heard(account)
    assert question.body == "Et hull i veien"
    (file,) = question.attachments.all()
    assert (file.name, file.media_type) == ("hull.jpg", "image/jpeg")  # made safe to show

    snapshot = channels.access(account)
    snapshot = replace(snapshot, settings={**snapshot.settings, "room": hall})
    picture = File("bru.png", "image/png", out.getvalue(), "Den nye brua")
    said = Outgoing("post-1", "", "Brua er åpen.", act="publish", attachments=[picture])
    receipt = adapter.send(said, snapshot)
    image, words = kari.messages(hall)[:2]
    assert words["content"]["body"] == "Brua er åpen."
    assert (image["content"]["body"], image["content"]["info"]["w"]) == ("Den nye brua", 30)
    assert adapter.find(said, snapshot).external_id == receipt.external_id
    # Who answers the picture answers the words it came with.
    delivery = outbox.enqueue(account, said, about=account, at=timezone.now())
    outbox.settle_sent([(delivery.pk, receipt)], at=timezone.now())
    relates = {"m.in_reply_to": {"event_id": image["event_id"]}}
    kari.say(hall, "Så fin!", **{"m.relates_to": relates})
    polled = adapter.poll(snapshot, channels.cursor(account.pk))
    (comment,) = adapter.parse(polled.items[-1], snapshot, received_at=timezone.now())
    assert comment.parents[-1] == receipt.external_id
    adapter.send(Outgoing("ta-2", "", "", act="withdraw", target=receipt.external_id), snapshot)
    assert [one["content"] for one in kari.messages(hall)[1:3]] == [{}, {}]


def test_what_others_said_is_removed_where_we_may_and_refused_where_we_may_not(
    account, us, kari, hall
):
    kari.say(hall, "Kjøp klokker!")
    (spam,) = heard(account)
    snapshot = channels.access(account)
    adapter.send(Outgoing("fjern-1", "", "", act="remove", target=spam.external_id), snapshot)
    assert kari.messages(hall)[0]["content"] == {}
    theirs = kari.room(preset="public_chat")
    us.call("POST", f"client/v3/join/{theirs}", {})
    event = kari.say(theirs, "Mitt rom")
    with pytest.raises(SendError) as caught:
        adapter.send(
            Outgoing("fjern-2", "", "", act="remove", target=f"{theirs}/{event}"), snapshot
        )
    assert caught.value.permanent
    assert not caught.value.account


def test_nothing_is_lost_when_much_is_said_between_two_questions(account, us, kari, hall):
    for number in range(70):
        kari.say(hall, f"Melding {number}")
    said = listen(account)
    assert [one.body for one in said] == [f"Melding {number}" for number in range(70)]


def test_the_check_tells_when_the_token_is_not_taken_or_is_anothers(account, kari):
    snapshot = channels.access(account)
    assert adapter.check(snapshot).ok
    assert not adapter.check(replace(snapshot, secrets={"access_token": kari.token})).ok
    for secrets in ({"access_token": "feil"}, {"password": "feil"}):
        wrong = replace(snapshot, secrets=secrets)
        assert not adapter.check(wrong).ok
        with pytest.raises(SendError) as caught:
            adapter.poll(wrong, {})
        assert caught.value.account
