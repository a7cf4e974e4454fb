"""Comments on the municipality's YouTube channel."""

from __future__ import annotations

from torget.adapters.youtube.adapter import YouTubeAdapter

adapter = YouTubeAdapter()
