"""A content warning stands before the words: at the desk, on the square, in lists, and wherever we post ourselves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone

from torget.channels.base import Base
from torget.channels.contract import Author, Capabilities, InboundMessage, RawItem
from torget.channels.models import Account
from torget.channels.registry import adapters
from torget.channels.rules import open_account
from torget.conversations import rules as conversations
from torget.conversations.filing import file
from torget.conversations.models import Message
from torget.conversations.rules import correcting
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Unit

pytestmark = pytest.mark.django_db


class Net(Base):
    """A network that says what a test has put in `said`."""

    label = "Nett"

    def __init__(self, network, **can):
        self.network, self.said = network, None
        self.capabilities = Capabilities(
            read_public=True, reply=True, publish=True, edit=True, ours=True, **can
        )

    def parse(self, item, account, *, received_at):
        return [self.said]


@pytest.fixture
def nets(nordvaag, now, monkeypatch):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    made = {"warns": Net("warns", warnings=True), "plain": Net("plain")}
    for name, net in made.items():
        monkeypatch.setitem(adapters(), name, net)
        by = Actor.system(nordvaag.pk)
        open_account(unit, network=name, address=f"{name}@x", name=name, by=by, at=now)
    return made


def heard(net, now, **changes):
    account = Account.objects.get(network=net.network)
    said = InboundMessage("u1", Author("kari", "Kari"), "Det lå ei død rev der.", now)
    net.said = replace(said, **{"visibility": "public", "warning": "Død rev", **changes})
    intake.receive(account.pk, RawItem(f"e{Envelope.objects.count()}", b"{}"), at=now)
    file(Envelope.objects.latest("pk"), at=now)
    return Message.objects.get(external_id="u1")


def test_it_is_kept_with_what_was_said_and_follows_an_edit(nets, now):
    message = heard(nets["warns"], now)
    assert (message.warning, message.body) == ("Død rev", "Det lå ei død rev der.")
    assert message.conversation.preview == "Død rev"
    changed = heard(nets["warns"], now, kind="edit", warning="Dødt dyr", changed_at=now)
    assert changed.warning == "Dødt dyr"
    changed.conversation.refresh_from_db()
    assert changed.conversation.preview == "Dødt dyr"


def test_clerks_see_it_and_on_the_square_the_words_are_opened_on_request(client, nets, ola, now):
    message = heard(nets["warns"], now)
    page = client.get(f"/vegg/{message.conversation.ref}").content.decode()
    before, _summary, after = page.partition("<summary>")
    assert "Det lå ei død rev der." not in before.partition('<ol class="thread">')[2]
    assert "Død rev" in after.partition("</summary>")[0]
    assert "Det lå ei død rev der." in after.partition("</summary>")[2].partition("</details>")[0]
    client.force_login(ola.staff.user)
    for address in (f"/desk/sak/{message.conversation.ref}", f"/desk/melding/{message.public_id}"):
        assert "Innholdsadvarsel:" in client.get(address).content.decode()


def test_our_own_post_has_one_and_a_network_without_them_gets_it_above_the_words(nets, amina, now):
    accounts = list(Account.objects.filter(network__in=nets).order_by("network"))
    form = Account.objects.get(network="form")
    message = conversations.post(
        amina.staff.unit, form, "Bilder fra ulykka.", by=amina, at=now, accounts=accounts, warning="Ulykke"
    )  # fmt: skip
    sent = {one.account.network: one.payload for one in Delivery.objects.select_related("account")}
    assert (sent["warns"]["body"], sent["warns"]["warning"]) == ("Bilder fra ulykka.", "Ulykke")
    assert sent["plain"]["body"] == "Ulykke\n\nBilder fra ulykka."
    assert (message.warning, message.conversation.preview) == ("Ulykke", "Ulykke")
    assert correcting.said_otherwise(message) == []
    Delivery.objects.update(state=Delivery.State.SENT, receipt="r")
    correcting.correct(message, "Bilder etter ulykka.", by=amina, at=timezone.now())
    edits = Delivery.objects.filter(payload__act="edit").select_related("account")
    told = {one.account.network: one.payload for one in edits}
    assert (told["warns"]["body"], told["warns"]["warning"]) == ("Bilder etter ulykka.", "Ulykke")
    assert told["plain"]["body"] == "Ulykke\n\nBilder etter ulykka."


def test_it_is_written_in_the_form_for_posts_and_seen_before_it_goes_out(client, nets, amina):
    client.force_login(amina.staff.user)
    given = {"subject": "Ulykka", "body": "Bilder.", "warning": "Ulykke"}
    shown = client.post("/desk/vegg", {**given, "gjor": "vis"}).content.decode()
    assert "Innholdsadvarsel:" in shown
    client.post("/desk/vegg", {**given, "gjor": "legg-ut"})
    assert Message.objects.get(body="Bilder.").warning == "Ulykke"
