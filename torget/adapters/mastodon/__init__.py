"""Mastodon: an account on somebody's server, over its REST interface."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """`adapter`, made when it is first asked for: this folder is also an app, and apps are loaded before any model."""
    if name != "adapter":
        raise AttributeError(name)
    made = globals()[name] = import_module("torget.adapters.mastodon.adapter").MastodonAdapter()
    return made
