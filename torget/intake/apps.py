"""App configuration of intake."""

from __future__ import annotations

from django.apps import AppConfig


class IntakeConfig(AppConfig):
    """Torget's intake room."""

    name = "torget.intake"
    label = "intake"
