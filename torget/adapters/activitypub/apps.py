"""App configuration of the ActivityPub channel."""

from __future__ import annotations

from django.apps import AppConfig


class ActivityPubConfig(AppConfig):
    """Torget's ActivityPub channel."""

    name = "torget.adapters.activitypub"
    label = "activitypub"
