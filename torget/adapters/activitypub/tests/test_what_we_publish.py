"""Our side: what other servers find when they ask, what goes out to whom, and what they tell us of it."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from tests.cast import NOW
from torget.adapters.activitypub import ours, rules
from torget.adapters.activitypub.channel import ADAPTER
from torget.adapters.activitypub.models import (
    Act,
    APObject,
    Follower,
    InboxDelivery,
    Remote,
    Response,
)
from torget.adapters.activitypub.parsing import parse
from torget.adapters.activitypub.tests.specimens import (
    KARI,
    KEYS,
    NOTE,
    PUBLIC,
    activity,
    item,
    know_kari,
    note,
)
from torget.channels import connecting
from torget.channels import rules as channels
from torget.channels.contract import File, NetworkEvent, Outgoing, SendError
from torget.channels.models import Account, Alarm
from torget.people.actor import Actor
from torget.people.models import Unit
from torget.protocols.activitypub import notes, reading
from torget.protocols.http_signatures import PublicKey, Request, cavage

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/activity+json"}
SHARED = "https://mastodon.example/inbox"


def post(
    snapshot, key="p1", body="Vi brøyter i kveld. #snø https://nordvaag.example/kart", **changes
):
    out = Outgoing(key, snapshot.address, body, act="publish", visibility="public", **changes)
    return ADAPTER.send(out, snapshot)


def answer(snapshot, key="a1", **changes):
    out = Outgoing(
        key, KARI, "Før klokka sju.", signature="Martin, Servicetorget", parent=NOTE, **changes
    )
    return ADAPTER.send(out, snapshot)


def tell(snapshot, held, at):
    """What an activity is to this account, heeded as the filing does."""
    told = parse(item(held), snapshot, received_at=at)
    for one in told:
        if isinstance(one, NetworkEvent):
            ADAPTER.on_event(one, snapshot, at=at)
    return told


def follow(snapshot, mine, at, *, actor=KARI, number=1):
    return tell(snapshot, activity("Follow", mine.actor, mark=f"-{number}", actor=actor), at)


def document(receipt):
    return APObject.objects.get(uri=receipt.external_id).document


# Asked by others --------------------------------------------------------------------------------


def test_webfinger_leads_from_the_handle_to_the_actor_and_its_keys(client, account, mine):
    told = client.get("/.well-known/webfinger", {"resource": "acct:nordvaag@testserver"})
    assert told.headers["Content-Type"] == "application/jrd+json"
    held = told.json()
    assert held["subject"] == "acct:nordvaag@testserver"
    href = next(link["href"] for link in held["links"] if link["rel"] == "self")
    assert href == mine.actor
    actor = client.get("/ap/nordvaag", **JSON)
    assert actor.headers["Content-Type"] == "application/activity+json"
    said = reading.actor(actor.json())
    assert (said.id, said.type, said.name, said.inbox) == (
        mine.actor,
        "Organization",
        "Nordvåg kommune",
        mine.inbox,
    )
    ids = {one: how for one, how, _key in said.keys}
    assert ids == {mine.key_id("rsa"): "pem", mine.key_id("ed25519"): "multikey"}
    by_actor = client.get("/.well-known/webfinger", {"resource": mine.actor}).json()
    assert by_actor == held


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        ("", 400),
        ("nordvaag", 400),
        ("acct:nordvaag@elsewhere.example", 404),
        ("acct:nobody@testserver", 404),
    ],
)
def test_webfinger_knows_only_ours(client, account, resource, status):
    assert client.get("/.well-known/webfinger", {"resource": resource}).status_code == status


def test_the_shared_inbox_is_the_municipalitys_own(client, account, school, mine):
    unit = client.get("/ap/drift", **JSON).json()
    assert unit["endpoints"]["sharedInbox"] == mine.inbox != unit["inbox"]


def test_nodeinfo_and_host_meta(client, account, snapshot):
    post(snapshot)
    link = client.get("/.well-known/nodeinfo").json()["links"][0]["href"]
    assert link == "http://testserver/nodeinfo/2.1"
    held = client.get("/nodeinfo/2.1").json()
    assert (held["software"]["name"], held["usage"]["localPosts"], held["openRegistrations"]) == (
        "torget",
        1,
        False,
    )
    assert b"/.well-known/webfinger?resource={uri}" in client.get("/.well-known/host-meta").content


def test_people_who_follow_the_address_get_a_page(client, account, snapshot):
    receipt = post(snapshot)
    path = receipt.external_id.removeprefix("http://testserver")
    assert "@nordvaag@testserver" in client.get("/ap/nordvaag").content.decode()
    assert "Vi brøyter i kveld" in client.get(path).content.decode()
    linked = post(snapshot, "p2", link="http://testserver/vegg/NV-1")
    where = client.get(linked.external_id.removeprefix("http://testserver"))
    assert (where.status_code, where.headers["Location"]) == (302, "http://testserver/vegg/NV-1")


def test_old_keys_stand_beside_the_new_ones_for_a_month(client, account, mine, time_machine):
    time_machine.move_to(NOW)
    rules.rotate_keys(account, by=Actor.system(account.municipality_id), at=NOW)
    account.refresh_from_db()
    held = client.get("/ap/nordvaag", **JSON).json()
    new = ours.of(channels.access(account))
    assert held["publicKey"]["id"] == new.key_id("rsa") != mine.key_id("rsa")
    others = {one["id"]: one["publicKeyMultibase"] for one in held["assertionMethod"]}
    assert set(others) == {new.key_id("ed25519"), mine.key_id("rsa"), mine.key_id("ed25519")}
    old = PublicKey.from_multikey("x", others[mine.key_id("rsa")])
    assert old.verifies(mine.key("rsa").sign(b"x"), b"x")
    assert PublicKey.from_pem("x", held["publicKey"]["publicKeyPem"]).verifies(
        new.key("rsa").sign(b"x"), b"x"
    )
    assert new.old_keys(NOW + timedelta(days=31)) == []


def test_collections_are_paged(client, account, snapshot, mine):
    for number in range(45):
        post(snapshot, f"p{number}", f"Nummer {number}")
    path = "/ap/nordvaag/outbox"
    whole = client.get(path, **JSON).json()
    assert whole["totalItems"] == 45
    page, seen = whole["first"], []
    while page:
        held = client.get(page.removeprefix("http://testserver"), **JSON).json()
        seen += [one["object"]["content"] for one in held["orderedItems"]]
        page = held.get("next", "")
    assert seen == [f"<p>Nummer {number}</p>" for number in reversed(range(45))]
    assert client.get(f"{path}?page=x", **JSON).status_code == 200
    assert client.get("/ap/nordvaag/following", **JSON).json()["totalItems"] == 0


def test_how_many_follow_is_told_but_not_who_unless_the_account_says_so(
    client, account, snapshot, mine, at
):
    know_kari()
    follow(snapshot, mine, at)
    held = client.get("/ap/nordvaag/followers", **JSON).json()
    assert (held["totalItems"], held["orderedItems"]) == (1, [])
    Account.objects.filter(pk=account.pk).update(
        settings={**account.settings, "show_followers": True}
    )
    page = client.get("/ap/nordvaag/followers?page=1", **JSON).json()
    assert page["orderedItems"] == [KARI]


def test_pinned_posts_are_featured(client, account, snapshot, per):
    receipt = post(snapshot)
    assert client.get("/ap/nordvaag/featured", **JSON).json()["orderedItems"] == []
    rules.pin(APObject.objects.get(), True, by=per, at=NOW)
    held = client.get("/ap/nordvaag/featured", **JSON).json()
    assert [one["id"] for one in held["orderedItems"]] == [receipt.external_id]


def test_what_was_said_to_one_alone_is_never_shown_to_who_asks(client, snapshot, mine):
    know_kari()
    private = answer(snapshot)
    path = private.external_id.removeprefix("http://testserver")
    for more in ("", "/activity", "/replies"):
        assert client.get(path + more, **JSON).status_code == 404
    assert client.get(path).status_code == 404
    assert client.get("/ap/nordvaag/outbox", **JSON).json()["totalItems"] == 0


def signed_get(url, key=KEYS["rsa"]):
    made = cavage.sign(Request.of("GET", url), None, key, now=time.time())
    return {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in made.items()}


def test_authorised_fetch_shows_posts_to_who_signs_and_is_not_blocked_and_keys_to_all(
    client, account, snapshot, mine, nordvaag, liv
):
    Account.objects.filter(pk=account.pk).update(
        settings={**account.settings, "authorised_fetch": "1"}
    )
    know_kari()
    url = post(snapshot).external_id
    path = url.removeprefix("http://testserver")
    assert client.get(path, **JSON).status_code == 401
    assert client.get("/ap/nordvaag/outbox", **JSON).status_code == 401
    assert client.get("/ap/nordvaag", **JSON).status_code == 200
    assert client.get(path, **JSON, **signed_get(url)).status_code == 200
    assert client.get(path, **JSON, **signed_get(f"{url}x")).status_code == 401
    rules.block_domain(nordvaag, "mastodon.example", "suspend", "Trusler", by=liv, at=NOW)
    assert client.get(path, **JSON, **signed_get(url)).status_code == 401


# Going out --------------------------------------------------------------------------------------


def test_a_post_is_for_everybody_and_goes_once_to_each_server_with_followers(snapshot, mine, at):
    know_kari()
    oda = "https://mastodon.example/users/oda"
    know_kari(id=oda, inbox=f"{oda}/inbox")
    alone = "https://alone.example/u/per"
    know_kari(id=alone, inbox=f"{alone}/inbox", shared_inbox="")
    for number, actor in enumerate((KARI, oda, alone)):
        follow(snapshot, mine, at, actor=actor, number=number)
    receipt = post(
        snapshot,
        warning="Vær",
        attachments=[File("kart.png", "image/png", b"png", "Kart over Fjellveien")],
    )
    held = document(receipt)
    assert (held["to"], held["cc"]) == ([PUBLIC], [mine.followers])
    assert held["contentMap"] == {"nb": held["content"]}
    assert '<a href="https://nordvaag.example/kart"' in held["content"]
    assert {"type": "Hashtag", "name": "#snø", "href": "http://testserver/sok?q=%23snø"} in held[
        "tag"
    ]
    assert (held["summary"], held["sensitive"]) == ("Vær", True)
    assert held["attachment"][0]["name"] == "Kart over Fjellveien"
    assert notes.note(held).attachments[0].alt == "Kart over Fjellveien"
    sent = InboxDelivery.objects.filter(act__key="p1")
    assert sorted(sent.values_list("inbox", flat=True)) == [f"{alone}/inbox", SHARED]
    body = bytes(sent[0].act.body)
    assert json.loads(body)["type"] == "Create"
    assert (
        hashlib.sha256(body).digest().hex()
        == __import__("base64").b64decode(sent[0].act.digest).hex()
    )


def test_a_picture_is_served_at_the_address_the_post_names(client, snapshot):
    receipt = post(snapshot, attachments=[File("kart.png", "image/png", b"bytes", "Kart")])
    path = document(receipt)["attachment"][0]["url"].removeprefix("http://testserver")
    told = client.get(path)
    assert (b"".join(told.streaming_content), told.headers["Content-Type"]) == (
        b"bytes",
        "image/png",
    )
    assert client.get(path.replace("/fil/0", "/fil/1")).status_code == 404


def test_an_answer_in_public_names_who_asked_and_one_in_private_is_for_them_alone(snapshot, mine):
    know_kari()
    held = document(answer(snapshot, visibility="public"))
    assert (held["to"], held["cc"], held["inReplyTo"]) == ([PUBLIC], [KARI], NOTE)
    assert {"type": "Mention", "href": KARI, "name": "@kari@mastodon.example"} in held["tag"]
    assert held["content"].startswith(
        '<p><span class="h-card"><a href="https://mastodon.example/@kari"'
    )
    assert "Martin, Servicetorget" in held["content"]
    private = document(answer(snapshot, "a2"))
    assert (private["to"], private["cc"]) == ([KARI], [])
    assert set(InboxDelivery.objects.values_list("inbox", flat=True)) == {f"{KARI}/inbox"}


def test_the_same_key_publishes_once_and_looking_up_tells(snapshot):
    first = post(snapshot)
    assert post(snapshot) == first
    assert APObject.objects.count() == Act.objects.count() == 1
    out = Outgoing("p1", "", "x", act="publish")
    assert ADAPTER.find(out, snapshot) == first
    assert ADAPTER.find(replace(out, idempotency_key="p2"), snapshot) is None


def test_a_send_that_is_cut_short_leaves_nothing(snapshot, monkeypatch):
    monkeypatch.setattr(
        InboxDelivery.objects,
        "bulk_create",
        lambda *_a, **_k: (_ for _ in ()).throw(IntegrityError),
    )
    know_kari()
    with pytest.raises(IntegrityError), transaction.atomic():
        answer(snapshot)
    assert not APObject.objects.exists()
    assert ADAPTER.find(Outgoing("a1", KARI, "x"), snapshot) is None


def test_an_edit_keeps_the_address_and_goes_to_all_who_have_it_and_a_withdrawal_too(
    client, snapshot, mine, at
):
    know_kari()
    follow(snapshot, mine, at)
    uri = post(snapshot).external_id
    tell(snapshot, activity("Undo", {"type": "Follow", "object": mine.actor}, mark="-u"), at)
    assert not Follower.objects.exists()
    InboxDelivery.objects.all().delete()  # as after a week
    change = Outgoing("e1", "", "Vi brøyter i morgen.", act="edit", target=uri, visibility="public")
    assert ADAPTER.send(change, snapshot).external_id == uri
    assert ADAPTER.send(change, snapshot).external_id == uri
    update = json.loads(bytes(Act.objects.get(key="e1").body))
    assert (update["type"], update["object"]["id"]) == ("Update", uri)
    assert "i morgen" in update["object"]["content"]
    assert update["object"]["updated"]
    assert list(InboxDelivery.objects.filter(act__key="e1").values_list("inbox", flat=True)) == [
        SHARED
    ]
    ADAPTER.send(Outgoing("w1", "", "", act="withdraw", target=uri), snapshot)
    gone = json.loads(bytes(Act.objects.get(key="w1").body))
    assert (gone["type"], gone["object"]["type"]) == ("Delete", "Tombstone")
    told = client.get(uri.removeprefix("http://testserver"), **JSON)
    assert (told.status_code, told.json()["type"]) == (410, "Tombstone")
    assert client.get(uri.removeprefix("http://testserver")).status_code == 410
    with pytest.raises(SendError, match="withdrawn"):
        ADAPTER.send(replace(change, idempotency_key="e2"), snapshot)


def test_what_is_not_ours_or_too_long_or_to_nobody_is_refused_for_good(snapshot, web):
    for out in (
        Outgoing("x1", "", "x", act="edit", target="https://elsewhere.example/1"),
        Outgoing("x2", "", "x", act="remove", target=NOTE),
        Outgoing("x3", "ingen", "x"),
        Outgoing("x4", "https://mastodon.example/users/nobody", "x"),
    ):
        with pytest.raises(SendError) as told:
            ADAPTER.send(out, snapshot)
        assert told.value.permanent
    know_kari()
    with pytest.raises(SendError) as told:
        answer(snapshot, "x5", link="") if ADAPTER.send(
            Outgoing("x6", KARI, "x" * 5_001), snapshot
        ) else None
    assert told.value.permanent


def test_a_poll_counts_each_person_once_and_an_event_says_when(client, snapshot, mine, at):
    know_kari()
    ends = (at + timedelta(days=1)).isoformat()
    uri = post(snapshot, poll={"options": ["Ja", "Nei"], "ends_at": ends}).external_id
    for number, option in enumerate(["Ja", "Nei", "Ja", "Kanskje"]):
        vote = note(
            id=f"{NOTE}-{number}", content=None, contentMap=None, name=option, inReplyTo=uri, tag=[]
        )
        tell(snapshot, activity("Create", vote, mark=f"-{number}"), at)
    held = client.get(uri.removeprefix("http://testserver"), **JSON).json()
    assert held["type"] == "Question"
    assert [(one["name"], one["replies"]["totalItems"]) for one in held["oneOf"]] == [
        ("Ja", 1),
        ("Nei", 0),
    ]
    assert held["votersCount"] == 1
    event = document(
        post(
            snapshot,
            "p2",
            event={"name": "Dugnad", "starts_at": ends, "place": "Skolen"},
        )
    )
    assert (event["type"], event["location"]["name"]) == ("Event", "Skolen")


# Told by others ---------------------------------------------------------------------------------


def test_who_follows_is_accepted_once_and_undo_lets_go(snapshot, mine, at):
    know_kari()
    for _time in range(2):
        follow(snapshot, mine, at)
    accept = json.loads(bytes(Act.objects.get().body))
    assert (accept["type"], accept["object"]["type"], accept["object"]["actor"]) == (
        "Accept",
        "Follow",
        KARI,
    )
    assert InboxDelivery.objects.get().inbox == f"{KARI}/inbox"
    tell(snapshot, activity("Undo", f"{NOTE}/follow-1", mark="-u"), at)
    assert not Follower.objects.exists()


def test_who_blocks_us_or_is_gone_is_sent_nothing_more(snapshot, mine, at):
    know_kari()
    follow(snapshot, mine, at)
    tell(snapshot, activity("Block", mine.actor), at)
    assert not Follower.objects.exists()
    follow(snapshot, mine, at, number=2)
    tell(snapshot, activity("Delete", KARI), at)
    assert not Follower.objects.exists()
    assert Remote.objects.get().gone_at
    with pytest.raises(SendError):
        answer(snapshot)


def test_likes_and_shares_are_counted_and_taken_back(client, snapshot, mine, at):
    know_kari()
    uri = post(snapshot).external_id
    path = uri.removeprefix("http://testserver")
    for kind, what in (("Like", "likes"), ("Announce", "shares")):
        for _time in range(2):
            tell(snapshot, activity(kind, uri), at)
        assert client.get(f"{path}/{what}", **JSON).json()["totalItems"] == 1
        tell(
            snapshot,
            activity("Undo", {"id": f"{NOTE}/{kind.lower()}", "type": kind, "object": uri}),
            at,
        )
        assert client.get(f"{path}/{what}", **JSON).json()["totalItems"] == 0


MALLORY = "https://mastodon.example/users/mallory"


def know_mallory():
    kari = know_kari()
    return Remote.objects.create(
        uri=MALLORY, host=kari.host, kind="Person", inbox=f"{MALLORY}/inbox", fetched_at=NOW
    )


def test_one_account_likes_once_whatever_ids_it_comes_with_and_undoes_only_its_own(
    client, snapshot, mine, at
):
    know_mallory()
    uri = post(snapshot).external_id
    path = uri.removeprefix("http://testserver")

    def likes():
        return client.get(f"{path}/likes", **JSON).json()["totalItems"]

    for number in range(25):
        tell(snapshot, activity("Like", uri, mark=f"-{number}"), at)
    assert likes() == 1
    newest = Response.objects.get().uri
    tell(snapshot, activity("Like", uri, actor=MALLORY, mark="-m"), at)
    assert likes() == 2
    for theft in (newest, {"id": newest, "type": "Like", "object": uri, "actor": KARI}):
        tell(snapshot, activity("Undo", theft, actor=MALLORY, mark="-u"), at)
        assert Response.objects.filter(actor=KARI).count() == 1
    assert likes() == 1  # the whole Like in an Undo is the undoer's own, whoever it names
    tell(snapshot, activity("Undo", {"type": "Like", "object": uri}), at)
    assert likes() == 0


def test_anothers_id_keeps_nobody_from_being_counted(snapshot, mine, at):
    know_mallory()
    uri = post(snapshot).external_id
    first = activity("Like", uri, actor=MALLORY)
    hers = {**activity("Like", uri), "id": first["id"]}
    for like in (first, hers):
        tell(snapshot, like, at)
    assert set(Response.objects.values_list("actor", flat=True)) == {MALLORY, KARI}


def test_hiding_takes_a_reply_out_of_our_collection_and_showing_puts_it_back(
    client, snapshot, mine, at
):
    know_kari()
    uri = post(snapshot).external_id
    tell(snapshot, activity("Create", note(inReplyTo=uri)), at)
    path = f"{uri.removeprefix('http://testserver')}/replies?page=1"

    def shown():
        return client.get(path, **JSON).json()["orderedItems"]

    assert shown() == [NOTE]
    ADAPTER.send(Outgoing("h1", KARI, "", act="hide", target=NOTE), snapshot)
    assert shown() == []
    ADAPTER.send(Outgoing("s1", KARI, "", act="show", target=NOTE), snapshot)
    assert shown() == [NOTE]
    assert not InboxDelivery.objects.exists()
    tell(snapshot, activity("Delete", NOTE), at)
    assert shown() == []


def test_a_reply_from_a_silenced_server_is_not_shown_before_it_is_let_through(snapshot, mine, at):
    know_kari()
    uri = post(snapshot).external_id
    for one in parse(
        item(activity("Create", note(inReplyTo=uri)), silenced="1"), snapshot, received_at=at
    ):
        if isinstance(one, NetworkEvent):
            ADAPTER.on_event(one, snapshot, at=at)
    assert Response.objects.get().hidden


def test_a_report_of_our_post_opens_an_alarm_for_a_person(snapshot, at):
    know_kari()
    uri = post(snapshot).external_id
    tell(snapshot, activity("Flag", [uri], content="Dette er feil."), at)
    alarm = Alarm.objects.get()
    assert uri in alarm.detail
    assert "Dette er feil" not in alarm.detail


def test_a_move_and_an_update_of_an_actor_are_noted(snapshot, at):
    know_kari()
    new = "https://ny.example/users/kari"
    tell(snapshot, activity("Move", KARI, target=new), at)
    assert Remote.objects.get().moved_to == new
    tell(snapshot, activity("Update", {"id": KARI, "type": "Person"}), at)
    assert Remote.objects.get().fetched_at.year == 2000


def test_an_actor_is_opened_under_a_good_name_once(account, nordvaag):
    system = Actor.system(nordvaag.pk)
    for name in ("nordvaag", "", "å", "-x", "o", "a" * 31):
        with pytest.raises(rules.Refused):
            rules.open_actor(account.unit, name, by=system, at=NOW)


def test_an_account_is_connected_from_the_settings_page(nordvaag, snapshot):
    filled = replace(
        snapshot,
        address="",
        settings={"username": " @Skolen ", "origin": "http://testserver"},
        secrets={},
    )
    made = ADAPTER.connect(filled)
    assert made.address == "skolen@testserver"
    connected = replace(filled, address=made.address, settings=made.settings, secrets=made.secrets)
    assert ADAPTER.check(connected).ok
    assert not ADAPTER.check(replace(connected, secrets={})).ok
    by = Actor.system(nordvaag.pk)
    unit = Unit.objects.get(municipality=nordvaag, slug="teknisk-drift")
    values = {"username": "drift", "authorised_fetch": ""}
    account = connecting.connect(
        connecting.Filled(unit, "activitypub", "Drift", values), by=by, at=NOW
    )
    assert account.address == "drift@testserver"
    assert account.healthy
    with pytest.raises(SendError):
        ADAPTER.connect(replace(filled, settings={"username": "å"}))


def test_nothing_goes_to_a_server_that_is_shut_out_or_what_lies_under_it(
    snapshot, mine, nordvaag, liv, at
):
    under = "https://social.alone.example/u/per"
    know_kari()
    know_kari(id=under, inbox=f"{under}/inbox", shared_inbox="")
    follow(snapshot, mine, at)
    follow(snapshot, mine, at, actor=under, number=2)
    rules.block_domain(nordvaag, "alone.example", "suspend", "Trusler", by=liv, at=at)
    assert list(Follower.objects.values_list("remote__uri", flat=True)) == [KARI]
    with pytest.raises(SendError, match="blocked"):
        ADAPTER.send(Outgoing("b1", under, "Hei"), snapshot)
    post(snapshot)
    assert list(InboxDelivery.objects.filter(act__key="p1").values_list("inbox", flat=True)) == [
        SHARED
    ]
