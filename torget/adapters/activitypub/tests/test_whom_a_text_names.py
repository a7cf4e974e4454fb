"""@name@host in a text of ours is somebody: found, linked and told; who cannot be found stays words, and is said so."""

from __future__ import annotations

import json
import time

import pytest

from torget.adapters.activitypub import mentions, rules
from torget.adapters.activitypub.channel import ADAPTER
from torget.adapters.activitypub.models import Act, APObject, InboxDelivery
from torget.adapters.activitypub.tests.specimens import KARI, NOTE, know_kari
from torget.channels.contract import Outgoing
from torget.protocols.activitypub import PUBLIC, markup

pytestmark = pytest.mark.django_db
ODA = "https://other.example/users/oda"


@pytest.fixture
def oda(web):
    """Somebody on another server whom we have never heard of."""
    finger = {
        "subject": "acct:oda@other.example",
        "links": [{"rel": "self", "type": "application/activity+json", "href": ODA}],
    }
    where = "https://other.example/.well-known/webfinger?resource=acct%3Aoda%40other.example"
    web.put(where, finger, kind="application/jrd+json")
    actor = {"id": ODA, "type": "Person", "preferredUsername": "oda", "name": "Oda"}
    web.put(ODA, {**actor, "inbox": f"{ODA}/inbox", "url": "https://other.example/@oda"})
    return web


def send(snapshot, body, key="k1", **changes):
    kept = {"act": "publish", "visibility": "public", **changes}
    return ADAPTER.send(Outgoing(key, kept.pop("recipient", ""), body, **kept), snapshot)


def last():
    return Act.objects.order_by("-pk").first(), json.loads(
        bytes(Act.objects.order_by("-pk").first().body)
    )


def test_who_is_named_in_a_post_is_linked_mentioned_and_told(snapshot, oda):
    receipt = send(snapshot, "Takk til @oda@other.example og @kari@mastodon.example!")
    act, said = last()
    note = said["object"]
    assert note["tag"] == [{"type": "Mention", "href": ODA, "name": "@oda@other.example"}]
    assert '<a href="https://other.example/@oda" class="u-url mention">@<span>oda</span></a>' in note["content"]  # fmt: skip
    assert ODA in note["cc"]
    assert ODA in said["cc"]
    assert f"{ODA}/inbox" in act.inboxes
    assert receipt.remark == "Fant ingen bak @kari@mastodon.example. Navnet står som vanlig tekst."
    assert "@kari@mastodon.example" in note["content"]


def test_who_is_known_is_not_asked_about_again(snapshot, oda):
    know_kari()
    receipt = send(snapshot, "Hei @Kari@mastodon.example")
    assert (receipt.remark, oda.urls()) == ("", [])
    assert KARI in last()[1]["object"]["cc"]


def test_an_edit_that_names_somebody_new_reaches_them(snapshot, oda):
    uri = send(snapshot, "Takk!").external_id
    send(
        snapshot,
        "Takk til @oda@other.example!",
        "e1",
        act="edit",
        target=uri,
        was="publish",
    )
    act, said = last()
    assert (said["type"], act.inboxes) == ("Update", [f"{ODA}/inbox"])
    assert ODA in said["cc"]
    assert APObject.objects.get(uri=uri).document["content"].startswith("<p>Takk til <span")


def test_a_public_answer_names_the_asker_before_it_and_once(snapshot, oda):
    know_kari()
    answer = {"act": "say", "recipient": KARI, "parent": NOTE}
    uri = send(snapshot, "Spør @oda@other.example.", **answer).external_id
    note = APObject.objects.get(uri=uri).document
    assert [tag["href"] for tag in note["tag"]] == [KARI, ODA]
    assert note["content"].count("mention") == 2
    edited = {"act": "edit", "target": uri, "was": "say"}
    send(snapshot, "Spør @oda@other.example, @kari@mastodon.example.", "e1", **edited)
    changed = APObject.objects.get(uri=uri).document
    assert {tag["href"] for tag in changed["tag"]} == {KARI, ODA}
    assert changed["content"].count("mention") == 2


def test_nobody_but_the_asker_is_told_of_a_private_answer(snapshot, oda):
    know_kari()
    answer = {"act": "say", "recipient": KARI, "parent": NOTE, "visibility": "private"}
    send(snapshot, "Spør @oda@other.example.", **answer)
    act, said = last()
    assert (act.inboxes, said["to"], said.get("cc", [])) == ([f"{KARI}/inbox"], [KARI], [])
    assert oda.urls() == []


def test_the_writer_is_told_beforehand_whom_we_must_look_up(snapshot):
    know_kari()
    out = Outgoing("k", "", "Hei @kari@mastodon.example og @oda@other.example", act="publish", visibility="public")  # fmt: skip
    remarks = ADAPTER.preview(out, snapshot).remarks
    assert ["@oda@other.example" in one and "@kari" not in one for one in remarks] == [True]


def test_many_names_are_not_all_looked_up(snapshot, oda, mine, at):
    text = " ".join(f"@n{number}@far.example" for number in range(2_000))
    named = mentions.find(text, mine, at=at)
    assert (len(named.remotes), len(named.unknown)) == (0, 2_000)
    assert len(oda.asked) == mentions.MOST


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hei @oda@other.example.", ["@oda@other.example"]),
        ("(@oda@other.example), @Oda@other.example:8080!", ["@oda@other.example", "@Oda@other.example:8080"]),
        ("post@oda@other.example oda@other.example @oda", []),
        ("https://other.example/@oda@third.example", []),
        ("@oda@other.example_x @oda@other.example@x", []),
        ("@" * 50_000, []),
        ("@a@" + "a" * 50_000, []),
        ("@a@a." * 20_000, ["@a@a"]),
    ],
)  # fmt: skip
def test_what_is_a_name_and_what_is_not(text, names):
    begun = time.perf_counter()
    assert markup.handles(text) == names
    assert time.perf_counter() - begun < 1


def test_a_name_that_another_begins_with_is_not_linked_inside_it():
    html = markup.to_html(
        "@oda@a.example @oda@a.example.no", mentions={"@oda@a.example": "https://x"}
    )
    assert html.count("<a ") == 1


def test_a_server_that_is_shut_out_is_named_as_words(nordvaag, snapshot, oda, liv, at):
    rules.block_domain(nordvaag, "other.example", "suspend", "Trusler", by=liv, at=at)
    receipt = send(snapshot, "Takk til @oda@other.example!")
    assert receipt.remark
    assert not InboxDelivery.objects.exists()
    assert last()[1]["object"]["cc"] == [f"{last()[1]['actor']}/followers"]
    assert last()[1]["to"] == [PUBLIC]
