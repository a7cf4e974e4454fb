"""A state is changed by `torget.transitions` alone, and never but as its model's table says."""

from __future__ import annotations

import ast
import re

import pytest
from django.apps import apps

from tests.cast import make_question
from tests.test_conventions import HOUSE, MODULES, dotted, name
from torget.conversations.models import Conversation
from torget.errors import Stale
from torget.transitions import origins, set_back, transition, transition_rows

OWN = {HOUSE / "transitions.py"}
ELSEWHERE = {"bench", "demo", "migrations"}
WRITERS = ("update", "bulk_update", "update_or_create")
WITH_STATES = {
    model._meta.db_table: model for model in apps.get_models() if hasattr(model, "MOVES")
}
STATEMENT = re.compile(r"UPDATE (\w+)(?: \w)? SET state = '(\w+)'")
NAMED = re.compile(r"state (?:= |IN \()((?:'\w+'(?:, )?)+)")


def modules():
    for path in MODULES:
        if path not in OWN and not ELSEWHERE & set(path.parts):
            yield path, ast.parse(path.read_text())


def targets(node):
    if isinstance(node, ast.Tuple | ast.List):
        return [target for element in node.elts for target in targets(element)]
    return [node]


def test_every_model_with_states_names_them_all_in_its_table():
    assert {"Conversation", "Envelope", "Delivery", "PendingReply", "InboxDelivery"} <= {
        model.__name__ for model in WITH_STATES.values()
    }


def test_nobody_else_sets_the_state_of_a_row():
    writers = []
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign | ast.AugAssign):
                left = node.targets if isinstance(node, ast.Assign) else [node.target]
                writers += [
                    f"{name(path)}:{node.lineno}"
                    for target in left
                    for part in targets(target)
                    if isinstance(part, ast.Attribute) and part.attr == "state"
                ]
            elif isinstance(node, ast.Call) and dotted(node.func).endswith(WRITERS):
                writers += [
                    f"{name(path)}:{node.lineno}"
                    for keyword in node.keywords
                    # What a row that was moved by the table says may be written with its other columns.
                    if keyword.arg == "state" and not dotted(keyword.value).endswith(".state")
                ]
    assert not writers


def test_statements_of_sql_move_as_the_table_says():
    met = 0
    for path, tree in modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if (found := STATEMENT.search(node.value)) is None:
                continue
            (table, to), place = found.groups(), f"{name(path)}:{node.lineno}"
            around = node.value[: found.start()], node.value[found.end() :].rpartition("WHERE")[2]
            claimed, settled = (
                {state for group in NAMED.findall(part) for state in re.findall(r"\w+", group)}
                for part in around
            )
            known = set(origins(WITH_STATES[table], to))
            # What is settled is named beside it; what is claimed was chosen in the same statement.
            assert settled <= known if settled else claimed & known, place
            met += 1
    assert met >= 4  # claiming and settling deliveries, here and to inboxes


def test_a_move_the_table_does_not_know_is_refused(nordvaag):
    row = make_question(nordvaag)
    transition(row, Conversation.State.CLOSED)
    with pytest.raises(Stale):
        transition(row, Conversation.State.ANSWERED)
    transition(row, Conversation.State.CLOSED)  # staying is no move
    set_back(row, "answered")
    assert row.state == Conversation.State.ANSWERED


def test_many_rows_go_only_from_where_the_table_lets_them(nordvaag):
    open_one, closed = make_question(nordvaag), make_question(nordvaag, "Hva koster det?")
    transition(closed, Conversation.State.CLOSED)
    closed.save(update_fields=["state"])
    rows = Conversation.objects.all()
    assert transition_rows(rows, Conversation.State.ANSWERED, preview="…") == 1
    open_one.refresh_from_db()
    closed.refresh_from_db()
    assert (open_one.state, open_one.preview, closed.state) == ("answered", "…", "closed")
