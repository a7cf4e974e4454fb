from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.cast import make_question, make_staff
from torget.casework.models import Draft, PendingReply
from torget.casework.rules import approval_rules, pending_replies
from torget.casework.rules.replying import Reply
from torget.casework.tasks import release_due
from torget.conversations.models import Message, Tag
from torget.errors import NotAllowed, Refused, Stale
from torget.history.models import Entry
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.people.roles import Role


@pytest.fixture
def gunn(nordvaag):
    """Approver."""
    return Actor.of_staff(make_staff(nordvaag, "Gunn", Role.APPROVER))


@pytest.fixture
def waiting(nordvaag, question, ola, per, now):
    """Ola's answer to Kari, waiting for a second person."""
    approval_rules.add_rule(nordvaag, "Private svar", by=per, at=now, visibility="private")
    return pending_replies.submit(question, Reply("Du får plass."), by=ola, at=now, seconds=10)


def answers(conversation):
    return [m.body for m in conversation.messages.filter(kind=Message.Kind.ANSWER)]


def test_a_reply_of_that_kind_waits_however_long(question, waiting, now):
    assert waiting.state == PendingReply.State.APPROVAL
    release_due(now=lambda: now + timedelta(days=3))
    assert answers(question) == []


def test_approved_it_is_sent_under_its_writers_name(question, waiting, gunn, now):
    message = pending_replies.approve(waiting, by=gunn, at=now)
    assert (message.body, message.signature) == ("Du får plass.", "Ola, Servicetorget")
    assert message.approved_by == gunn.staff
    waiting.refresh_from_db()
    assert (waiting.state, waiting.decided_by) == (PendingReply.State.SENT, gunn.staff)
    assert Entry.objects.get(verb="reply.approved").actor_id == gunn.id
    with pytest.raises(Stale):
        pending_replies.approve(waiting, by=gunn, at=now)


def test_sent_back_the_writer_has_the_text_and_the_reason(
    client, question, waiting, ola, gunn, now
):
    with pytest.raises(Refused, match="hvorfor"):
        pending_replies.send_back(waiting, "  ", by=gunn, at=now)
    pending_replies.send_back(waiting, "Nevn fristen også.", by=gunn, at=now)
    assert Draft.objects.get(staff=ola.staff).body == "Du får plass."
    client.force_login(ola.staff.user)
    page = client.get(f"/desk/sak/{question.ref}").content.decode()
    assert "Gunn: Nevn fristen også." in " ".join(page.split())
    assert ">Du får plass.</textarea>" in page.replace("\n", "")


def test_nobody_approves_their_own(nordvaag, question, per, now):
    approval_rules.add_rule(nordvaag, "Alle", by=per, at=now)
    held = pending_replies.submit(question, Reply("Mitt eget"), by=per, at=now, seconds=10)
    with pytest.raises(Refused, match="ditt eget"):
        pending_replies.approve(held, by=per, at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        PendingReply.objects.filter(pk=held.pk).update(state="sent", decided_by=per.staff)
    with pytest.raises(IntegrityError), transaction.atomic():
        PendingReply.objects.filter(pk=held.pk).update(state="sent")


def test_only_approvers_of_the_unit_may(nordvaag, waiting, ola, charlie, now):
    other = Actor.of_staff(make_staff(nordvaag, "Nils", Role.APPROVER, over="teknisk-drift"))
    waiting.conversation.unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    waiting.conversation.save()
    for actor in (ola, charlie, other):
        with pytest.raises(NotAllowed):
            pending_replies.approve(waiting, by=actor, at=now)
        assert not pending_replies.waiting_for(actor).exists()


def test_the_writer_may_withdraw_it(question, waiting, ola, gunn, now):
    pending_replies.undo_send(waiting, by=ola, at=now)
    assert Draft.objects.get().body == "Du får plass."
    with pytest.raises(Stale):
        pending_replies.approve(waiting, by=gunn, at=now)


@pytest.mark.parametrize(
    ("term", "waits"),
    [
        ({}, True),
        ({"visibility": "private"}, True),
        ({"visibility": "public"}, False),
        ({"network": "form"}, True),
        ({"network": "email"}, False),
        ({"tag": "barn"}, True),
        ({"tag": "vinter"}, False),
        ({"unit": "teknisk-drift"}, True),
        ({"unit": "rot"}, True),
        ({"unit": "servicetorget"}, False),
    ],
)
def test_conditions_decide_what_waits(nordvaag, question, ola, per, now, term, waits):
    Tag.objects.create(municipality=nordvaag, slug="barn", name="Barn")
    question.tags = ["barn"]
    question.save()
    if "unit" in term:
        term = term | {"unit": Unit.objects.get(municipality=nordvaag, slug=term["unit"])}
    rule = approval_rules.add_rule(nordvaag, "Noen", by=per, at=now, **term)
    held = pending_replies.submit(question, Reply("Svar"), by=ola, at=now, seconds=0)
    assert (held.state == PendingReply.State.APPROVAL) == waits
    approval_rules.end_rule(rule, by=per, at=now)
    assert (
        pending_replies.submit(question, Reply("Igjen"), by=ola, at=now, seconds=0).state == "sent"
    )


def test_the_public_word_beside_a_private_answer_counts_as_public(nordvaag, ola, per, now):
    approval_rules.add_rule(nordvaag, "Offentlige", by=per, at=now, visibility="public")
    asked = make_question(nordvaag, "Hvem hjelper?", visibility="public")
    plain = Reply("Privat", visibility="private")
    assert pending_replies.submit(asked, plain, by=ola, at=now, seconds=0).state == "sent"
    both = Reply("Privat", visibility="private", public_note="Vi fortsetter privat.")
    assert pending_replies.submit(asked, both, by=ola, at=now, seconds=0).state == "approval"


def test_terms_are_set_by_those_who_may_and_for_their_own_units(nordvaag, ola, amina, now):
    for actor in (ola, amina):
        with pytest.raises(NotAllowed):
            approval_rules.add_rule(nordvaag, "x", by=actor, at=now)
    unit = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    lead = Actor.of_staff(make_staff(nordvaag, "Tor", Role.DUTY_LEAD, over="teknisk-drift"))
    approval_rules.add_rule(nordvaag, "Vårt", by=lead, at=now, unit=unit)
    with pytest.raises(NotAllowed):
        approval_rules.add_rule(nordvaag, "Alles", by=lead, at=now)


def test_the_pages_do_it_all(client, nordvaag, question, ola, per, gunn, now):
    client.force_login(per.staff.user)
    client.post("/desk/innstillinger/godkjenning", {"name": "Alt"})
    assert "Alt" in client.get("/desk/innstillinger/godkjenning").content.decode()
    client.force_login(ola.staff.user)
    address = f"/desk/sak/{question.ref}"
    page = client.post(f"{address}/svar", {"svar-body": "Du får plass."}, follow=True)
    assert "Venter på godkjenning" in page.content.decode()
    client.force_login(gunn.staff.user)
    assert client.get("/desk/start").url == "/desk/godkjenning"
    page = client.get("/desk/godkjenning").content.decode()
    assert question.subject in page
    held = PendingReply.objects.get()
    refused = client.post(f"/desk/godkjenning/{held.pk}", {"gjor": "tilbake"})
    assert refused.status_code == 422
    client.post(f"/desk/godkjenning/{held.pk}", {"gjor": "godkjenn"})
    assert answers(question) == ["Du får plass."]
    assert "Ingen svar venter" in client.get("/desk/godkjenning").content.decode()


def test_of_a_long_talk_no_more_is_read_than_is_shown(
    client, question, waiting, gunn, now, monkeypatch
):
    first = question.messages.get()
    Message.objects.bulk_create(
        Message(
            conversation=question,
            kind="inbound",
            visibility="private",
            identity=first.identity,
            body=f"Purring {number:02}.",
            occurred_at=now + timedelta(minutes=number),
            created_at=now + timedelta(minutes=number),
        )
        for number in range(1, 31)
    )
    Message.objects.filter(body="Purring 30.").update(hidden_at=now)
    read, made = [], Message.from_db

    def note(*row):
        read.append(made(*row))
        return read[-1]

    monkeypatch.setattr(Message, "from_db", note)
    client.force_login(gunn.staff.user)
    page = client.get("/desk/godkjenning").content.decode()
    assert len(read) == 6
    shown = [number for number in range(1, 31) if f"Purring {number:02}." in page]
    assert shown == [24, 25, 26, 27, 28, 29]
    assert page.index("Purring 24.") < page.index("Purring 29.")
