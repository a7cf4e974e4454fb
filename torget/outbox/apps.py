"""App configuration of outbox."""

from __future__ import annotations

from django.apps import AppConfig


class OutboxConfig(AppConfig):
    """Torget's outbox room."""

    name = "torget.outbox"
    label = "outbox"
