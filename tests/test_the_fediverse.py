"""Through a real ActivityPub server: followed, asked, answered, corrected, taken back; and what is forged is refused."""

from __future__ import annotations

import itertools
import time

import pytest

from tests.peers.fedify import Town, fedify_at, until
from tests.square import free_port

pytestmark = [pytest.mark.peer, pytest.mark.timeout(180)]

_numbers = itertools.count()
MARTIN = """
from torget.conversations import rules
from torget.conversations.models import Conversation, Message
from torget.casework.rules.replying import reply
from torget.people.actor import Actor
from torget.people.models import Staff
martin = Actor.of_staff(Staff.objects.get(user__email__startswith='martin'))
"""
REPLY = (
    MARTIN
    + "told = reply(Conversation.objects.get(pk=pk), body, by=martin, at=now, visibility=visibility).pk"
)
CORRECT = (
    MARTIN
    + "from torget.conversations.rules.correcting import correct\ncorrect(Message.objects.get(pk=pk), body, by=martin, at=now)"
)
WITHDRAW = (
    MARTIN
    + "from torget.conversations.rules.correcting import withdraw\nwithdraw(Message.objects.get(pk=pk), 'Feil', by=martin, at=now)"
)
PUBLISH = """
from torget.adapters.activitypub.channel import ADAPTER
from torget.channels.contract import Outgoing
from torget.channels.models import Account
from torget.channels.rules import access
account = access(Account.objects.get(network='activitypub', address__startswith='provetorget@'))
told = ADAPTER.send(Outgoing(key, '', body, act='publish', visibility='public'), account).external_id
"""
ROTATE = """
from torget.adapters.activitypub import rules
from torget.channels.models import Account
from torget.people.actor import Actor
account = Account.objects.get(network='activitypub', address__startswith='provetorget@')
rules.rotate_keys(account, by=Actor.system(account.municipality_id), at=now)
"""


def fresh() -> str:
    return f"n{next(_numbers)}"


def ask(town, *, text="Når blir Fjellveien brøytet?", **told):
    """Somebody there asks; the row of the message, the id and address of the note, and how many seconds it took."""
    name = told.pop("id", None) or fresh()
    town.do("say", id=name, text=text, **told)
    uri = f"{town.fedify.origin}/n/{name}"
    begun = time.monotonic()
    row = town.message(uri)
    return row, name, uri, time.monotonic() - begun


def answer(town, row, text, visibility=None):
    """Martin answers; the message's number and what came to Fedify."""
    pk = town.clerk.do(REPLY, pk=row[1], body=text, visibility=visibility)
    return pk, town.fedify.wait_for("Create", lambda one: text in one["object"]["content"])


def rejected(town):
    return town.square.query(
        "SELECT rejected_count, rejected_why FROM channels_account WHERE split_part(address, '@', 1) = 'provetorget'"
    )[0]


def test_kari_follows_the_municipality_is_accepted_and_leaves(town):
    followers = "SELECT count(*) FROM activitypub_follower f JOIN activitypub_remote r ON r.id = f.remote_id WHERE r.uri = %s"
    kari = f"{town.fedify.origin}/u/kari"
    town.do("follow", id="1")
    accepted = town.fedify.wait_for("Accept")
    assert accepted["actor"] == town.actor
    assert town.square.query(followers, kari) == [(1,)]
    uri = town.clerk.do(PUBLISH, key=f"post-{time.time_ns()}", body="Vi brøyter i kveld. #snø")
    post = town.fedify.wait_for("Create", lambda one: one["object"]["id"] == uri)
    assert "mention hashtag" in post["object"]["content"]
    town.do("unfollow", id="1")
    until(lambda: town.square.query(followers, kari) == [(0,)], "her to be gone")


def test_kari_asks_in_public_and_is_answered_there(town):
    row, _name, uri, seconds = ask(town)
    assert seconds < 10  # nobody asks by the clock; the machine has other work too
    assert row[2:4] == ("Når blir Fjellveien brøytet?", "public")
    assert row[5] == "kari på Fedify"
    _pk, said = answer(town, row, "Den brøytes før klokka sju.")
    assert said["object"]["inReplyTo"] == uri
    assert said["object"]["attributedTo"] == town.actor
    assert town.fedify.statuses()[-1]["status"] == 202


def test_what_kari_says_to_us_alone_is_private_both_ways(town):
    row, _name, _uri, _seconds = ask(town, direct=True, text="Dette gjelder bare meg.")
    assert row[3] == "private"
    _pk, said = answer(town, row, "Vi ringer deg.")
    kari = f"{town.fedify.origin}/u/kari"
    assert kari in said["object"]["to"]
    assert "Public" not in f"{said['object']['to']} {said['object'].get('cc')}"


def test_edits_and_deletions_on_karis_side_are_followed(town):
    row, name, _uri, _seconds = ask(town)
    town.do("edit", id=name, text="Når blir Fjellveien og Sjøgata brøytet?")
    body = "SELECT body, removed_at IS NOT NULL FROM conversations_message WHERE id = %s"
    until(lambda: "Sjøgata" in town.square.query(body, row[0])[0][0], "the edit")
    versions = "SELECT body FROM conversations_version WHERE message_id = %s ORDER BY id"
    assert town.square.query(versions, row[0]) == [("Når blir Fjellveien brøytet?",)]
    town.do("unsay", id=name)
    until(lambda: town.square.query(body, row[0])[0] == ("", True), "the deletion")


def test_edits_and_deletions_on_our_side_arrive_there(town):
    row, _name, _uri, _seconds = ask(town)
    text = f"Klokka sju {fresh()}."
    pk, said = answer(town, row, text)
    note = said["object"]["id"]
    town.clerk.do(CORRECT, pk=pk, body="Klokka åtte.")
    edited = town.fedify.wait_for("Update", lambda one: one["object"]["id"] == note)
    assert "Klokka åtte." in edited["object"]["content"]
    town.clerk.do(WITHDRAW, pk=pk)
    gone = town.fedify.wait_for("Delete", lambda one: one["object"]["id"] == note)
    assert gone["object"]["type"] == "Tombstone"


def test_oda_replies_to_our_post_likes_it_and_shares_it(town):
    uri = town.clerk.do(
        PUBLISH, key=f"post-{time.time_ns()}", body="Er dere fornøyd med brøytingen?"
    )
    row, name, _uri, _seconds = ask(town, who="oda", text="Ja!", replyTo=uri)
    town.do("like", who="oda", id=name, object=uri)
    town.do("share", who="oda", id=name, object=uri)
    kinds = "SELECT kind FROM activitypub_response p JOIN activitypub_thing t ON t.id = p.thing_id WHERE t.uri = %s ORDER BY kind"
    until(lambda: town.square.query(kinds, uri) == [("like",), ("reply",), ("share",)], "all three")
    assert row[2] == "Ja!"


@pytest.mark.parametrize("spec", ["rfc9421", "draft-cavage-http-signatures-12"])
@pytest.mark.parametrize("how", ["body", "key"])
def test_a_tampered_and_a_wrongly_signed_delivery_get_401_and_leave_a_trace(town, how, spec):
    before = rejected(town)[0]
    name = fresh()
    done = town.do("say", id=name, text="Når blir Fjellveien brøytet?", how=how, spec=spec)
    assert done["status"] == 401
    why = "another body" if how == "body" else "not of this key"
    until(lambda: rejected(town)[0] > before and why in rejected(town)[1], "the trace")
    assert town.square.query(
        "SELECT count(*) FROM conversations_message WHERE external_id = %s",
        f"{town.fedify.origin}/n/{name}",
    ) == [(0,)]
    time.sleep(1.1)  # traces are written once a second


@pytest.mark.parametrize("town", ["rfc9421"], indirect=True)
def test_when_oda_gets_new_keys_she_is_asked_for_them(town):
    ask(town, who="oda")
    time.sleep(10.5)  # an actor is asked for new keys every ten seconds at most
    town.fedify.do("rotate", who="oda")
    ask(town, who="oda", text="Hører dere meg fortsatt?")


@pytest.mark.parametrize("town", ["rfc9421"], indirect=True)
def test_when_we_get_new_keys_what_we_sign_is_still_believed(town):
    row, _name, _uri, _seconds = ask(town)
    answer(town, row, f"Før {fresh()}.")
    town.clerk.do(ROTATE)
    time.sleep(5.5)  # the carrying loop remembers an account's keys for five seconds
    row, _name, _uri, _seconds = ask(town)
    answer(town, row, f"Etter {fresh()}.")
    assert all(one["status"] == 202 for one in town.fedify.statuses()[-1:])


ON_THE_WALL = (
    MARTIN
    + """
from torget.channels.models import Account
from torget.channels.rules import form_account
from torget.people.roles import Role
from torget.people.rules import grant
account = Account.objects.get(network='activitypub', address__startswith='provetorget@')
unit = account.unit
grant(martin.staff, Role.EDITOR, unit, at=now, by=Actor.system(unit.municipality_id))
martin = Actor.of_staff(Staff.objects.get(pk=martin.staff.pk))
made = rules.post(unit, form_account(unit.municipality), body, by=martin, at=now, accounts=[account] if there else [])
told = made.conversation.ref
"""
)


@pytest.mark.parametrize("town", ["rfc9421"], indirect=True)
@pytest.mark.parametrize("there", [True, False])
def test_the_address_of_a_page_of_ours_pasted_in_its_search_is_found(town, there):
    text = f"Vi brøyter i kveld {fresh()}."
    ref = town.clerk.do(ON_THE_WALL, body=text, there=there)
    address = f"{town.square.url}/vegg/{ref}"
    sent = "SELECT uri FROM activitypub_thing WHERE document->>'content' LIKE %s"
    if there:
        published = until(lambda: town.square.query(sent, f"%{text}%"), "the post")[0][0]
    found = town.fedify.do("look", object=address)
    assert found["found"] == (published if there else address)
    assert text in found["content"]


@pytest.mark.parametrize("town", ["rfc9421"], indirect=True)
def test_oda_is_named_in_a_post_and_told_of_it(town):
    handle = f"@oda@{town.fedify.origin.removeprefix('http://')}"
    uri = town.clerk.do(PUBLISH, key=f"post-{time.time_ns()}", body=f"Takk til {handle}!")
    said = town.fedify.wait_for("Create", lambda one: one["object"]["id"] == uri)
    tags = said["object"]["tag"]
    tag = tags[0] if isinstance(tags, list) else tags
    assert (tag["type"], tag["href"]) == ("Mention", f"{town.fedify.origin}/u/oda")
    assert f"{town.fedify.origin}/u/oda" in said["cc"]


TAKES = """
from torget.adapters.activitypub.models import Peer
Peer.objects.update_or_create(host=host, defaults={'takes': takes})
"""


@pytest.mark.parametrize("takes", ["rfc9421-rsa", "rfc9421-ed25519"])
def test_what_we_sign_by_rfc_9421_is_believed_or_signed_otherwise(federated_square, takes):
    square, clerk, actor, inbox = federated_square
    with fedify_at(free_port(), knock="rfc9421") as fedify:
        clerk.do(TAKES, host=fedify.origin.removeprefix("http://"), takes=takes)
        town = Town(square, clerk, fedify, actor, inbox)
        row, _name, _uri, _seconds = ask(town)
        answer(town, row, f"Ja {fresh()}.")
        first, last = fedify.statuses()[0], fedify.statuses()[-1]
        assert first["signature"] == "rfc9421"
        assert last["status"] == 202
        # Fedify looks for the signing key among an actor's RSA keys: Ed25519 is refused, and we sign the old way at once.
        assert last["signature"] == ("rfc9421" if takes == "rfc9421-rsa" else "cavage")
