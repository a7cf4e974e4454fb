"""A time far from the receipt is what its sender claims; deadlines run from the receipt."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.cast import NOW
from torget.channels.contract import RawItem
from torget.channels.models import Account
from torget.channels.rules import open_account
from torget.conversations import deadlines
from torget.conversations.filing import file
from torget.conversations.models import Message
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.people.models import Unit


@pytest.fixture
def account(nordvaag):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    by = Actor.system(nordvaag.pk)
    return open_account(unit, network="webhook", address="fag", name="Fagsystem", by=by, at=NOW)


def said(account: Account, said_at, *, received_at=NOW, filed_at=NOW, **more) -> Message:
    """What somebody says by a system whose clock says so."""
    told = {"id": "1", "type": "message.new", "author": {"id": "kari"}, "body": "Hei", **more}
    told["occurred_at"] = said_at.isoformat()
    item = RawItem("1", json.dumps(told).encode(), "application/json")
    envelope_id, _seen = intake.receive(account.pk, item, at=received_at)
    envelope = Envelope.objects.select_related("account__municipality").get(pk=envelope_id)
    file(envelope, at=filed_at)
    return Message.objects.select_related("conversation__municipality").get()


@pytest.mark.parametrize("year", [1970, 2018, 2038])
def test_a_clock_that_is_years_off_dates_nothing_and_makes_nothing_late(account, year):
    message = said(account, NOW.replace(year=year))
    row = message.conversation
    assert (message.occurred_at, message.claimed_at) == (NOW, NOW.replace(year=year))
    assert (row.opened_at, row.last_message_at, row.waiting_since) == (NOW, NOW, NOW)
    assert row.first_due_at == deadlines.dues(row, NOW).first_due_at > NOW


def test_what_came_some_days_late_keeps_its_time_and_its_deadline_runs_from_the_receipt(account):
    message = said(account, NOW - timedelta(days=4))
    row = message.conversation
    assert (message.occurred_at, message.claimed_at) == (NOW - timedelta(days=4), None)
    assert row.waiting_since == NOW
    assert row.first_due_at == deadlines.dues(row, NOW).first_due_at


def test_what_waited_with_us_was_received_when_it_was_received(account):
    message = said(account, NOW + timedelta(hours=5), filed_at=NOW + timedelta(days=1))
    assert (message.occurred_at, message.claimed_at) == (NOW, NOW + timedelta(hours=5))
    assert message.conversation.waiting_since == NOW


def test_a_clerk_sees_the_senders_own_time(account, client, ola):
    message = said(account, NOW.replace(year=2018))
    client.force_login(ola.staff.user)
    page = client.get(f"/desk/sak/{message.conversation.ref}").content.decode()
    assert "Avsenderen oppgir et annet tidspunkt:" in page
    assert "2018" in page


@pytest.mark.parametrize(
    ("tag", "kept"), [("sma", "sma"), ("nb-NO", "nb"), ("und", ""), (None, "")]
)
def test_a_language_of_three_letters_stays_three(account, tag, kept):
    message = said(account, NOW, language=tag)
    assert message.language == kept
    assert message.conversation.language == (kept or "nb")


@pytest.mark.parametrize("year", [1, 9999])
def test_a_time_at_the_ends_of_the_calendar_is_no_time(account, client, ola, year):
    message = said(account, NOW.replace(year=year, month=12, day=31, hour=23))
    assert (message.occurred_at, message.claimed_at) == (NOW, None)
    client.force_login(ola.staff.user)
    assert client.get(f"/desk/sak/{message.conversation.ref}").status_code == 200
