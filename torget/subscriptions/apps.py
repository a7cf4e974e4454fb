"""App configuration of subscriptions."""

from __future__ import annotations

from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    """Torget's subscriptions room."""

    name = "torget.subscriptions"
    label = "subscriptions"
