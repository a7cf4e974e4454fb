"""The cast every test may call on. The scratch database is a plugin of its own: torget.config.tests.database."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = [
    "tests.cast",
    "tests.square",
    "tests.peers.mail",
    "tests.peers.oidc",
    "tests.peers.fedify",
    "tests.peers.atmosphere",
    "tests.peers.mastodon.server",
    "tests.peers.synapse.server",
]

# Hypothesis tries the same inputs every time, so that a red run tells of the change at hand; `make bench` looks for others.
settings.register_profile("suite", derandomize=os.environ.get("GROWTH") != "whole", database=None)
settings.load_profile("suite")

# On several cores the long ones begin early, so that all cores end together. By marker, or by the fixture used. Browsers
# come last of all: from the first on, their event loop runs in the worker, where Django's database may not be used then.
LONG = ("endurance", "growth", "peer", "mail", "square")
LAST = "playwright"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In what order; and leave out what takes minutes to install, unless -m asks for it: `make test-peers` does."""
    _order(items)
    if "heavy" in str(config.option.markexpr):
        return
    heavy = [item for item in items if item.get_closest_marker("heavy")]
    if heavy:
        config.hook.pytest_deselected(items=heavy)
        items[:] = [item for item in items if item not in heavy]


def _order(items: list[pytest.Item]) -> None:
    """Sort by file, for each is run whole by one worker: long ones, others, browsers by how much there is in a file."""
    signs: dict[Path, set[str]] = defaultdict(set)
    for item in items:
        signs[item.path].update(mark.name for mark in item.iter_markers())
        signs[item.path].update(item.fixturenames)  # type: ignore[attr-defined]
    count = Counter(item.path for item in items)

    def place(item: pytest.Item) -> tuple[int, int]:
        if LAST in signs[item.path]:
            return len(LONG) + 1, -count[item.path]
        found = (LONG.index(sign) for sign in signs[item.path].intersection(LONG))
        return min(found, default=len(LONG)), 0

    items.sort(key=place)
