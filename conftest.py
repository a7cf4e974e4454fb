"""The cast every test may call on. The scratch database is a plugin of its own: torget.config.tests.database."""

from __future__ import annotations

import pytest

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

# On several cores the longest begin first, so that all cores end together. By marker, or by the fixture used.
LONGEST_FIRST = ("endurance", "growth", "browser", "mail", "peer", "square")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Longest first; and leave out what takes minutes to install, unless -m asks for it: `make test-peers` does."""
    if hasattr(config, "workerinput"):
        _begin_with_the_longest(items)
    if "heavy" in str(config.option.markexpr):
        return
    heavy = [item for item in items if item.get_closest_marker("heavy")]
    if heavy:
        config.hook.pytest_deselected(items=heavy)
        items[:] = [item for item in items if item not in heavy]


def _begin_with_the_longest(items: list[pytest.Item]) -> None:
    """Sort by file: each is run whole by one worker. The order within files, and else among them, stays."""
    place = {name: number for number, name in enumerate(LONGEST_FIRST)}
    of_file: dict[object, int] = {}
    for item in items:
        signs = {mark.name for mark in item.iter_markers()} | set(item.fixturenames)  # type: ignore[attr-defined]
        number = min((place[sign] for sign in signs & set(place)), default=len(place))
        of_file[item.path] = min(number, of_file.get(item.path, number))
    items.sort(key=lambda item: of_file[item.path])
