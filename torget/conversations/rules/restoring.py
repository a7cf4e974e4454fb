"""What a conversation was before an act, and setting it back – unless somebody has touched it since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from torget.conversations import deadlines
from torget.conversations.models import Conversation
from torget.conversations.rules.state import see_that_no_reply_waits
from torget.errors import Stale
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Unit
from torget.transitions import set_back

_TIMES = ("waiting_since", "closed_at", "snoozed_until", "last_message_at", "preliminary_at")
_PLAIN = ("state", "unit_id", "assignee_id", "tags", "message_count", "merged_into_id")
_SET_BACK = (
    "unit_id",
    "assignee_id",
    "tags",
    "waiting_since",
    "closed_at",
    "snoozed_until",
)

Snapshot = dict[str, Any]


def snapshot(row: Conversation) -> Snapshot:
    """What handling may change on it, as JSON."""
    times = {name: value.isoformat() if (value := getattr(row, name)) else None for name in _TIMES}
    return {"id": row.pk, **{name: getattr(row, name) for name in _PLAIN}, **times}


def restore(before: Snapshot, after: Snapshot, *, by: Actor, at: datetime) -> Conversation:
    """Set a conversation back to `before`, if it still is as `after` says.

    Raises:
        NotAllowed: no role for it where the conversation was.
        Stale: it has changed since.
        Refused: it would go to another unit while a reply is pending.
    """
    check(by, "conversations.handle", Unit.objects.get(pk=before["unit_id"]))
    with transaction.atomic():
        row = Conversation.objects.select_for_update().get(pk=before["id"])
        if snapshot(row) != after:
            raise Stale(_("Saken er endret siden."), "changed_since")
        if row.unit_id != before["unit_id"]:
            see_that_no_reply_waits(row)
        set_back(row, before["state"])
        for name in _SET_BACK:
            value = before[name]
            setattr(row, name, parse_datetime(value) if name in _TIMES and value else value)
        deadlines.dues(row, row.waiting_since).put_on(row)
        row.save(
            update_fields=[
                "state",
                *(name.removesuffix("_id") for name in _SET_BACK),
                *deadlines.FIELDS.values(),
            ]
        )
        record("conversation.restored", row, by=by, at=at)
    return row
