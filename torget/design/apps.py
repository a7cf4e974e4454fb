"""App configuration of design."""

from __future__ import annotations

from django.apps import AppConfig


class DesignConfig(AppConfig):
    """Torget's design room."""

    name = "torget.design"
    label = "design"
