"""A verb of history is a row of a manifest: what it is called, who reads of it, what may follow it."""

from __future__ import annotations

import ast
import re

import pytest
from django.db import connection

from tests.cast import NOW, make_question
from tests.test_conventions import MODULES, dotted, name
from torget import rooms
from torget.casework.rules.automation import events
from torget.config.live import is_public
from torget.conversations.rules import handling
from torget.history.models import Entry
from torget.history.rules import record, watched
from torget.history.seal import seal, verify
from torget.people.actor import Actor
from torget.rooms import acts, verbs

LOOKS_LIKE_ONE = re.compile(r"[a-z]+\.[a-z_]+")
MARKS = {"answers.visitor"}  # names of other things that look the same
RECORDERS = {"record", "_record", "tell", "_tell"}


def constants(node):
    return [
        inner.value
        for inner in ast.walk(node)
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str)
    ]


def modules_that_record():
    for path in MODULES:
        tree = ast.parse(path.read_text())
        if any(
            isinstance(node, ast.ImportFrom)
            and node.module == "torget.history.rules"
            and "record" in {alias.name for alias in node.names}
            for node in ast.walk(tree)
        ):
            yield path, tree


def test_every_verb_that_is_recorded_stands_in_a_manifest():
    prefixes = {verb.partition(".")[0] for verb in verbs()}
    wrong = []
    for path, tree in modules_that_record():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or dotted(node.func).split(".")[-1] not in RECORDERS:
                continue
            if node.args and isinstance(node.args[0], ast.JoinedStr):
                wrong.append(f"{name(path)}:{node.lineno} put together of pieces")
        wrong += [
            f"{name(path)} {text}"
            for text in constants(tree)
            if LOOKS_LIKE_ONE.fullmatch(text)
            and text.partition(".")[0] in prefixes
            and text not in verbs()
            and text not in {*acts(), *MARKS}
            and not re.search(rf"(label|subject_type|model).*{re.escape(text)}", path.read_text())
        ]
    assert not wrong


def test_every_verb_in_a_manifest_is_recorded_somewhere():
    recorded = {text for _path, tree in modules_that_record() for text in constants(tree)}
    # Releasing a case is giving it to nobody: the timeline has words of its own for it.
    assert set(verbs()) - recorded == {"conversation.released"}


def test_a_verb_nobody_has_heard_of_is_refused(nordvaag):
    with pytest.raises(LookupError, match="teleported"):
        record("conversation.teleported", nordvaag, by=Actor.system(nordvaag.pk), at=NOW)


def test_an_entry_tells_which_conversation_it_is_about(nordvaag, ola):
    question = make_question(nordvaag)
    handling.take(question, by=ola, at=NOW)
    handling.note(question, "Ringte henne", by=ola, at=NOW)
    entries = Entry.objects.filter(conversation_id=question.pk)
    assert set(entries.values_list("verb", flat=True)) == {
        "conversation.opened",
        "conversation.taken",
        "message.received",
        "message.noted",
    }
    assert Entry.objects.filter(subject_type="channels.account", conversation_id=None).exists()


def test_what_is_sealed_is_still_what_was_hashed(nordvaag, ola):
    make_question(nordvaag)
    assert seal(at=NOW) is not None
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE history_entry DROP COLUMN conversation_id")
        cursor.execute(
            "ALTER TABLE history_entry ADD COLUMN conversation_id bigint GENERATED ALWAYS AS"
            " (CASE WHEN subject_type = 'conversations.conversation' THEN subject_id"
            " ELSE (data->>'conversation')::bigint END) STORED"
        )
    assert not list(verify())


def test_only_what_everybody_may_read_is_public(nordvaag, ola):
    question = make_question(nordvaag)
    with watched() as changes:
        handling.note(question, "Ringte henne", by=ola, at=NOW)
        handling.take(question, by=ola, at=NOW)
    assert not changes
    with watched() as changes:
        make_question(nordvaag)
    assert not changes  # nobody else reads a private case
    with watched() as changes:
        make_question(nordvaag, visibility="public")
    assert changes


def test_an_announcement_of_a_verb_nobody_knows_is_believed_to_be_public():
    assert is_public({"v": "report.made"})
    assert is_public({"v": "message.received"})
    assert is_public({"v": "message.received", "p": None})
    assert not is_public({"v": "message.received", "p": True})
    assert not is_public({"v": "message.noted"})


def test_rules_follow_the_verbs_that_say_so():
    assert {"conversation.opened", "message.received", "conversation.closed"} <= set(events())
    assert "message.noted" not in events()
    assert len(rooms.gather("verbs")) > 100
