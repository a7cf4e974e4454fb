"""What a variable holds is its name: words that mean anything are no names of data, in the rooms that keep to it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import torget

ROOT = Path(torget.__file__).parent
BANNED = frozenset({"held", "found", "one", "said", "told", "given"})
ROOMS = (
    "adapters",
    "answers",
    "casework",
    "channels",
    "config",
    "demo",
    "design",
    "desk",
    "history",
    "insight",
    "intake",
    "outbox",
    "people",
    "protocols",
    "square",
    "subscriptions",
)


def bound(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name something is bound to: variables, arguments, what a pattern takes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name, node.lineno


@pytest.mark.parametrize("room", ROOMS)
def test_a_name_says_what_it_holds(room):
    for path in sorted((ROOT / room).rglob("*.py")):
        if {"tests", "migrations"} & set(path.parts):
            continue
        names = [
            (name, line) for name, line in bound(ast.parse(path.read_text())) if name in BANNED
        ]
        assert not names, f"{path.relative_to(ROOT)}: {names}"
