"""Staff see how our place in the fediverse is, and administrators decide about servers, keys and what is sent again."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from tests.cast import make_staff
from torget.adapters.activitypub import acts, inbox_deliveries, overview, rules
from torget.adapters.activitypub.models import APObject, DomainBlock, Follower, InboxDelivery
from torget.adapters.activitypub.tests.specimens import activity, bytes_of, know_kari, note, sign
from torget.channels.models import Account
from torget.channels.registry import adapter_for
from torget.channels.rules import access as facts_of
from torget.config.hooks import Hooks
from torget.conversations import filing
from torget.conversations.models import Message
from torget.errors import NotAllowed, Refused
from torget.history.models import Entry
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.people.roles import Role

pytestmark = pytest.mark.django_db
KARIS = "https://mastodon.example/inbox"


def at_desk(actor):
    client = Client()
    client.force_login(actor.staff.user)
    return client


@pytest.fixture
def desk(account):
    """The page's address."""
    return facts_path(account)


def facts_path(account):
    return adapter_for("activitypub").manage_path(facts_of(account))


def block(client, desk, host="mastodon.example", severity="suspend", reason="Trusler"):
    said = {"steng-host": host, "steng-severity": severity, "steng-reason": reason}
    return client.post(f"{desk}/steng", said)


def delivery(mine, key="k1", *, inbox=KARIS, state="given_up", ap_object=None, **changes):
    act = acts.do(
        key, mine, {"type": "Create"}, [inbox], receipt=key, at=timezone.now(), ap_object=ap_object
    )
    InboxDelivery.objects.filter(act=act).update(state=state, attempts=10, **changes)
    return InboxDelivery.objects.get(act=act)


def a_thing(account, **changes):
    return APObject.objects.create(
        account=account,
        uri=f"https://nordvaag.test/ap/o/nordvaag/{time.time_ns()}",
        document={},
        public=True,
        published_at=timezone.now(),
        **changes,
    )


def follow(account):
    Follower.objects.create(
        account=account, remote=know_kari(), follow="x", followed_at=timezone.now()
    )


# Who may ---------------------------------------------------------------------------------------


def test_the_account_page_leads_here_for_this_network_only(account, desk, nordvaag, liv):
    client = at_desk(liv)
    assert desk in client.get(f"/desk/innstillinger/kanal/{account.pk}").content.decode()
    form = Account.objects.get(network="form", municipality=nordvaag)
    assert "fodivers" not in client.get(f"/desk/innstillinger/kanal/{form.pk}").content.decode()
    assert client.get(f"/desk/innstillinger/kanal/{form.pk}/fodivers").status_code == 404


def test_a_responder_sees_nothing_and_changes_nothing(desk, mine, ola):
    one = delivery(mine)
    client = at_desk(ola)
    assert client.get(desk).status_code == 403
    assert_nothing_changes(client, desk, one)


def test_a_duty_lead_looks_and_changes_nothing(desk, mine, per):
    one = delivery(mine)
    client = at_desk(per)
    page = client.get(desk).content.decode()
    assert "mastodon.example" in page
    assert 'action="/desk/innstillinger/kanal' not in page
    assert_nothing_changes(client, desk, one)


def test_charlie_finds_nothing_here_and_nothing_of_ours_at_home(desk, mine, charlie):
    one = delivery(mine)
    client = at_desk(charlie)
    assert client.get(desk).status_code == 403
    assert_nothing_changes(client, desk, one)
    at_home = {"HTTP_HOST": "soervik.test"}
    assert client.get(desk, **at_home).status_code == 404
    for what in ("steng", "apne", "send", "nokler"):
        assert client.post(f"{desk}/{what}", {"host": one.host}, **at_home).status_code == 404


def assert_nothing_changes(client, desk, one):
    before = Account.objects.get(network="activitypub").settings
    assert block(client, desk).status_code == 403
    for what, said in (
        ("apne", {}),
        ("send", {"host": one.host}),
        ("nokler", {"nokler-sure": "on"}),
    ):
        assert client.post(f"{desk}/{what}", said).status_code == 403
    assert not DomainBlock.objects.exists()
    assert Account.objects.get(network="activitypub").settings == before
    assert InboxDelivery.objects.get().state == "given_up"


def test_an_administrator_of_one_unit_decides_nothing_for_the_whole_municipality(
    nordvaag, account, desk
):
    staff = make_staff(nordvaag, "Unn", Role.ADMINISTRATOR, over="servicetorget")
    client = at_desk(Actor.of_staff(staff))
    assert f"{desk}/steng" not in client.get(desk).content.decode()
    answer = block(client, desk)
    assert answer.status_code in {403, 422}
    assert not DomainBlock.objects.exists()


# Servers ---------------------------------------------------------------------------------------


def test_a_server_is_blocked_with_a_reason_and_let_in_again(account, desk, liv):
    follow(account)
    client = at_desk(liv)
    assert (
        "Trusler" in block(client, desk, host="@Mastodon.example").wsgi_request.POST.dict().values()
    )
    page = client.get(desk).content.decode()
    assert "Trusler" in page
    assert liv.staff.display_name in page
    assert not Follower.objects.exists()
    held = DomainBlock.objects.get()
    assert (held.host, held.severity, held.decided_by) == ("mastodon.example", "suspend", liv.staff)
    client.post(f"{desk}/apne", {"host": "mastodon.example"})
    assert not DomainBlock.objects.exists()
    verbs = Entry.objects.filter(verb__startswith="domain.").order_by("pk")
    assert [(row.verb, row.actor_id) for row in verbs] == [
        ("domain.blocked", liv.id),
        ("domain.unblocked", liv.id),
    ]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reason": " "}, "Skriv hvorfor"),
        ({"host": "ikke en tjener"}, "Skriv navnet på tjeneren"),
        ({"severity": "burn"}, "burn"),
    ],
)
def test_a_block_without_reason_server_or_kind_is_not_made_and_what_was_typed_stays(
    desk, liv, changes, says
):
    answer = block(at_desk(liv), desk, **changes)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert 'value="mastodon.example"' in answer.content.decode() or "host" in changes
    assert not DomainBlock.objects.exists()


def test_another_municipalitys_block_cannot_be_lifted_here(desk, elsewhere, charlie, liv):
    rules.block_domain(
        elsewhere, "mastodon.example", "suspend", "Trusler", by=charlie, at=timezone.now()
    )
    assert "Trusler" not in at_desk(liv).get(desk).content.decode()
    answer = at_desk(liv).post(f"{desk}/apne", {"host": "mastodon.example"})
    assert answer.status_code == 404
    assert DomainBlock.objects.exists()


@pytest.mark.parametrize(
    "host",
    ["mastodon.example", "mastodon.example:3000", "a.mastodon.example", "a.mastodon.example:1"],
)
def test_what_waits_for_a_server_and_all_under_it_is_given_up_when_it_is_blocked(
    nordvaag, mine, liv, host
):
    theirs = delivery(mine, inbox=f"https://{host}/inbox", state="due")
    other = delivery(mine, "k2", inbox="https://notmastodon.example/inbox", state="due")
    rules.block_domain(nordvaag, "mastodon.example", "suspend", "x", by=liv, at=timezone.now())
    theirs.refresh_from_db()
    other.refresh_from_db()
    assert (theirs.state, other.state) == ("given_up", "due")


def test_silence_takes_no_follower_and_nothing_on_its_way(nordvaag, account, mine, liv):
    follow(account)
    delivery(mine, state="due")
    rules.block_domain(nordvaag, "mastodon.example", "silence", "x", by=liv, at=timezone.now())
    assert Follower.objects.exists()
    assert InboxDelivery.objects.get().state == "due"


def test_followers_are_counted_by_server(account, school, desk, liv):
    for number, host in enumerate(["mastodon.example", "mastodon.example", "snac.example"]):
        remote = know_kari(id=f"https://{host}/users/{number}")
        Follower.objects.create(
            account=account, remote=remote, follow="x", followed_at=timezone.now()
        )
    Follower.objects.create(account=school, remote=remote, follow="x", followed_at=timezone.now())
    assert overview.followers(account) == {
        "count": 3,
        "hosts": [{"host": "mastodon.example", "count": 2}, {"host": "snac.example", "count": 1}],
        "more": 0,
    }
    page = at_desk(liv).get(desk).content.decode()
    assert "3 følger kontoen" in page
    assert "users/" not in page  # how many, and not who


# What did not arrive -----------------------------------------------------------------------------


def test_what_was_given_up_is_shown_with_why_and_sent_again_from_the_beginning(mine, desk, liv):
    delivery(mine, status=503, detail="HTTP 503", settled_at=timezone.now())
    client = at_desk(liv)
    page = client.get(desk).content.decode()
    assert "mastodon.example" in page
    assert "HTTP 503" in page
    client.post(f"{desk}/send", {"host": "mastodon.example"})
    one = InboxDelivery.objects.get()
    assert (one.state, one.attempts, one.settled_at) == ("due", 0, None)
    assert one.next_attempt_at <= timezone.now()
    assert Entry.objects.get(verb="account.parcels_retried").data == {"count": 1}
    assert "Alt har kommet fram" in client.get(desk).content.decode()


def test_another_accounts_parcels_stay_where_they_are(mine, school, account, liv, at):
    delivery(mine)
    with pytest.raises(Refused) as caught:
        rules.retry_deliveries(school, "mastodon.example", by=liv, at=at)
    assert caught.value.code == "nothing_left"
    assert InboxDelivery.objects.get().state == "given_up"


def test_nothing_is_sent_again_to_a_server_that_is_shut_out(nordvaag, mine, account, liv, at):
    delivery(mine)
    rules.block_domain(nordvaag, "example", "suspend", "x", by=liv, at=at)
    with pytest.raises(Refused) as caught:
        rules.retry_deliveries(account, "mastodon.example", by=liv, at=at)
    assert caught.value.code == "blocked"
    rules.block_domain(nordvaag, "example", "silence", "x", by=liv, at=at)
    assert rules.retry_deliveries(account, "mastodon.example", by=liv, at=at) == 1


@pytest.mark.parametrize(
    ("later", "again"),
    [("sent", set()), ("gone", set()), ("given_up", {"k1", "k2"}), ("due", {"k1"})],
)
def test_an_old_wording_is_not_sent_after_its_correction(mine, account, liv, at, later, again):
    ap_object = a_thing(account)
    delivery(mine, "k1", ap_object=ap_object)
    correction = delivery(
        mine, "k2", ap_object=ap_object, state="sent" if later == "gone" else later
    )
    if later == "gone":
        correction.delete()  # it arrived, and was forgotten after a week
    assert inbox_deliveries.due_anew(account.pk, "mastodon.example", at=at) == len(again)
    assert again <= set(
        InboxDelivery.objects.filter(state="due").values_list("act__key", flat=True)
    )
    assert InboxDelivery.objects.get(act__key="k1").state == ("due" if again else "given_up")


def test_of_what_was_taken_back_only_the_taking_back_is_sent_again(mine, account, at):
    ap_object = a_thing(account, withdrawn_at=at)
    delivery(mine, "k1", ap_object=ap_object)
    delivery(mine, "k2", ap_object=ap_object)
    assert inbox_deliveries.due_anew(account.pk, "mastodon.example", at=at) == 1
    assert InboxDelivery.objects.get(state="due").act.key == "k2"


def test_what_nobody_sends_again_is_forgotten_after_a_quarter_of_a_year(mine, at):
    delivery(mine)
    assert inbox_deliveries.prune(at=at + timedelta(days=89)) == 0
    assert inbox_deliveries.prune(at=at + timedelta(days=91)) == 1


def test_every_reason_is_said_in_words():
    said = [
        overview.why(status, detail)
        for status, detail in [
            (0, "Blocked."),
            (410, "Gone."),
            (401, "HTTP 401"),
            (404, "HTTP 404"),
            (503, "HTTP 503"),
            (0, "No answer."),
        ]
    ]
    assert len(set(said)) == len(said)


# Keys --------------------------------------------------------------------------------------------


def test_new_keys_are_made_only_when_somebody_has_said_they_mean_it(account, desk, liv):
    client = at_desk(liv)
    before = account.settings["keys"]
    assert client.post(f"{desk}/nokler", {}).status_code == 422
    assert Account.objects.get(pk=account.pk).settings["keys"] == before
    client.post(f"{desk}/nokler", {"nokler-sure": "on"})
    held = Account.objects.get(pk=account.pk).settings
    assert held["keys"] != before
    assert len(held["old_keys"]) == 2
    assert before["rsa"] in client.get(desk).content.decode()
    assert Entry.objects.get(verb="account.keys_rotated").data == {"leaked": False}


def test_keys_somebody_else_may_have_are_taken_away_at_once(account, desk, liv, client):
    at_desk(liv).post(f"{desk}/nokler", {"nokler-sure": "on"})
    at_desk(liv).post(f"{desk}/nokler", {"nokler-sure": "on", "nokler-leaked": "on"})
    held = Account.objects.get(pk=account.pk).settings
    assert held["old_keys"] == []
    shown = client.get("/ap/nordvaag", HTTP_ACCEPT="application/activity+json").json()
    named = [one["id"] for one in (shown["publicKey"], *shown["assertionMethod"])]
    assert {one.partition("#")[2] for one in named} == set(held["keys"].values())


def test_a_duty_lead_makes_no_keys(account, per):
    with pytest.raises(NotAllowed):
        rules.rotate_keys(account, by=per, at=timezone.now())


# What a decision does at our door ------------------------------------------------------------------


class Writer:
    """Stores at once."""

    async def put(self, account_id, item):
        with ThreadPoolExecutor(1) as pool:
            pk, new = await asyncio.get_running_loop().run_in_executor(
                pool, intake.receive, account_id, item
            )
            pool.submit(connections.close_all).result()
        return SimpleNamespace(id=pk, duplicate=not new)


class Reply:
    def __init__(self, body):
        self.body, self.status = body, 0

    async def __call__(self):
        return self.body

    async def __aiter__(self):
        yield self.body

    def response_str(self, status, headers, text):
        self.status, self.text = status, text

    response_bytes = response_str


def delivered(mine, mark):
    """Kari's question at our inbox, through the front's own door; the status of the answer."""
    mention = [{"type": "Mention", "href": mine.actor, "name": mine.handle}]
    said = activity(
        "Create",
        note(id=f"https://mastodon.example/n/{mark}", cc=[mine.actor], tag=mention),
        mark=mark,
    )
    headers, body = sign(bytes_of(said), url=mine.inbox)
    scope = SimpleNamespace(
        method="POST",
        path=headers.pop(":path"),
        query_string="",
        authority=headers["host"],
        headers={**headers, "content-length": str(len(body))},
    )
    headers.pop(":method")
    scope.headers.pop(":method")
    reply = Reply(body)

    async def knock(hooks):
        await hooks.answer(scope, reply)

    with ThreadPoolExecutor(1) as pool:
        hooks = Hooks(Writer(), pool, 1_000_000)
        asyncio.run(knock(hooks))
        for thread in (pool, hooks.asking):  # each keeps a connection of its own
            thread.submit(connections.close_all).result()
        hooks.close()
    return reply.status


@pytest.mark.django_db(transaction=True)
def test_a_blocked_server_is_refused_with_a_trace_and_what_a_silenced_one_says_is_held(
    desk, mine, web, liv
):
    know_kari()
    client = at_desk(liv)
    assert delivered(mine, "open") == 202
    block(client, desk, severity="suspend")
    assert delivered(mine, "shut") == 401
    row = Account.objects.get(network="activitypub")
    assert (row.rejected_count, row.rejected_why) == (1, "This server is blocked.")
    assert row.rejected_at > timezone.now() - timedelta(minutes=1)
    assert (
        "This server is blocked."
        in client.get(f"/desk/innstillinger/kanal/{row.pk}").content.decode()
    )
    block(client, desk, severity="silence")
    assert delivered(mine, "hush") == 202
    for envelope in Envelope.objects.select_related("account__municipality").order_by("pk"):
        filing.file(envelope, at=timezone.now())
    held = dict(Message.objects.values_list("external_id", "held_there"))
    assert held == {
        "https://mastodon.example/n/open": False,
        "https://mastodon.example/n/hush": True,
    }
    assert Entry.objects.filter(verb="domain.blocked").count() == 2
