"""App configuration of the Mastodon channel."""

from __future__ import annotations

from django.apps import AppConfig


class MastodonConfig(AppConfig):
    """Torget's registration with Mastodon servers."""

    name = "torget.adapters.mastodon"
    label = "mastodon"
