"""App configuration of channels."""

from __future__ import annotations

from django.apps import AppConfig


class ChannelsConfig(AppConfig):
    """Torget's channels room."""

    name = "torget.channels"
    label = "channels"
