"""The cast every test may call on. The scratch database is a plugin of its own: torget.config.tests.database."""

from __future__ import annotations

pytest_plugins = [
    "tests.cast",
    "tests.square",
    "tests.peers.mail",
    "tests.peers.oidc",
    "tests.peers.atmosphere",
    "tests.peers.mastodon.server",
    "tests.peers.synapse.server",
]
