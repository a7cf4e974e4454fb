"""Residents sign in by a link in a letter."""

from __future__ import annotations

from datetime import timedelta

import pytest

from torget.channels.rules import open_account
from torget.conversations.rules import resident_signin
from torget.errors import Refused
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit


@pytest.fixture
def mailbox(nordvaag, now):
    """The municipality has an e-mail account: what is to be sent stands in the outbox."""
    return open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="email",
        address="postmottak@nordvaag.test",
        name="Servicetorget",
        by=Actor.system(nordvaag.pk),
        at=now,
    )


def letters(to):
    return [delivery.payload for delivery in Delivery.objects.filter(recipient=to).order_by("id")]


def test_a_sign_in_link_works_once_and_only_for_half_an_hour(nordvaag, mailbox, now):
    resident_signin.send_signin_link(nordvaag, "kari@innbygger.test", at=now)
    token = letters("kari@innbygger.test")[0]["body"].split("/min-side/inn/")[1].split()[0]
    with pytest.raises(Refused):
        resident_signin.sign_in(nordvaag, token, at=now + timedelta(minutes=31))
    identity = resident_signin.sign_in(nordvaag, token, at=now + timedelta(minutes=5))
    assert identity.verified == "link"
    with pytest.raises(Refused):
        resident_signin.sign_in(nordvaag, token, at=now + timedelta(minutes=6))


def test_a_link_from_one_municipality_opens_nothing_in_another(nordvaag, elsewhere, mailbox, now):
    resident_signin.send_signin_link(nordvaag, "kari@innbygger.test", at=now)
    token = letters("kari@innbygger.test")[0]["body"].split("/min-side/inn/")[1].split()[0]
    with pytest.raises(Refused):
        resident_signin.sign_in(elsewhere, token, at=now)
