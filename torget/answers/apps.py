"""App configuration of answers."""

from __future__ import annotations

from django.apps import AppConfig


class AnswersConfig(AppConfig):
    """Torget's answers room."""

    name = "torget.answers"
    label = "answers"
