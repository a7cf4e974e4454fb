"""What the listener does, one round at a time, so that a test sees each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from tests.peers.waiting import until
from torget.channels import rules as channels
from torget.channels.models import Account
from torget.channels.registry import adapter_for
from torget.conversations import filing, rereading
from torget.conversations.models import Message
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.people.models import Municipality, Unit


def connect(
    municipality: Municipality,
    network: str,
    address: str,
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
) -> Account:
    """The municipality's account on a network as a channel of its service centre."""
    return channels.open_account(
        Unit.objects.get(municipality=municipality, slug="servicetorget"),
        network=network,
        address=address,
        name=municipality.name,
        settings=settings,
        secrets=secrets,
        by=Actor.system(municipality.pk),
        at=timezone.now(),
    )


def listen(account: Account) -> list[Message]:
    """Ask once, store, file; everything residents have said on the account so far."""
    account = Account.objects.get(pk=account.pk)
    polled = adapter_for(account.network).poll(channels.access(account), account.cursor)
    for item in polled.items:
        intake.receive(account.pk, item)
    channels.move_cursor(account.pk, polled.cursor)
    if polled.settle:
        polled.settle()
    rereading.reread(channels.access(account), now=timezone.now())
    for envelope in Envelope.objects.filter(
        account=account, state=Envelope.State.RECEIVED
    ).order_by("pk"):
        filing.file(envelope, at=timezone.now())
    return list(Message.objects.filter(account=account, kind=Message.Kind.INBOUND).order_by("pk"))


def heard(account: Account, count: int = 1) -> list[Message]:
    """Listen until so much has been said."""
    return until(lambda: (got if len(got := listen(account)) >= count else None) or [])
