"""What of the conversations everybody may find: the wall's feed, and hits of a search."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from torget.conversations.models import Conversation
from torget.conversations.search import find
from torget.people.actor import Actor
from torget.people.links import absolute
from torget.people.models import Municipality
from torget.protocols.feeds import Entry
from torget.rooms import Hit

FEED_LENGTH = 50


def newest_on_wall(municipality: Municipality, _parameters: Mapping[str, str]) -> list[Entry]:
    """The newest on the wall."""
    rows = Conversation.objects.filter(municipality=municipality).on_wall().select_related("unit")
    return [
        Entry(
            id=absolute(municipality, row.public_path),
            url=absolute(municipality, row.public_path),
            title=row.subject,
            text=row.preview,
            author=row.unit.local_name if row.person_id is None else row.public_name,
            published_at=row.opened_at,
            changed_at=row.last_message_at,
        )
        for row in rows.order_by("-opened_at")[:FEED_LENGTH]
    ]


def followable(municipality: Municipality, ref: str) -> Conversation | None:
    """The public conversation of that number."""
    rows = Conversation.objects.public().filter(municipality=municipality, ref__iexact=ref)
    return rows.first()


def subject_of(conversation: Conversation) -> str:
    """What it is called where it is followed."""
    return conversation.subject


def hits(actor: Actor, query: str, _language: str, limit: int, at: datetime) -> list[Hit]:
    """Public conversations the words are in, the best first."""
    assert actor.municipality_id is not None
    rows = Conversation.objects.filter(municipality=actor.municipality_id).listed()
    results = find(rows, actor.municipality_id, query, at=at, public=True, limit=limit)
    return [
        Hit(row.subject, row.preview, row.public_path, row.unit.local_name, row.opened_at)
        for row in results.conversations
    ]
