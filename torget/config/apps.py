"""App configuration of config."""

from __future__ import annotations

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Torget's config room."""

    name = "torget.config"
    label = "config"
