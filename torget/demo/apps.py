"""App configuration of demo."""

from __future__ import annotations

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Torget's demo room."""

    name = "torget.demo"
    label = "demo"
