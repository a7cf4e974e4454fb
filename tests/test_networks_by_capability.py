"""Above the adapters nothing asks for a network's name: what differs is a capability."""

from __future__ import annotations

import ast
import re

from tests.test_conventions import HOUSE, MODULES, dotted, name
from torget.channels.registry import adapters

ROOMS = ("answers", "casework", "conversations", "desk", "insight", "square", "subscriptions")
IN_A_TEMPLATE = re.compile(r'network\s*[!=]=\s*"|"\s*[!=]=\s*[\w.]*network')
ASKS = {"first_account", "identify", "adapter_for", "capabilities", "try_account", "Recipient"}


def named(node):
    return isinstance(node, ast.Constant) and node.value in adapters()


def names_a_network(node):
    """A comparison with a network's name, `network="…"`, or a call that is told one."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return any(dotted(side).endswith("network") for side in sides) and any(
            named(inner) for side in sides for inner in ast.walk(side)
        )
    if isinstance(node, ast.keyword):
        asked = (node.arg or "").startswith("network") or (node.arg or "").endswith("network")
        return asked and any(named(inner) for inner in ast.walk(node.value))
    if isinstance(node, ast.Call):
        return dotted(node.func).rpartition(".")[2] in ASKS and any(map(named, node.args))
    return False


def test_no_room_above_the_adapters_names_a_network():
    places = [
        f"{name(path)}:{getattr(node, 'lineno', 0)}"
        for path in MODULES
        if set(ROOMS) & set(path.relative_to(HOUSE).parts[:1])
        for node in ast.walk(ast.parse(path.read_text()))
        if names_a_network(node)
    ]
    assert not places


def test_no_template_names_a_network():
    places = [
        f"{name(path)}:{number}"
        for room in ROOMS
        for path in (HOUSE / room).rglob("*.html")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if IN_A_TEMPLATE.search(line)
    ]
    assert not places
