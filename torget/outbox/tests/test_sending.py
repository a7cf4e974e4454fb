from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from torget.channels.contract import Capabilities, Outgoing, RawItem, Receipt, SendError
from torget.channels.models import Account, Alarm
from torget.channels.registry import adapters
from torget.channels.rules import access, open_account, pause, resume
from torget.errors import NotAllowed, Refused, Stale
from torget.intake.rules import receive
from torget.outbox import news, rules
from torget.outbox.models import Delivery
from torget.outbox.tasks import deliver_due, resolve_unknown, send_one, settle
from torget.people.actor import Actor
from torget.people.models import Unit


class Post:
    """A network that remembers what it was given, and fails as told."""

    network = "post"
    capabilities = Capabilities(look_up=True)

    def __init__(self):
        self.taken, self.fault, self.found = [], None, None

    def send(self, out, account):
        if self.fault:
            raise self.fault
        self.taken.append(out.idempotency_key)
        return Receipt(f"r-{out.idempotency_key}")

    def own_id(self, idempotency_key, account):
        return f"r-{idempotency_key}"

    def find(self, out, account):
        if isinstance(self.found, SendError):
            raise self.found
        return self.found


class Inline(ThreadPoolExecutor):
    """Runs where it stands, so that the test's transaction is seen."""

    def map(self, do, *many):
        return [do(*one) for one in zip(*many, strict=True)]


@pytest.fixture
def network(monkeypatch):
    post = Post()
    monkeypatch.setitem(adapters(), "post", post)
    return post


@pytest.fixture
def account(nordvaag, network, now):
    unit = Unit.objects.get(municipality=nordvaag, slug="servicetorget")
    return open_account(
        unit, network="post", address="a@b.test", name="Post", by=Actor.system(nordvaag.pk), at=now
    )


def put(account, key, now):
    return rules.enqueue(
        account, Outgoing(key, "kari@innbygger.test", "Hei"), about=account, at=now
    )


def run(now):
    with Inline(1) as pool:
        return deliver_due(pool, now=lambda: now)


def test_what_is_put_in_goes_out_once(account, network, now):
    delivery = put(account, "k1", now)
    assert put(account, "k1", now) == delivery
    assert (run(now), run(now)) == (1, 0)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.receipt, delivery.sent_at) == ("sent", "r-k1", now)
    assert [step["outcome"] for step in delivery.trail] == ["sent"]
    assert network.taken == ["k1"]


def test_a_passing_fault_is_tried_again_later_and_longer(account, network, now):
    delivery = put(account, "k1", now)
    network.fault = SendError("busy")
    waits = []
    for _ in range(3):
        run(now)
        delivery.refresh_from_db()
        waits.append((delivery.next_attempt_at - now).total_seconds())
        now = delivery.next_attempt_at
    assert waits == [10, 30, 120]
    network.fault = None
    run(now)
    assert network.taken == ["k1"]


def test_the_network_says_how_long_to_wait(account, network, now):
    delivery = put(account, "k1", now)
    network.fault = SendError("slow down", retry_after_seconds=77)
    run(now)
    delivery.refresh_from_db()
    assert delivery.next_attempt_at == now + timedelta(seconds=77)


def test_a_lasting_fault_is_refused_with_its_reason(account, network, now):
    delivery = put(account, "k1", now)
    network.fault = SendError("no such address", permanent=True)
    run(now)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == ("refused", "no such address")


@pytest.mark.parametrize(
    "fault", [SendError("line cut", ambiguous=True), RuntimeError("a bug of ours")]
)
def test_an_ambiguous_end_is_unknown_and_never_sent_again(account, network, now, fault):
    delivery = put(account, "k1", now)
    network.fault = fault
    run(now)
    network.fault = None
    for hours in range(5):
        run(now + timedelta(hours=hours))
    delivery.refresh_from_db()
    assert delivery.state == "unknown"
    assert network.taken == []


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (Receipt("r9"), "sent"),
        (None, "due"),
        (SendError("cannot tell", ambiguous=True), "unknown"),
    ],
)
def test_only_a_look_up_settles_what_is_unknown(account, network, now, found, state):
    delivery = put(account, "k1", now)
    network.fault, network.found = SendError("cut", ambiguous=True), found
    run(now)
    assert resolve_unknown(now=lambda: now) == 0  # the other side may still be writing it down
    resolve_unknown(now=lambda: now + timedelta(seconds=6))
    delivery.refresh_from_db()
    assert delivery.state == state


def test_a_sender_killed_with_deliveries_in_hand_leaves_them_unknown_not_due(account, now):
    put(account, "k1", now)
    assert len(rules.claim([account.pk], at=now)) == 1
    assert rules.lose_expired(at=now + timedelta(seconds=60)) == 0
    assert rules.lose_expired(at=now + timedelta(seconds=rules.LEASE_SECONDS + 1)) == 1
    assert Delivery.objects.get().state == "unknown"


def test_two_workers_never_hold_the_same_delivery(account, now):
    for n in range(10):
        put(account, f"k{n}", now)
    first, second = (
        rules.claim([account.pk], at=now, limit=6),
        rules.claim([account.pk], at=now, limit=6),
    )
    assert (len(first), len(second)) == (6, 4)
    assert not {one.id for one in first} & {one.id for one in second}


def test_a_bad_token_stops_sending_and_tells_a_person_but_not_receiving(account, network, now):
    put(account, "k1", now)
    network.fault = SendError("token expired", account=True)
    run(now)
    network.fault = None
    put(account, "k2", now)
    assert run(now + timedelta(days=1)) == 0
    assert "token expired" in Alarm.objects.get(closed_at=None).detail
    assert receive(account.pk, RawItem("in", b"still here"), at=now)[1] is False


def test_a_paused_account_sends_nothing_until_it_is_resumed(account, network, per, now):
    put(account, "k1", now)
    with pytest.raises(Refused):
        pause(account, " ", by=per, at=now)
    pause(account, "Feil i teksten", by=per, at=now)
    assert run(now) == 0
    resume(account, by=per, at=now)
    assert run(now) == 1


def test_a_bounce_turns_sent_into_refused(account, network, now):
    delivery = put(account, "k1", now)
    run(now)
    news.bounced(account.pk, "r-k1", "550 no such user", at=now)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error) == ("refused", "550 no such user")


def test_a_bounce_settles_only_what_it_names(account, network, now):
    network.fault = SendError("cut", ambiguous=True)
    deliveries = [put(account, key, now) for key in ("k1", "k2")]
    run(now)
    for nameless in ("", "r-of-somebody-else"):
        assert news.bounced(account.pk, nameless, "5.1.1", at=now) is None
        assert not news.confirm(account.pk, nameless, at=now)
        assert not news.note_report(account.pk, nameless, "delivered", at=now)
    states = Delivery.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == ["unknown", "unknown"]
    news.bounced(account.pk, "r-k2", "5.1.1 no such user", at=now)
    assert list(states.all()) == ["unknown", "refused"]
    assert deliveries[1].pk == Delivery.objects.get(error="5.1.1 no such user").pk


def test_our_own_copy_proves_that_an_unknown_delivery_went_out(account, network, now):
    network.fault = SendError("cut", ambiguous=True)
    for key in ("k1", "k2"):
        put(account, key, now)
    run(now)
    assert news.confirm(account.pk, "r-k1", at=now)
    assert not news.confirm(account.pk, "r-k1", at=now)
    sent = Delivery.objects.get(state="sent")
    assert (sent.idempotency_key, sent.receipt) == ("k1", "r-k1")


def test_a_duty_lead_settles_what_cannot_be_looked_up(account, network, per, ola, now):
    delivery = put(account, "k1", now)
    network.fault = SendError("cut", ambiguous=True)
    run(now)
    with pytest.raises(NotAllowed):
        rules.settle_by_person(delivery, "again", by=ola, at=now)
    rules.settle_by_person(delivery, "again", by=per, at=now)
    network.fault = None
    run(now)
    with pytest.raises(Stale):
        rules.settle_by_person(delivery, "again", by=per, at=now)
    assert network.taken == ["k1"]


def test_what_waited_longer_than_half_its_lease_is_not_begun_but_given_back(account, network, now):
    put(account, "k1", now)
    claimed = rules.claim([account.pk], at=now)
    late = now + rules.BEGIN_WITHIN
    outcome = send_one(claimed[0], access(account), lambda: late)
    settle([(claimed[0], access(account), outcome)], at=late)
    assert (outcome, network.taken) == (None, [])
    assert Delivery.objects.values_list("state", "attempts").get() == ("due", 0)


def test_good_news_of_an_attempt_given_up_is_believed(account, network, now):
    delivery = put(account, "k1", now)
    claimed = rules.claim([account.pk], at=now)
    later = now + timedelta(seconds=rules.LEASE_SECONDS + 1)
    rules.lose_expired(at=later)
    resolve_unknown(now=lambda: later)  # nothing there yet: due again
    settle([(claimed[0], access(account), Receipt("r-k1"))], at=later)
    delivery.refresh_from_db()
    assert (delivery.state, run(later), network.taken) == ("sent", 0, [])


def test_bad_news_of_an_attempt_given_up_does_not_disturb_the_next(account, network, now):
    delivery = put(account, "k1", now)
    first = rules.claim([account.pk], at=now)
    later = now + timedelta(seconds=rules.LEASE_SECONDS + 1)
    rules.lose_expired(at=later)
    resolve_unknown(now=lambda: later)
    assert len(rules.claim([account.pk], at=later)) == 1
    rules.settle_failed(first[0], SendError("refused", permanent=True), at=later)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("sending", 2)


def test_a_file_gone_from_the_disk_refuses_the_delivery_and_stops_no_other(account, network, now):
    gone = rules.Attachment("0" * 64, "a.png", "image/png")
    out = Outgoing("k1", "kari@innbygger.test", "Hei")
    first = rules.enqueue(account, out, about=account, at=now, attachments=[gone])
    put(account, "k2", now)
    assert run(now) == 2
    first.refresh_from_db()
    assert (first.state, network.taken) == ("refused", ["k2"])
    Delivery.objects.filter(pk=first.pk).update(state="unknown")
    assert resolve_unknown(now=lambda: now + timedelta(hours=1)) == 0


def test_secrets_that_cannot_be_read_stop_their_account_alone(account, network, nordvaag, now):
    other = open_account(
        account.unit,
        network="post",
        address="c@d.test",
        name="Post",
        by=Actor.system(nordvaag.pk),
        at=now,
    )
    Account.objects.filter(pk=other.pk).update(secrets=b"sealed elsewhere")
    put(account, "k1", now)
    put(other, "k2", now)
    assert run(now) == 1
    assert network.taken == ["k1"]
    assert "secret.key" in Alarm.objects.get(closed_at=None).detail


def test_an_unforeseen_fault_tells_nothing_of_what_was_written(account, network, now, caplog):
    network.fault = ValueError("Fru Hansen er syk, token=hemmelig")
    sending = put(account, "k1", now)
    run(now)
    sending.refresh_from_db()
    assert sending.state == "unknown"
    told = f"{sending.error} {sending.trail} {caplog.text}"
    assert "ValueError" in told
    assert "Hansen" not in told
    assert "hemmelig" not in told


def test_only_an_address_of_the_web_is_kept_of_where_it_stands(account, network, now):
    script, page = put(account, "k1", now), put(account, "k2", now)
    urls = ((script, "javascript:alert(1)"), (page, "https://net.example/1"))
    rules.settle_sent([(one.pk, Receipt("r", url=url)) for one, url in urls], at=now)
    script.refresh_from_db()
    page.refresh_from_db()
    assert (script.url, page.url) == ("", "https://net.example/1")
