"""Telling open desks of what is not history: who is there, who writes."""

from __future__ import annotations

import json

from django.db import connection

from torget.conversations.models import Conversation


def announce_presence(conversation: Conversation) -> None:
    """On the database's channel, in the shape of history's own trigger; nothing is kept of it."""
    announcement = {
        "m": conversation.municipality_id,
        "v": "presence",
        "t": conversation._meta.label_lower,
        "s": conversation.pk,
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify('torget', %s)", [json.dumps(announcement)])
