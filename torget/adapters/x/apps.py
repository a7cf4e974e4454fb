"""App configuration of the X channel."""

from __future__ import annotations

from django.apps import AppConfig


class XConfig(AppConfig):
    """Torget's X channel."""

    name = "torget.adapters.x"
    label = "x"
