"""App configuration of desk."""

from __future__ import annotations

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """Torget's desk room."""

    name = "torget.desk"
    label = "desk"
