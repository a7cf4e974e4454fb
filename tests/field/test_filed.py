"""Field cases of networks all the way: received, understood, filed, and seen as they should be."""

from __future__ import annotations

import pytest

from tests.cast import NOW
from tests.field.mutations import INPUTS
from torget.adapters.activitypub import ours
from torget.adapters.activitypub import rules as fediverse
from torget.adapters.activitypub.models import APObject, Remote, Response
from torget.channels.contract import RawItem
from torget.channels.models import Account
from torget.channels.rules import access, open_account
from torget.conversations.models import Conversation, Message
from torget.conversations.tasks import file_due
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.people.models import Unit


@pytest.fixture
def unit(nordvaag):
    return Unit.objects.get(municipality=nordvaag, slug="servicetorget")


def opened(unit, network, address, **settings):
    by = Actor.system(unit.municipality_id)
    return open_account(unit, network=network, address=address, name="N", by=by, at=NOW, settings=settings)  # fmt: skip


def received(account: Account, name: str, swaps: dict[str, str] | None = None) -> None:
    body = (INPUTS / name).read_text()
    for old, new in (swaps or {}).items():
        body = body.replace(old, new)
    intake.receive(account.pk, RawItem(name, body.encode(), "application/json"), at=NOW)
    while file_due(now=lambda: NOW):
        pass


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in Envelope.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def test_nulls_open_a_case_with_nothing_in_it(unit):
    received(opened(unit, "webhook", "fag"), "55-webhook-nulls.json")
    row = Conversation.objects.get()
    message = Message.objects.get()
    assert (row.subject, message.body, message.author_name, message.language) == ("", "", "", "")
    assert (row.language, row.visibility) == ("nb", "private")
    assert message.identity.external_id == "kari"


# ActivityPub -------------------------------------------------------------------------------------


@pytest.fixture
def actor(unit):
    by = Actor.system(unit.municipality_id)
    return fediverse.open_actor(unit, "nordvaag", name="Nordvåg kommune", by=by, at=NOW)


def delivered(actor: Account, name: str) -> None:
    """As the file has it, to our actor of this test."""
    mine = ours.of(access(actor))
    received(actor, name, {"https://torg.nordvaag.example.no/ap/nordvaag": mine.actor})


def test_what_is_for_us_by_the_create_only_is_a_private_case(actor):
    delivered(actor, "29-addressed-only-on-create.json")
    row = Conversation.objects.get()
    assert (row.visibility, Message.objects.get().body) == ("private", "Hei")
    assert states() == {"filed": 1}


def test_two_notes_in_one_create_are_two_messages_that_are_both_there(actor):
    delivered(actor, "26-two-notes-in-one-create.json")
    assert sorted(Message.objects.values_list("body", flat=True)) == ["Del 1", "Del 2"]


def test_a_chat_message_is_a_private_case(actor):
    delivered(actor, "125-chat-message.json")
    assert Conversation.objects.get().visibility == "private"


def test_a_language_of_three_letters_is_kept_on_message_and_case(actor):
    delivered(actor, "34-language-sma.json")
    assert (Message.objects.get().language, Conversation.objects.get().language) == ("sma", "sma")


def test_what_says_no_language_has_the_municipalitys(actor):
    delivered(actor, "33-language-und.json")
    assert (Message.objects.get().language, Conversation.objects.get().language) == ("", "nb")


def test_a_web_page_that_is_attached_is_no_file(actor):
    delivered(actor, "30-lemmy-link-attachment.json")
    message = Message.objects.get()
    assert "https://avis.example/ferga-innstilt" in message.body
    assert (message.attachments.count(), message.folded) == (0, "")
    assert Conversation.objects.get().subject == "Hva mener kommunen om dette?"


@pytest.mark.parametrize(
    "name", ["38-odd-declaration.json", "32-peertube-video.json", "36-code-in-pre.json"]
)
def test_nothing_odd_lies_in_quarantine(actor, name):
    delivered(actor, name)
    assert states() == {"filed": 1}


@pytest.mark.parametrize(
    "name",
    ["39-delete-tombstone-no-id.json", "40-lemmy-announce-create.json", "43-emoji-react.json"],
)
def test_what_says_nothing_to_us_is_noted(actor, name):
    delivered(actor, name)
    assert states() == {"noted": 1}
    assert not Message.objects.exists()


def test_a_like_is_taken_back_without_its_id(actor):
    mine = ours.of(access(actor))
    kari = "https://fedi.example/users/kari"
    Remote.objects.create(uri=kari, host="fedi.example", kind="Person", inbox=f"{kari}/inbox", fetched_at=NOW)  # fmt: skip
    uri = f"{mine.objects}42"
    ap_object = APObject.objects.create(
        account=actor, uri=uri, public=True, document={}, published_at=NOW
    )
    Response.objects.create(ap_object=ap_object, kind="like", actor=kari, uri="https://fedi.example/l/1", at=NOW)  # fmt: skip
    received(actor, "41-undo-like-without-id.json", {"https://torg.nordvaag.example.no/ap/o/nordvaag/42": uri})  # fmt: skip
    assert not Response.objects.exists()
