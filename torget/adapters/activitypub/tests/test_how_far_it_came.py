"""Staff see to how many servers a post came; what reached nobody is a delivery that failed, as on any other channel."""

from __future__ import annotations

from datetime import timedelta

import pytest

from torget.adapters.activitypub import inbox_deliveries, reach
from torget.adapters.activitypub.channel import ADAPTER
from torget.adapters.activitypub.inbox_deliveries import KEEP_GIVEN_UP, Failed
from torget.adapters.activitypub.models import Follower, InboxDelivery, Remote
from torget.channels import rules as channels
from torget.channels.rules import form_account
from torget.conversations import rules as conversations
from torget.history.models import Entry
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery

pytestmark = pytest.mark.django_db
HOSTS = ("en.example", "to.example", "tre.example")


@pytest.fixture
def post(nordvaag, amina, account, at):
    """A post of ours that went to followers on three servers, as the outbox leaves it."""
    for host in HOSTS:
        remote = Remote.objects.create(
            uri=f"https://{host}/u/kari",
            host=host,
            kind="Person",
            inbox=f"https://{host}/inbox",
            fetched_at=at,
        )
        Follower.objects.create(account=account, remote=remote, follow=f"{host}/1", followed_at=at)
    message = conversations.post(
        amina.staff.unit,
        form_account(nordvaag),
        "Vi brøyter i kveld.",
        subject="Brøyting",
        by=amina,
        at=at,
        accounts=[account],
    )
    delivery = Delivery.objects.get(account=account)
    receipt = ADAPTER.send(outbox.outgoing(delivery.payload), channels.access(account))
    Delivery.objects.filter(pk=delivery.pk).update(
        state="sent", sent_at=at, receipt=receipt.external_id
    )
    return message


def settle(at, *, sent=(), given_up=()):
    rows = {row.host: row for row in InboxDelivery.objects.all()}
    InboxDelivery.objects.filter(host__in=[*sent, *given_up]).update(state="sending")
    inbox_deliveries.settle_sent([rows[host].pk for host in sent], at=at)
    lost = [Failed(rows[host].pk, None, 503, "") for host in given_up]
    inbox_deliveries.settle_failed(lost, at=at)
    reach.tell_desk([failed.id for failed in lost], at=at)


def came(post):
    return ADAPTER.reach(Delivery.objects.get(subject_id=post.pk, account__network="activitypub").idempotency_key)  # fmt: skip


def page(client, per, post):
    client.force_login(per.staff.user)
    body = client.get(f"/desk/melding/{post.public_id}").content.decode()
    return " ".join(body.split())


def test_a_post_says_how_many_servers_have_it(client, per, post, at):
    assert (came(post).reached, came(post).addressed) == (0, 3)
    settle(at, sent=HOSTS[:2])
    assert came(post).reached == 2
    assert "Levert til 2 av 3 tjenere" in page(client, per, post)
    assert "Gitt opp:" not in page(client, per, post)


def test_servers_given_up_are_named_and_the_post_stands(client, per, post, at):
    settle(at, sent=HOSTS[:2], given_up=HOSTS[2:])
    assert "Gitt opp: <bdi>tre.example</bdi>" in page(client, per, post)
    assert Delivery.objects.get(account__network="activitypub").state == "sent"


def test_what_reached_nobody_is_a_delivery_that_failed(post, at):
    settle(at, given_up=HOSTS)
    delivery = Delivery.objects.get(account__network="activitypub")
    assert (delivery.state, delivery.error) == (
        "refused",
        "Tjeneren har hatt feil i flere dager (HTTP 503).",
    )
    assert Entry.objects.filter(verb="delivery.refused", subject_id=delivery.pk).count() == 1
    reach.tell_desk(InboxDelivery.objects.values_list("pk", flat=True), at=at)
    assert Entry.objects.filter(verb="delivery.refused").count() == 1


def test_sending_it_again_tries_those_that_were_given_up(post, account, per, at):
    settle(at, given_up=HOSTS)
    delivery = Delivery.objects.get(account__network="activitypub")
    outbox.settle_by_person(delivery, "again", by=per, at=at)
    ADAPTER.send(outbox.outgoing(delivery.payload), channels.access(account))
    assert set(InboxDelivery.objects.values_list("state", flat=True)) == {"due"}


def test_a_server_given_up_is_remembered_when_its_delivery_is_forgotten(post, at):
    settle(at, sent=HOSTS[:2], given_up=HOSTS[2:])
    later = at + KEEP_GIVEN_UP + timedelta(days=1)
    inbox_deliveries.prune(at=later)
    assert not InboxDelivery.objects.exists()
    assert (came(post).reached, list(came(post).lost)) == (2, ["tre.example"])
