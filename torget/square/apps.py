"""App configuration of square."""

from __future__ import annotations

from django.apps import AppConfig


class SquareConfig(AppConfig):
    """Torget's square room."""

    name = "torget.square"
    label = "square"
