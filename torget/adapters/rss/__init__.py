"""Feeds we watch: what the local paper and others write about the municipality."""

from __future__ import annotations

from torget.adapters.rss.adapter import RssAdapter

adapter = RssAdapter()
