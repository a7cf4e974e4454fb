"""Against OpenSMTPD and Dovecot: nothing in the mailbox is missed, nothing is read twice, and what we sent is found."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from tests.cast import NOW, make_municipality
from torget.adapters.email import adapter
from torget.adapters.email.imap import Mailbox
from torget.adapters.email.listen import catch_up, listen_loop, reconcile
from torget.channels import rules as channels
from torget.channels.contract import Health, NetworkEvent, Outgoing, RawItem, SendError
from torget.channels.models import Account
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.protocols.mail import message_id, read

pytestmark = [pytest.mark.mail, pytest.mark.timeout(120)]

OWN = "postmottak@nordvaag.test"
KARI = "kari@innbygger.test"


def mail(number: int, text: str = "Hei", *, to: str = OWN) -> bytes:
    return (
        f"From: Kari <{KARI}>\r\nTo: {to}\r\nSubject: Nr {number}\r\nMessage-ID: <m{number}@innbygger.test>\r\n"
        f"Date: Mon, 23 Nov 2026 09:00:00 +0100\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    ).encode()


def open_account(servers, **settings) -> Account:
    municipality = make_municipality()
    return channels.open_account(
        Unit.objects.get(municipality=municipality, slug="servicetorget"),
        network="email", address=OWN, name="Servicetorget, Nordvåg kommune",
        settings=servers.settings(OWN) | settings, secrets=servers.secrets(OWN),
        by=Actor.system(municipality.pk), at=NOW,
    )  # fmt: skip


def box_of(servers) -> Mailbox:
    return Mailbox(servers.settings(OWN)["imap"], servers.password(OWN))


def fetched(servers, account: Account, *, at=NOW) -> int:
    with box_of(servers) as box:
        return catch_up(box, channels.access(account), at=at)


def ids(account: Account) -> list[str]:
    return list(
        Envelope.objects.filter(account=account)
        .order_by("pk")
        .values_list("external_id", flat=True)
    )


def answer(servers, to: str = KARI, key: str = "m-1") -> Outgoing:
    return Outgoing(
        key, to, "Vi bytter lokket – hilsen Martin.", subject="Lokk [NV-2026-1]", case="k7f3q2x9"
    )


@pytest.mark.django_db
def test_a_mail_is_stored_byte_for_byte_and_only_once(post_office):
    account = open_account(post_office)
    post_office.deliver(mail(1, "Lokket er sprukket: æøå"), OWN)
    assert fetched(post_office, account) == 1
    assert fetched(post_office, account) == 0
    envelope = Envelope.objects.get(account=account)
    assert bytes(envelope.body).replace(b"\r\n", b"\n") == post_office.inbox(OWN)[0].replace(
        b"\r\n", b"\n"
    )
    assert envelope.external_id == "m1@innbygger.test"


@pytest.mark.django_db
def test_a_plus_address_reaches_the_mailbox_and_the_conversation(post_office):
    account = open_account(post_office)
    to = "postmottak+k7f3q2x9@nordvaag.test"
    post_office.deliver(mail(1, to=to), to)
    fetched(post_office, account)
    envelope = Envelope.objects.get(account=account)
    item = RawItem(envelope.external_id, bytes(envelope.body), envelope.media_type)
    [said] = adapter.parse(item, channels.access(account), received_at=NOW)
    assert said.case == "k7f3q2x9"


@pytest.mark.django_db
def test_nothing_on_the_server_is_marked_moved_or_deleted(post_office):
    account = open_account(post_office)
    post_office.deliver(mail(1), OWN)
    fetched(post_office, account)
    with box_of(post_office) as box:
        assert box._ask("uid", "SEARCH", "UNSEEN") != [b""]
    assert post_office.count(OWN) == 1


@pytest.mark.django_db
def test_mail_from_a_long_outage_is_fetched_whatever_its_age(post_office):
    account = open_account(post_office)
    post_office.deliver(mail(1), OWN)
    fetched(post_office, account)
    for number in range(2, 9):
        post_office.deliver(mail(number), OWN)
    assert fetched(post_office, account, at=NOW + timedelta(days=40)) == 7
    assert ids(account) == [f"m{number}@innbygger.test" for number in range(1, 9)]


@pytest.mark.django_db
def test_a_new_uidvalidity_loses_and_doubles_nothing(post_office):
    account = open_account(post_office)
    post_office.deliver(mail(1), OWN)
    fetched(post_office, account)
    before = channels.cursor(account.pk)["uidvalidity"]
    post_office.renumber(OWN)
    post_office.deliver(mail(2), OWN)
    assert fetched(post_office, account) == 1
    assert channels.cursor(account.pk)["uidvalidity"] != before
    assert ids(account) == ["m1@innbygger.test", "m2@innbygger.test"]


@pytest.mark.django_db
def test_the_same_mail_twice_is_one_and_two_mails_with_one_id_are_two(post_office):
    account = open_account(post_office)
    post_office.deliver(mail(1, "Den første"), OWN)
    post_office.deliver(mail(1, "Den første"), OWN)
    post_office.deliver(mail(1, "En helt annen"), OWN)
    assert fetched(post_office, account) == 2
    first, second = ids(account)
    assert first == "m1@innbygger.test"
    assert second.startswith("m1@innbygger.test#")
    post_office.renumber(OWN)
    assert fetched(post_office, account) == 0


@pytest.mark.django_db
def test_what_the_cursor_missed_is_found_the_next_night(post_office):
    account = open_account(post_office)
    post_office.deliver(mail(1), OWN)
    fetched(post_office, account)
    cursor = channels.cursor(account.pk)
    post_office.deliver(mail(2), OWN)
    channels.move_cursor(account.pk, {**cursor, "last_uid": cursor["last_uid"] + 1})
    today = Envelope.objects.get(account=account).received_at.replace(year=2026)
    with box_of(post_office) as box:
        assert catch_up(box, channels.access(account), at=today) == 0
        assert reconcile(box, channels.access(account), at=today) == 1
    assert len(ids(account)) == 2


@pytest.mark.django_db
def test_an_old_mailbox_can_be_taken_over_from_a_day_on(post_office):
    tomorrow = (time.time() + 2 * 86_400,)
    account = open_account(post_office, from_on=time.strftime("%Y-%m-%d", time.gmtime(*tomorrow)))
    post_office.deliver(mail(1), OWN)
    assert fetched(post_office, account) == 0
    post_office.deliver(mail(2), OWN)
    assert fetched(post_office, account) == 1
    assert ids(account) == ["m2@innbygger.test"]


@pytest.mark.django_db
def test_a_mail_too_large_is_told_of_and_stays_on_the_server(post_office, settings):
    settings.MAX_BODY_BYTES = 20_000
    account = open_account(post_office)
    post_office.deliver(mail(1, "x" * 70 + "\r\n" + "y" * 900 + "\r\n" * 30_000), OWN)
    post_office.deliver(mail(2), OWN)
    assert fetched(post_office, account) == 2
    large = Envelope.objects.get(account=account, external_id="m1@innbygger.test")
    assert large.media_type == "message/rfc822-headers"
    assert large.size < 5000


@pytest.mark.django_db
def test_an_answer_reaches_the_resident_and_its_copy_proves_it(post_office):
    account = open_account(post_office)
    snapshot, out = channels.access(account), answer(post_office)
    receipt = adapter.send(out, snapshot)
    post_office.wait_for(
        lambda: post_office.count(KARI) and post_office.count(OWN), "the answer and its copy"
    )
    assert f"Message-ID: <{receipt.external_id}>".encode() in post_office.inbox(KARI)[0]
    arrived = read(post_office.inbox(KARI)[0], received_at=NOW)
    assert arrived.reply_to.address == "postmottak+k7f3q2x9@nordvaag.test"
    assert arrived.text == out.body
    found = adapter.find(out, snapshot)
    assert found is not None
    assert found.external_id == receipt.external_id


@pytest.mark.django_db
def test_a_missing_copy_proves_nothing(post_office):
    account = open_account(post_office)
    with pytest.raises(SendError) as told:
        adapter.find(answer(post_office, key="never sent"), channels.access(account))
    assert told.value.ambiguous


@pytest.mark.django_db
def test_our_copy_in_the_mailbox_is_known_as_our_own(post_office):
    account = open_account(post_office)
    out = answer(post_office)
    adapter.send(out, channels.access(account))
    post_office.wait_for(lambda: post_office.count(OWN), "the copy")
    fetched(post_office, account)
    assert news_of(account) == [("own", message_id(out.idempotency_key, OWN))]


def news_of(account: Account) -> list[tuple[str, str]]:
    news = []
    for envelope in Envelope.objects.filter(account=account).order_by("pk"):
        item = RawItem(envelope.external_id, bytes(envelope.body), envelope.media_type)
        for one in adapter.parse(item, channels.access(account), received_at=NOW):
            assert isinstance(one, NetworkEvent)
            news.append((one.kind, one.of))
    return news


@pytest.mark.django_db
def test_a_bounce_from_a_real_server_finds_the_mail_it_is_about(post_office):
    account = open_account(post_office, copy="")
    out = answer(post_office, "ukjent@borte.test")
    adapter.send(out, channels.access(account))
    post_office.wait_for(lambda: post_office.count(OWN), "the bounce", 60)
    fetched(post_office, account)
    assert news_of(account) == [("bounce", message_id(out.idempotency_key, OWN))]


@pytest.mark.django_db
def test_a_recipient_the_server_does_not_know_is_refused_for_good(post_office):
    account = open_account(post_office)
    with pytest.raises(SendError) as refused:
        adapter.send(answer(post_office, "noen@utlandet.test"), channels.access(account))
    assert (refused.value.permanent or refused.value.account, refused.value.ambiguous) == (
        True,
        False,
    )


@pytest.mark.django_db
def test_a_healthy_account_is_found_healthy_and_a_wrong_password_named(post_office):
    snapshot = channels.access(open_account(post_office))
    assert adapter.check(snapshot).ok
    wrong = adapter.check(replace(snapshot, secrets={"imap_password": "feil"}))
    assert not wrong.ok
    assert "postkassen" in wrong.detail
    with pytest.raises(SendError) as fault, Mailbox(snapshot.settings["imap"], "feil"):
        pass
    assert fault.value.account


@pytest.mark.django_db
def test_a_stopped_smtp_server_is_tried_again_later(post_office):
    snapshot = channels.access(open_account(post_office))
    post_office.stop_smtp()
    try:
        with pytest.raises(SendError) as failed:
            adapter.send(answer(post_office), snapshot)
        assert not adapter.check(snapshot).ok
    finally:
        post_office.start_smtp()
    assert [failed.value.permanent, failed.value.ambiguous, failed.value.account] == [
        False,
        False,
        False,
    ]


@pytest.fixture
def listening():
    """The loop of the worker, running until the test ends."""
    stop = threading.Event()

    def listen() -> None:
        try:
            listen_loop(stop)
        finally:
            connection.close()

    thread = threading.Thread(target=listen, daemon=True)

    def start() -> None:
        thread.start()

    yield start
    stop.set()
    if thread.is_alive():
        thread.join(20)
    assert not thread.is_alive(), "the loop must stop when told to"


@pytest.mark.django_db(transaction=True)
def test_the_listener_wakes_by_itself_survives_an_outage_and_catches_up(post_office, listening):
    account = open_account(post_office)
    listening()
    post_office.deliver(mail(1), OWN)
    post_office.wait_for(lambda: len(ids(account)) == 1, "the first envelope")
    post_office.deliver(mail(2), OWN)
    post_office.wait_for(lambda: len(ids(account)) == 2, "the second envelope, by IDLE")
    post_office.stop_imap()
    post_office.start_imap()
    post_office.deliver(mail(3), OWN)
    post_office.wait_for(lambda: len(ids(account)) == 3, "the envelope after the outage", 60)
    assert ids(account) == [f"m{number}@innbygger.test" for number in (1, 2, 3)]
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_mended_password_makes_the_account_well_again(post_office, listening):
    account = open_account(post_office)
    channels.note_health(account.pk, Health(False, "535 feil passord"))
    listening()
    post_office.wait_for(lambda: Account.objects.get(pk=account.pk).healthy, "health")
    connection.close()
