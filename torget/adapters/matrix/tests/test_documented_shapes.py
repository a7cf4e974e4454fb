"""Without a homeserver: events and answers in the shapes of the Matrix specification."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.peers.cutting import Refusing
from torget.adapters.matrix import adapter
from torget.adapters.matrix.tests.specimens import (
    ACCOUNT,
    ASKED,
    EDIT,
    KARI,
    NEW,
    OWN,
    PICTURE,
    REDACTION,
    REPLY,
    ROOM,
    SPECIMENS,
    Peer,
    at,
    event,
    held,
    item,
    refusal,
)
from torget.channels.contract import RawItem, SendError, Unparseable
from torget.channels.tests.mutations import thousands
from torget.channels.tests.scripted import serving

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def parsed(one):
    return adapter.parse(item(one), ACCOUNT, received_at=NOW)[0]


def test_a_message_says_who_where_and_whether_everybody_may_read_it():
    said = parsed(NEW)
    assert said.external_id == f"{ROOM}/{ASKED}"
    assert (said.author.external_id, said.author.name) == (KARI, "Kari Prøve")
    assert said.visibility == "public"
    assert parsed({**NEW, "public": False}).visibility == "private"
    assert (
        parsed({name: value for name, value in NEW.items() if name != "public"}).visibility
        == "private"
    )


def test_a_reply_knows_what_it_answers_and_folds_what_it_repeats():
    said = parsed(REPLY)
    assert list(said.parents) == [f"{ROOM}/$ours", f"{ROOM}/$root"]
    assert said.body == "Takk!"
    assert said.folded.startswith("> <@nordvaag:matrix.test> Vi brøyter nå")


def test_a_quotation_in_what_is_no_reply_stays():
    one = held(event("$q", {"msgtype": "m.text", "body": "> sitat\n\nEnig"}))
    assert parsed(one).body == "> sitat\n\nEnig"


def test_a_picture_comes_with_what_is_said_of_it():
    (file,) = parsed(PICTURE).attachments
    assert (file.name, file.media_type, file.content) == ("hull.png", "image/png", b"\x89PNG")
    assert parsed(PICTURE).body == "Et hull i veien"


def test_edits_and_redactions_are_told_apart_and_nobody_edits_anothers_words():
    edit, gone = parsed(EDIT), parsed(REDACTION)
    assert (edit.kind, edit.external_id, edit.body) == (
        "edit",
        f"{ROOM}/{ASKED}",
        "Når brøytes Bakken?",
    )
    assert (gone.kind, gone.external_id) == ("delete", f"{ROOM}/{ASKED}")
    assert edit.changed_at < gone.changed_at
    assert parsed({**EDIT, "original_sender": "@tyv:matrix.test"}).kind == "network"
    assert parsed({**EDIT, "original_sender": ""}).kind == "network"
    old = {**REDACTION["event"], "content": {}, "redacts": ASKED}  # before room version 11
    assert parsed({**REDACTION, "event": old}).external_id == f"{ROOM}/{ASKED}"


def test_our_own_words_and_machines_are_no_questions():
    assert parsed({**NEW, "event": {**NEW["event"], "sender": OWN}}).kind == "own"
    one = held(event("$n", {"msgtype": "m.notice", "body": "Jeg er en robot"}))
    assert parsed(one).kind == "auto_reply"


def test_an_encrypted_message_is_said_to_be_so_instead_of_being_lost():
    one = {
        **NEW["event"],
        "type": "m.room.encrypted",
        "content": {"algorithm": "m.megolm.v1.aes-sha2"},
    }
    assert "kryptert" in parsed({**NEW, "event": one}).body


@pytest.mark.django_db(transaction=True)
def test_the_limit_says_how_long_and_a_broken_server_leaves_it_unknown():
    with serving(Refusing(SPECIMENS.refusals[5])) as line, pytest.raises(SendError) as caught:
        adapter.send(SPECIMENS.out, at(line.url))
    assert caught.value.retry_after_seconds == 2.5
    for status in (500, 502, 504):
        with (
            serving(Refusing(refusal(status, "M_UNKNOWN"))) as line,
            pytest.raises(SendError) as caught,
        ):
            adapter.send(SPECIMENS.out, at(line.url))
        assert caught.value.ambiguous


@pytest.mark.django_db(transaction=True)
def test_a_post_needs_a_room():
    with serving(Peer()) as line:
        out = replace(SPECIMENS.out, act="publish", parent="", recipient="")
        with pytest.raises(SendError) as caught:
            adapter.send(out, at(line.url))
        assert caught.value.permanent
        snapshot = at(line.url)
        snapshot = replace(snapshot, settings={**snapshot.settings, "room": ROOM})
        assert adapter.send(out, snapshot).external_id == f"{ROOM}/$made0"


SEEDS = [NEW, EDIT, REDACTION, REPLY, PICTURE]


def understood(body):
    with contextlib.suppress(Unparseable):  # anything else that is raised fails the test
        for one in adapter.parse(RawItem("x", body), ACCOUNT, received_at=NOW):
            assert one


def test_damaged_events_of_every_kind_are_understood_or_set_aside():
    thousands([json.dumps(one).encode() for one in SEEDS], understood)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_texts_of_any_kind_are_understood(text):
    understood(json.dumps(held(event("$t", {"msgtype": "m.text", "body": text}))).encode())
