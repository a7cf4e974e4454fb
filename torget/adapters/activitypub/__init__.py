"""ActivityPub: the municipality and its units as actors in the fediverse."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """The adapter, made when it is first asked for: Django imports this package before models may be."""
    if name != "adapter":
        raise AttributeError(name)
    return import_module("torget.adapters.activitypub.channel").ADAPTER
