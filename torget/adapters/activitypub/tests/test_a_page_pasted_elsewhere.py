"""The address of a page of ours, pasted in another server's search, leads to what that server can show."""

from __future__ import annotations

import html
import re

import pytest

from tests.cast import make_question
from torget.adapters.activitypub.channel import ADAPTER
from torget.adapters.activitypub.models import APObject
from torget.answers import rules as answers
from torget.channels import rules as channels
from torget.channels.contract import Outgoing
from torget.channels.models import Account
from torget.channels.rules import form_account
from torget.conversations import rules as conversations
from torget.conversations.attachments import Prepared
from torget.conversations.rules import correcting
from torget.outbox.models import Delivery
from torget.protocols.activitypub import notes

pytestmark = pytest.mark.django_db
KIND = "application/activity+json"
LD = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'


@pytest.fixture
def posted(nordvaag, amina, account, now):
    """A post of ours on the wall and in the fediverse."""

    def post(*accounts, **more):
        return conversations.post(
            amina.staff.unit,
            form_account(nordvaag),
            "Vi brøyter i kveld. <b>",
            subject='Brøyting "i kveld"',
            by=amina,
            at=now,
            accounts=accounts,
            **more,
        )

    return post


def send(account):
    """What the worker does with what is in the outbox."""
    for delivery in Delivery.objects.filter(account=account, state="due"):
        held = dict(delivery.payload)
        out = _out(delivery, held)
        receipt = ADAPTER.send(out, channels.access(account))
        Delivery.objects.filter(pk=delivery.pk).update(state="sent", receipt=receipt.external_id)


def _out(delivery, held):
    names = set(Outgoing.__dataclass_fields__) - {"attachments", "references"}
    more = {name: value for name, value in held.items() if name in names}
    if delivery.payload.get("after"):
        more["target"] = Delivery.objects.get(pk=delivery.payload["after"]).receipt
    return Outgoing(
        **{"recipient": "", "body": "", **more, "idempotency_key": delivery.idempotency_key}
    )


def heads(page):
    """The names and values in a page's head."""
    found = re.findall(r'<(?:meta|link) (?:property|name|rel)="([^"]+)"([^>]*)>', page)
    values = {}
    for name, rest in found:
        value = re.search(r'(?:content|href)="([^"]*)"', rest)
        key = f"{name} {KIND}" if KIND in rest else name
        values[key] = html.unescape(value[1]) if value else ""
    return values


@pytest.mark.parametrize("accept", [KIND, LD, f"{KIND}, {LD}"])
def test_a_wall_post_leads_to_what_was_published_of_it(client, account, posted, accept):
    message = posted(account)
    send(account)
    uri = APObject.objects.get().uri
    path = f"/vegg/{message.conversation.ref}"
    answer = client.get(path, headers={"accept": accept})
    assert (answer.status_code, answer.headers["Location"]) == (302, uri)
    assert "Accept" in answer.headers["Vary"]
    head = heads(client.get(path, headers={"accept": f"text/html, {KIND};q=0.1"}).content.decode())
    assert head[f"alternate {KIND}"] == uri
    assert head["canonical"] == head["og:url"] == f"http://testserver{path}"
    assert (head["og:title"], head["og:description"]) == (
        'Brøyting "i kveld"',
        "Vi brøyter i kveld. <b>",
    )
    assert head["description"] == "Vi brøyter i kveld. <b>"


def test_a_post_that_went_nowhere_and_an_answer_are_given_as_they_stand(
    client, nordvaag, account, mine, posted, ola, amina, now
):
    message = posted()
    question = make_question(nordvaag, visibility="public")
    conversations.answer(question, "Før **klokka sju**.", by=ola, at=now)
    said = answers.publish(
        question, question="Når brøytes det?", body="Før **klokka sju**.", by=amina, at=now
    )
    for path, text in (
        (f"/vegg/{message.conversation.ref}", "Vi brøyter i kveld. &lt;b&gt;"),
        (f"/svar/{said.slug}", "<strong>klokka sju</strong>"),
    ):
        answer = client.get(path, headers={"accept": KIND})
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, KIND)
        held = notes.note(answer.json())
        assert (held.id, held.authors[0], held.is_public) == (
            f"http://testserver{path}",
            mine.actor,
            True,
        )
        assert text in answer.json()["content"]
        page = client.get(path).content.decode()
        assert heads(page)[f"alternate {KIND}"] == f"http://testserver{path}"


def test_a_residents_words_are_never_given_out_as_ours(client, nordvaag, account, kari_posts):
    path = f"/vegg/{kari_posts.ref}"
    assert (
        client.get(path, headers={"accept": KIND}).headers["Content-Type"].startswith("text/html")
    )
    assert f"alternate {KIND}" not in heads(client.get(path).content.decode())


@pytest.fixture
def kari_posts(nordvaag, now):
    return make_question(nordvaag, visibility="public", at=now)


def test_a_post_taken_back_and_a_municipality_nobody_knows_there(
    client, nordvaag, account, posted, amina, now
):
    message = posted(account)
    send(account)
    correcting.withdraw(message, "Feil", by=amina, at=now)
    path = f"/vegg/{message.conversation.ref}"
    assert (
        client.get(path, headers={"accept": KIND}).headers["Content-Type"].startswith("text/html")
    )
    other = posted()
    Account.objects.filter(network="activitypub").update(closed_at=now)
    path = f"/vegg/{other.conversation.ref}"
    assert (
        client.get(path, headers={"accept": KIND}).headers["Content-Type"].startswith("text/html")
    )


def test_where_readers_must_sign_only_what_was_published_is_pointed_to(client, account, posted):
    Account.objects.filter(pk=account.pk).update(
        settings={**account.settings, "authorised_fetch": "1"}
    )
    path = f"/vegg/{posted().conversation.ref}"
    assert (
        client.get(path, headers={"accept": KIND}).headers["Content-Type"].startswith("text/html")
    )


def test_a_picture_is_shown_where_the_address_is_pasted_unless_a_warning_stands_before_it(
    client, posted
):
    file = Prepared("0" * 64, "image/png", "a.png", 1, "Brøytebil")
    shown = posted(files=[file])
    warned = posted(files=[file], warning="Ulykke")
    assert (
        "/fil/" in heads(client.get(f"/vegg/{shown.conversation.ref}").content.decode())["og:image"]
    )
    head = heads(client.get(f"/vegg/{warned.conversation.ref}").content.decode())
    assert "og:image" not in head
    assert head["og:description"] == "Ulykke"
