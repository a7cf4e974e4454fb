"""Field cases through the whole house: what the clerk sees, when it is due, and what a bounce settles."""

from __future__ import annotations

import pytest

from tests.field.mutations import INPUTS
from tests.field.test_mail import OWN, RECEIVED
from torget.channels import rules as channels
from torget.channels.contract import Outgoing, RawItem
from torget.conversations import deadlines
from torget.conversations.filing import file
from torget.conversations.models import Conversation, Message
from torget.conversations.rules import answer
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.protocols import mail as mails

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(nordvaag):
    return channels.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="email",
        address=OWN,
        name="Servicetorget, Nordvåg kommune",
        by=Actor.system(nordvaag.pk),
        at=RECEIVED,
    )


def received(account, raw: bytes) -> Envelope:
    """The mail comes in and is filed."""
    item = RawItem(mails.identity(raw), raw, "message/rfc822")
    envelope_id, _known = intake.receive(account.pk, item, at=RECEIVED)
    envelope = Envelope.objects.select_related("account__municipality").get(pk=envelope_id)
    file(envelope, at=RECEIVED)
    envelope.refresh_from_db()
    return envelope


def case(name: str) -> bytes:
    """A field case."""
    return (INPUTS / name).read_bytes()


def page_of(client, ola, conversation) -> str:
    """The conversation on the desk."""
    client.force_login(ola.staff.user)
    return client.get(f"/desk/sak/{conversation.ref}").content.decode()


def unknown(account, *keys: str) -> list[Delivery]:
    """Deliveries of which nobody knows whether they went out."""
    rows = [
        outbox.enqueue(
            account, Outgoing(key, "kari@innbygger.example", "Hei"), about=account, at=RECEIVED
        )
        for key in keys
    ]
    Delivery.objects.all().update(state="unknown", receipt="")
    return rows


def test_what_is_dated_years_ago_is_dated_when_it_came_and_the_clerk_sees_the_claim(
    account, client, ola
):
    received(account, case("24-date-years-old.eml"))
    row = Conversation.objects.get()
    assert row.opened_at == row.waiting_since == row.last_message_at == RECEIVED
    assert row.first_due_at == deadlines.dues(row, RECEIVED).first_due_at > RECEIVED
    page = page_of(client, ola, row)
    assert "Avsenderen oppgir et annet tidspunkt:" in page
    assert "2018" in page


def test_a_bounce_of_nothing_of_ours_settles_nothing(account):
    [other] = unknown(account, "k1")
    envelope = received(account, case("123-bounce-of-nothing-of-ours.eml"))
    other.refresh_from_db()
    assert (envelope.state, other.state) == ("noted", "unknown")


def test_a_bounce_refuses_the_unknown_delivery_it_names_and_no_other(account):
    named, other = unknown(account, "k1", "k2")
    ours = mails.message_id("k1", OWN)
    raw = case("123-bounce-of-nothing-of-ours.eml").replace(
        b"Reporting-MTA: dns; mx.example", f"Original-Message-ID: <{ours}>".encode()
    )
    received(account, raw)
    for row in (named, other):
        row.refresh_from_db()
    assert (named.state, other.state) == ("refused", "unknown")


def test_our_own_copy_coming_back_settles_the_unknown_delivery_as_sent(account):
    mine, other = unknown(account, "k1", "k2")
    raw = case("126-our-own-copy.eml").replace(
        b"t.60b825cf22f6b286aeff72adab97a351@nordvaag.example.no",
        mails.message_id("k2", OWN).encode(),
    )
    envelope = received(account, raw)
    for row in (mine, other):
        row.refresh_from_db()
    assert (envelope.state, mine.state, other.state) == ("noted", "unknown", "sent")
    assert other.receipt == mails.message_id("k2", OWN)


def test_an_invitation_shows_what_when_and_where(account, client, ola):
    received(account, case("18-calendar-only.eml"))
    page = page_of(client, ola, Conversation.objects.get())
    for words in ("torsdag 3. desember 2026 kl. 10.00", "Strandgata 4", "Ta med kart."):
        assert words in page


def test_what_could_not_be_checked_or_opened_is_said_on_the_desk(account, client, ola):
    received(account, case("21-smime-opaque-signed.eml"))
    message = Message.objects.get()
    assert message.body == "Hei, kan dere sende meg skjema for startlan?"
    page = page_of(client, ola, message.conversation)
    assert "Meldingen er signert, men Torget kunne ikke kontrollere signaturen." in page
    sealed = case("91-empty-body.eml").replace(
        b"text/plain; charset=utf-8",
        b'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
    ).replace(b"<k1@", b"<k2@") + bytes.fromhex("300b06092a864886f70d010703")
    received(account, sealed)
    message = Message.objects.latest("pk")
    page = page_of(client, ola, message.conversation)
    assert "kan ikke åpnes" in page or "kunne ikke åpnes" in page
    assert message.attachments.count() == 1


def test_a_thumb_on_our_answer_does_not_open_the_case_again(account, client, per):
    received(account, case("91-empty-body.eml"))
    conversation = Conversation.objects.get()
    answer(conversation, "Klokka ti.", by=per, at=RECEIVED)
    sent = Delivery.objects.get()
    ours = mails.message_id(sent.idempotency_key, OWN)
    Delivery.objects.update(state="sent", receipt=ours)
    raw = case("112-outlook-react.eml").replace(
        b"<k1@innbygger.example>", f"<r1@innbygger.example>\nIn-Reply-To: <{ours}>".encode()
    )
    received(account, raw)
    conversation.refresh_from_db()
    assert conversation.state == "answered"
    assert conversation.waiting_since is None
    assert conversation.messages.filter(kind="inbound").count() == 2
    client.force_login(per.staff.user)
    assert "Reaksjon: 👍" in client.get(f"/desk/sak/{conversation.ref}").content.decode()


def test_a_forwarded_bounce_and_a_talk_of_vacation_are_seen(account):
    for name in ("08-forwarded-bounce-with-question.eml", "09-reply-about-vacation-rental.eml"):
        raw = case(name).replace(b"<k1@", f"<{name[:2]}@".encode())
        assert received(account, raw).state == "filed"
    assert Message.objects.count() == 2


def test_our_own_words_about_it_are_in_the_municipalitys_language(account):
    account.municipality.default_language = "nn"
    account.municipality.save()
    received(account, case("18-calendar-only.eml"))
    body = Message.objects.get().body
    assert body.startswith("Innkalling: Befaring i Strandgata 4\nNår: torsdag 3. desember 2026")
    assert "Kvar: Strandgata 4" in body
