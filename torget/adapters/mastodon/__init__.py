"""Mastodon: an account on somebody's server, over its REST interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torget.adapters.mastodon.adapter import MastodonAdapter


def __getattr__(name: str) -> MastodonAdapter:
    """`adapter`, made when it is asked for: this folder is also an app, and apps are loaded before any model."""
    if name != "adapter":
        raise AttributeError(name)
    from torget.adapters.mastodon.adapter import MastodonAdapter  # noqa: PLC0415

    made = MastodonAdapter()
    globals()[name] = made
    return made
