"""Mails like the field cases, damaged in every way: read, or set aside with words, within a second."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings

from tests.field.mutations import WHOLE, in_time, inputs, mutations, tried
from tests.field.test_mail import ACCOUNT, OWN, RECEIVED
from torget.adapters.email import adapter
from torget.channels import rules as channels
from torget.channels.contract import InboundMessage, NetworkEvent, RawItem, Unparseable
from torget.conversations.models import Message
from torget.conversations.tasks import file_due
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.people.models import Unit

PROOFS = (
    b"auto-submitted",
    b"return-path",
    b"multipart/report",
    b"x-torget-loop",
    b"mailer-daemon",
    b"<t.",  # how the ids of our own mails begin
)
pytestmark = [pytest.mark.growth, pytest.mark.timeout(3600)]


@pytest.fixture
def account(nordvaag):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    by = Actor.system(nordvaag.pk)
    return channels.open_account(
        unit, network="email", address=OWN, name="Torget", by=by, at=RECEIVED
    )


@pytest.fixture
def ola_at_work(client, ola):
    client.force_login(ola.staff.user)
    return client


@tried
@given(mutations(inputs("*.eml")))
def test_a_damaged_mail_is_one_thing_or_is_set_aside_with_words(named):
    _name, raw = named
    why = ""
    with in_time():
        try:
            found = adapter.parse(RawItem("", raw, "message/rfc822"), ACCOUNT, received_at=RECEIVED)
        except Unparseable as fault:
            found, why = [], str(fault)
    if not found:
        assert why.strip()
        return
    [one] = found
    if isinstance(one, NetworkEvent):
        # No mail is put aside without something in it that proves what it is.
        assert any(sign in raw.lower() for sign in PROOFS)
    assert isinstance(one, InboundMessage | NetworkEvent)
    if isinstance(one, InboundMessage):
        assert one.author.external_id
        assert "\x00" not in one.body + one.folded + one.subject


@pytest.mark.django_db
@settings(tried, max_examples=1_000 if WHOLE else 100)
@given(mutations(inputs("*.eml")))
def test_a_damaged_mail_is_filed_noted_or_set_aside_and_its_page_opens(account, ola_at_work, named):
    name, raw = named
    item = RawItem(f"{name}-{hashlib.sha256(raw).hexdigest()}", raw, "message/rfc822")
    envelope_id, _known = intake.receive(account.pk, item, at=RECEIVED)
    file_due(now=lambda: RECEIVED)
    envelope = Envelope.objects.get(pk=envelope_id)
    assert envelope.state in ("filed", "noted", "quarantined")
    assert envelope.error == "" or envelope.state == "quarantined"
    for message in Message.objects.filter(envelope=envelope):
        assert ola_at_work.get(f"/desk/sak/{message.conversation.ref}").status_code == 200
