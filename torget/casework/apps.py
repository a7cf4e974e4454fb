"""App configuration of casework."""

from __future__ import annotations

from django.apps import AppConfig


class CaseworkConfig(AppConfig):
    """Torget's case work room."""

    name = "torget.casework"
    label = "casework"
