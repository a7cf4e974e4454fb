"""The house rules that no linter knows."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ROOT / "torget"
MODULES = sorted(
    path for path in HOUSE.rglob("*.py") if not {"migrations", "tests"} & set(path.parts)
)
LAYERS = [
    [name.strip() for name in layer.split("|")]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    if contract["id"] == "layers"
    for layer in contract["layers"]
]
HEIGHT = {room: len(LAYERS) - level for level, rooms in enumerate(LAYERS) for room in rooms}
DRAWERS = {"utils", "util", "helpers", "common", "services", "signals", "misc", "lib", "core"}


def name(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_module_has_at_most_400_lines_and_says_what_it_owns(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    assert not text.strip() or ast.get_docstring(ast.parse(text))


def test_a_function_has_at_most_60_lines():
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno >= 60
    ]
    assert not long


def test_there_are_no_drawer_modules():
    assert not [
        name(path)
        for path in HOUSE.rglob("*")
        if path.stem in DRAWERS and "node_modules" not in path.parts
    ]


WRITING = re.compile(
    r"\.(create|bulk_create|update|delete|save|get_or_create|update_or_create|bulk_update|add|set|clear)$"
)
# What a view may call by those names: sessions, messages, caches, responses – not rows.
HARMLESS = ("request.session", "messages", "response", "form", "headers", "found", "seen")


def dotted(node):
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return dotted(node.func) + "()"
    return node.id if isinstance(node, ast.Name) else "?"


def test_no_view_writes():
    views = [path for path in MODULES if path.stem == "views" or "views" in path.parts]
    assert views
    writes = [
        f"{name(path)}:{node.lineno} {dotted(node.func)}"
        for path in views
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and WRITING.search(dotted(node.func))
        and not dotted(node.func).startswith(HARMLESS)
    ]
    assert not writes


# Behaviour lives in rooms: what a page can do, a script, the API and a test can do without that page.
FACES = ("square", "desk")


@pytest.mark.parametrize("face", FACES)
def test_a_face_holds_no_rules_no_models_and_no_transactions(face):
    modules = [path for path in MODULES if path.relative_to(HOUSE).parts[0] == face]
    assert modules
    kept = [name(path) for path in modules if {"rules", "models"} & {path.stem, path.parent.name}]
    kept += [
        f"{name(path)}:{node.lineno}"
        for path in modules
        for node in ast.walk(ast.parse(path.read_text()))
        if dotted(node).endswith(("transaction.atomic", "history.rules.record"))
        or (isinstance(node, ast.ImportFrom) and node.module == "torget.history.rules")
    ]
    assert not kept


def test_foreign_keys_point_down():
    wrong = [
        f"{model.__module__}.{model.__name__}.{field.name} → {field.related_model.__module__}"
        for model in apps.get_models()
        if model.__module__.startswith("torget.")
        for field in model._meta.get_fields()
        if field.is_relation
        and field.concrete
        and field.related_model.__module__.startswith("torget.")
        and HEIGHT[field.related_model.__module__.split(".")[1]]
        > HEIGHT[model.__module__.split(".")[1]]
    ]
    assert not wrong


def test_what_was_said_is_protected_not_cascaded():
    loose = [
        f"{model.__name__}.{field.name}"
        for app in ("conversations", "answers", "intake", "outbox", "subscriptions")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if field.is_relation
        and field.many_to_one
        and field.remote_field.on_delete.__name__ != "PROTECT"
    ]
    assert not loose


def test_states_are_moved_by_a_table_that_names_them_all():
    tables = [model for model in apps.get_models() if hasattr(model, "MOVES")]
    assert {model.__name__ for model in tables} >= {"Conversation", "Envelope", "Delivery"}
    for model in tables:
        states = set(model.State)
        assert set(model.MOVES) == states
        assert all(set(targets) <= states for targets in model.MOVES.values())


def test_no_module_imports_inside_functions_to_hide_a_cycle():
    hidden = [
        f"{name(path)}:{inner.lineno}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert not hidden


def test_no_template_carries_script_or_style_of_its_own():
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=|javascript:",
        re.IGNORECASE,
    )
    found = [
        f"{name(path)}: {match.group()}"
        for path in HOUSE.rglob("*.html")
        for match in inline.finditer(path.read_text())
    ]
    assert not found


def test_no_lock_file_names_an_address():
    locks = [*ROOT.glob("package-lock.json"), *ROOT.glob("requirements/*.txt")]
    locks += ROOT.glob("tests/peers/*/package-lock.json")
    locks += ROOT.glob("tests/peers/*/*.txt")
    assert len(locks) > 6
    assert not [name(path) for path in locks if "://" in path.read_text()]
