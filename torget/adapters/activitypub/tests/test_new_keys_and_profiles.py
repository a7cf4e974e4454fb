"""Whoever knows an actor of ours is told when it changes, and no server drops what we say because our key is new."""

from __future__ import annotations

import io
import json
import time
from datetime import timedelta

import pytest
from django.utils import timezone
from PIL import Image

from torget.adapters.activitypub import acts, announcing, ours, remotes, rules
from torget.adapters.activitypub.fanout import Fanout
from torget.adapters.activitypub.models import Follower, InboxDelivery, OldCopy, Profile
from torget.adapters.activitypub.tests.servers import carry
from torget.adapters.activitypub.tests.specimens import KEYS, PEM
from torget.channels import rules as channels
from torget.channels.models import Account
from torget.people.actor import Actor
from torget.people.models import Municipality
from torget.protocols.activitypub import ActorSaid
from torget.protocols.http_signatures import Invalid, PrivateKey, PublicKey, Request, cavage, verify

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(60)]
JSON = {"HTTP_ACCEPT": "application/activity+json"}
ARMS = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 5"><rect width="4" height="5" fill="#f00"/></svg>'


@pytest.fixture
def followed(server, account, at):
    """Somebody on the server follows us; what is told of the actor is what it is."""
    actor = f"http://{server.host}/users/kari"
    keys = [(f"{actor}#main-key", "pem", KEYS["rsa"].public().pem())]
    said = ActorSaid(actor, "Person", "kari", "Kari", f"{actor}/inbox", server.inbox(), keys=keys)
    remote = remotes.keep(said, "", at=at)
    Follower.objects.create(account=account, remote=remote, follow=f"{actor}#f", followed_at=at)
    announcing.tidy(at=at)
    return remote


def rotate(account, **more):
    rules.rotate_keys(account, by=Actor.system(account.municipality_id), at=timezone.now(), **more)
    InboxDelivery.objects.update(
        next_attempt_at=timezone.now()
    )  # else the loops are given time to learn of it
    account.refresh_from_db()
    return ours.of(channels.access(account))


def look():
    """What the carrying loop does once a minute, and then carries."""
    Fanout()._tidy()
    carry()


def say(mine, server, key):
    activity = {"id": f"{mine.actor}#{key}", "type": "Create", "actor": mine.actor}
    acts.do(key, mine, activity, [server.inbox()], receipt=key, at=timezone.now())


def signed_with(server):
    """The name of the key each delivery was signed with, and the body's type."""
    return [
        (headers["signature"].partition('keyId="')[2].partition('"')[0], json.loads(body)["type"])
        for _path, _way, _status, body, headers in server.got
    ]


class Keeps:
    """A server that keeps one key of ours, as snac, GoToSocial and Mastodon do, each in its way."""

    def __init__(self, server, mine, *, says_no):
        self.key, self.arrived = mine.key("rsa").public(), []
        self.server, self.says_no = server, says_no
        server.takes, server.fits = "ours", self.fits

    def fits(self, _way, headers):
        request = Request("POST", "http", headers["host"], "/inbox/0", headers)
        key = PublicKey.from_pem(headers["signature"].partition('keyId="')[2].partition('"')[0], self.key.pem())  # fmt: skip
        try:
            verify(request, None, key, now=time.time())
        except Invalid:
            return not self.says_no  # "202 Accepted", and dropped
        self.arrived.append(headers)
        return True


# What is told of the actor ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda account: Account.objects.update(name="Nordvåg kommune, servicetorget"),
        lambda account: Account.objects.update(settings={**account.settings, "summary": "Spør oss."}),
        lambda account: Municipality.objects.update(website="https://nordvaag.example/"),
        lambda account: Municipality.objects.update(coat_of_arms=ARMS),
        lambda account: Municipality.objects.update(colour="#123456"),
        lambda account: rotate(account),
    ],
    ids=["name", "summary", "fields", "coat of arms", "colour", "keys"],
)  # fmt: skip
def test_an_update_goes_to_the_followers_servers_whatever_changes_the_actor(
    client, server, account, followed, change
):
    change(account)
    look()
    look()
    bodies = [json.loads(body) for _path, _way, _status, body, _headers in server.got]
    assert [(one["type"], one["object"]["id"]) for one in bodies] == [
        ("Update", bodies[0]["actor"])
    ]
    served = client.get("/ap/nordvaag", **JSON).json()
    assert {**bodies[0]["object"], "@context": served["@context"]} == served


def test_nothing_is_told_when_nothing_changed_and_a_new_actor_is_known_by_nobody(server, followed):
    look()
    Profile.objects.all().delete()
    look()
    assert server.got == []


def test_one_that_waits_is_replaced_and_who_has_heard_from_us_is_told_too(
    server, mine, account, at
):
    say(mine, server, "a1")
    look()
    server.answer = (503, {})
    for name in ("En", "To"):
        Account.objects.update(name=name)
        look()
    server.answer = (202, {})
    InboxDelivery.objects.filter(state="due").update(next_attempt_at=at)
    carry()
    last = json.loads(server.got[-1][3])
    assert (last["type"], last["object"]["name"]) == ("Update", "To")
    assert InboxDelivery.objects.filter(state="due").count() == 0


def test_the_profile_has_a_picture_a_header_and_says_since_when(client, account):
    Municipality.objects.update(coat_of_arms=ARMS, colour="#0062ba")
    held = client.get("/ap/nordvaag", **JSON).json()
    assert held["published"] == "2026-11-23T09:00:00Z"
    for name, size in (("icon", (400, 400)), ("image", (1500, 500))):
        shown = held[name]
        assert (shown["type"], shown["mediaType"]) == ("Image", "image/png")
        answer = client.get(shown["url"].removeprefix("http://testserver"))
        assert answer["Content-Type"] == "image/png"
        made = Image.open(io.BytesIO(answer.content))
        assert (made.size, made.getpixel((size[0] // 2, size[1] // 2))) == (size, (255, 0, 0))
    Municipality.objects.update(coat_of_arms=ARMS.replace("f00", "0f0"))
    changed = client.get("/ap/nordvaag", **JSON).json()
    assert changed["icon"]["url"] != held["icon"]["url"]
    Municipality.objects.update(coat_of_arms="<svg>")
    broken = client.get("/ap/nordvaag", **JSON).json()["icon"]["url"]
    assert client.get(broken.removeprefix("http://testserver")).status_code == 404


# New keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("leaked", [False, True])
def test_a_server_that_says_yes_before_it_looks_loses_nothing_when_keys_change(
    server, mine, account, followed, leaked
):
    keeps = Keeps(server, mine, says_no=False)
    new = rotate(account, leaked=leaked)
    say(new, server, "p1")
    carry()
    assert [name for name, _kind in signed_with(server)] == [mine.key_id("rsa")] * 2
    assert len(keeps.arrived) == 2


def test_as_soon_as_it_has_fetched_the_actor_it_is_spoken_to_with_the_new_key(
    client, server, mine, account, followed
):
    new = rotate(account)
    key = PrivateKey.from_pem(f"{followed.uri}#main-key", PEM)
    asked = Request.of("GET", "http://testserver/ap/nordvaag")
    made = cavage.sign(asked, None, key, now=time.time())
    forged = {**made, "signature": made["signature"].replace("main-key", "other-key")}
    for headers, old in ((forged, 1), (made, 0)):
        shown = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
        assert client.get("/ap/nordvaag", **JSON, **shown).status_code == 200
        assert OldCopy.objects.count() == old
    keeps = Keeps(server, new, says_no=False)
    say(new, server, "p1")
    carry()
    assert {name for name, _kind in signed_with(server)} == {new.key_id("rsa")}
    assert len(keeps.arrived) == 2


def test_who_comes_to_know_us_afterwards_is_spoken_to_with_the_new_key(server, account):
    new = rotate(account)
    say(new, server, "p1")
    carry()
    assert signed_with(server) == [(new.key_id("rsa"), "Create")]


@pytest.mark.parametrize("holds", ["old", "new"])
def test_one_that_says_no_gets_the_other_key_in_the_same_visit_and_that_is_remembered(
    server, mine, account, followed, holds
):
    new = rotate(account)
    keeps = Keeps(server, mine if holds == "old" else new, says_no=True)
    carry()
    assert len(keeps.arrived) == 1
    assert OldCopy.objects.count() == (holds == "old")
    say(new, server, "p1")
    before = len(server.got)
    carry()
    assert (len(keeps.arrived), len(server.got) - before) == (2, 1)


def test_when_the_old_keys_time_is_over_it_is_forgotten_and_the_new_one_used(
    server, mine, account, followed, time_machine
):
    new = rotate(account)
    carry()
    later = timezone.now() + timedelta(days=rules.OLD_KEY_DAYS, minutes=1)
    announcing.tidy(at=later)
    account.refresh_from_db()
    held = channels.access(account)
    assert set(held.secrets) == {"rsa", "ed25519"}
    assert "before" not in held.settings
    server.got.clear()
    InboxDelivery.objects.update(next_attempt_at=timezone.now())
    say(ours.of(held), server, "p1")
    carry()
    assert {name for name, _kind in signed_with(server)} == {new.key_id("rsa")}


def test_what_we_fetch_is_asked_for_with_the_other_key_when_the_new_one_is_refused(
    web, mine, account, monkeypatch
):
    new = rotate(account)
    url = "https://mastodon.example/users/kari"
    asked = []

    def request(method, address, *, headers=None, **_more):
        asked.append(headers["signature"].partition('keyId="')[2].partition('"')[0])
        kind = {"content-type": "application/activity+json"}
        refused = remotes.http.Response(401, kind, b"")
        found = remotes.http.Response(200, kind, json.dumps({"id": url}).encode())
        return refused if new.key_id("rsa") in asked[-1] else found

    monkeypatch.setattr(remotes.http, "request", request)
    assert remotes.fetch(url, new).url == url
    assert asked == [new.key_id("rsa"), mine.key_id("rsa")]
