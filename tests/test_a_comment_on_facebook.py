"""A comment on Facebook and its answers, in public and in private, against the Graph API's documented shapes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.utils import timezone

from tests.cast import NOW
from torget.adapters.meta.tests import specimens as s
from torget.adapters.meta.tests.peers import PAGE, Graph
from torget.channels import rules as channels
from torget.channels.registry import adapter_for
from torget.channels.tests.loopback import served
from torget.conversations.models import Conversation, Message
from torget.conversations.rules import answer
from torget.conversations.tasks import file_due
from torget.intake import rules as intake
from torget.outbox import tasks as outbox
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def graph():
    peer = Graph()
    with served(peer) as (url, line):
        peer.url, peer.line = url, line
        yield peer


@pytest.fixture
def our_page(nordvaag, graph):
    """The municipality's page."""
    return channels.open_account(
        Unit.objects.get(municipality=nordvaag, slug="servicetorget"),
        network="facebook",
        address=PAGE,
        name="Nordvåg",
        settings={"app_id": "77", "api": graph.url},
        secrets=s.KEYS,
        by=Actor.system(nordvaag.pk),
        at=NOW,
    )


def delivered(account, held):
    """A webhook as Meta delivers it."""
    item = adapter_for("facebook").verify(channels.access(account), *s.signed(held))
    intake.receive(account.pk, item)
    file_due()


def sent():
    with ThreadPoolExecutor(1) as pool:
        outbox.deliver_due(pool)


def test_a_comment_is_answered_under_it_or_to_its_author_alone(ola, graph, our_page):
    delivered(our_page, s.ADDED)
    asked = Conversation.objects.get(network="facebook")
    assert asked.visibility == "public"

    answer(asked, "Klokka ti.", by=ola, at=timezone.now(), visibility="public")
    sent()
    _method, path, given = graph.calls[-1]
    assert path == "1015_1/comments"
    assert given["message"].startswith("Klokka ti.")
    posted = Delivery.objects.get()
    assert (posted.state, posted.url) == (
        "sent",
        f"https://www.facebook.com/{posted.receipt}",
    )

    # Our own words come back by webhook, and are not taken for somebody else's.
    ours = {**s.COMMENT, "from": {"id": PAGE}, "comment_id": posted.receipt, "parent_id": "1015_1"}
    delivered(our_page, s.delivery(s.change(ours)))
    assert Message.objects.filter(kind=Message.Kind.INBOUND).count() == 1

    answer(asked, "Ring oss.", by=ola, at=timezone.now(), visibility="private")
    sent()
    _method, path, given = graph.calls[-1]
    assert path == f"{PAGE}/messages"
    assert given["recipient"] == {"comment_id": "1015_1"}


def test_an_edit_and_a_removal_there_are_followed_here(our_page):
    for held, body in ((s.ADDED, "Når åpner badet?"), (s.EDITED, "Når åpner badet i dag?")):
        delivered(our_page, held)
        assert Message.objects.get().body == body
    delivered(our_page, s.REMOVED)
    said = Message.objects.get()
    assert said.removed_at is not None
    assert said.versions.count() == 2


def test_a_comment_and_a_message_of_the_same_person_stand_together_each_marked(our_page):
    delivered(our_page, s.ADDED)
    delivered(our_page, s.MESSAGE)
    together = Conversation.objects.get()
    said = together.messages.order_by("pk").values_list("visibility", "body")
    assert list(said) == [
        ("public", "Når åpner badet?"),
        ("private", "Kan jeg spørre om noe privat?"),
    ]
    assert together.preview == "Når åpner badet?"
