"""The loop the worker starts; it stands still where the channel is not loaded (TORGET_ADAPTERS)."""

from __future__ import annotations

import threading
from importlib import import_module

from django.apps import apps

CHANNEL = "torget.adapters.activitypub"


def fanout_loop(stop: threading.Event) -> None:
    """Carry deliveries until told to stop."""
    if apps.is_installed(CHANNEL):
        import_module(f"{CHANNEL}.fanout").fanout_loop(stop)
    else:
        stop.wait()
