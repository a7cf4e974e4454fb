"""App configuration of history."""

from __future__ import annotations

from django.apps import AppConfig


class HistoryConfig(AppConfig):
    """Torget's history room."""

    name = "torget.history"
    label = "history"
