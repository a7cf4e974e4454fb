"""App configuration of people."""

from __future__ import annotations

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """Torget's people room."""

    name = "torget.people"
    label = "people"
