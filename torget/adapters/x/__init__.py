"""X, for municipalities that have decided to pay for it."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """`adapter`, made when it is asked for: Django imports this package before models may be imported."""
    if name != "adapter":
        raise AttributeError(name)
    made = import_module("torget.adapters.x.channel").XAdapter()
    globals()["adapter"] = made
    return made
