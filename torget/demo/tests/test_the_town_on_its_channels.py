"""The example municipality stands on its channels, and calls nobody."""

from __future__ import annotations

import pytest
from django.utils import timezone

from torget.adapters.activitypub.models import APObject
from torget.channels import account_health, http, supervisor
from torget.channels.models import Account
from torget.channels.registry import adapters
from torget.conversations.models import Conversation, Message
from torget.demo import story, texts_channels
from torget.intake.models import Envelope
from torget.outbox.models import Delivery

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls(monkeypatch):
    """Every call that would have left the machine."""
    made = []

    def refuse(method, url, **_more):
        made.append(url)
        raise http.HttpError("nothing leaves")

    monkeypatch.setattr(http, "request", refuse)
    return made


def test_the_town_is_told_once_and_calls_nobody(calls):
    story.load()
    counted = [one.objects.count() for one in (Account, Conversation, Message, Delivery)]
    story.load()
    assert counted == [one.objects.count() for one in (Account, Conversation, Message, Delivery)]

    # What is in use needs no network; the rest says why it is not.
    in_use = set(Account.objects.filter(in_use=True).values_list("network", flat=True))
    assert in_use == {"activitypub", "form", "chat"}
    aside = Account.objects.filter(in_use=False)
    assert {one.network for one in texts_channels.PLACES} == {one.network for one in aside}
    assert all("oppdiktet" in one.use_decisions.get().note for one in aside)
    assert not set(supervisor.wanted(list(adapters()))) & set(aside.values_list("pk", flat=True))
    account_health.examine_due(at=timezone.now())
    assert not calls

    # Every envelope became a message of its network, a held one is held, and the post waits to go out.
    assert not Envelope.objects.exclude(state=Envelope.State.FILED).exists()
    inbound = Message.objects.filter(kind=Message.Kind.INBOUND)
    said = set(inbound.values_list("account__network", flat=True))
    networks = {one.network for one in texts_channels.SAID} - {"messenger"}
    assert said == {"form", "chat"} | networks
    assert inbound.get(held_there=True).account.network == "youtube"
    waiting = Delivery.objects.get(account__network="activitypub")
    assert waiting.payload["act"] == "publish"
    assert not APObject.objects.exists()

    # Her comment and her private message stand together.
    talk = Conversation.objects.get(person_name="Berit Aas").messages.order_by("occurred_at")
    assert [one.visibility for one in talk] == ["public", "private"]
