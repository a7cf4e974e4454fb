"""App configuration of conversations."""

from __future__ import annotations

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    """Torget's conversations room."""

    name = "torget.conversations"
    label = "conversations"
