"""Bluesky: mentions, replies, threads and direct messages of an account, over the AT Protocol."""

from __future__ import annotations

from torget.adapters.bluesky.adapter import BlueskyAdapter

adapter = BlueskyAdapter()
