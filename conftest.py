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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a peer that takes minutes to install, unless -m asks for it: `make test-peers` does."""
    if "heavy" in str(config.option.markexpr):
        return
    heavy = [item for item in items if item.get_closest_marker("heavy")]
    if heavy:
        config.hook.pytest_deselected(items=heavy)
        items[:] = [item for item in items if item not in heavy]
