"""Signed JSON webhooks, in and out: for the municipality's other systems."""

from __future__ import annotations

from torget.adapters.webhook.adapter import WebhookAdapter

adapter = WebhookAdapter()
