"""Opening a conversation: the one place a row of it is made."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from torget.channels.models import Account
from torget.conversations.excerpts import preview_of, subject_of
from torget.conversations.models import Conversation, Identity
from torget.people.models import Unit
from torget.people.rules import next_ref
from torget.rooms import Kind


def open_conversation(
    kind: Kind,
    account: Account,
    unit: Unit,
    text: str,
    *,
    visibility: str,
    now: datetime,
    opened_at: datetime | None = None,
    subject: str = "",
    shown: str = "",
    identity: Identity | None = None,
    name: str = "",
    **fields: Any,
) -> Conversation:
    """A new conversation with the next number, in the caller's transaction. Who calls writes history and the first message.

    Args:
        kind: what sort of conversation; its manifest says how it is read and answered.
        account: where it began.
        unit: who has it.
        text: its first words; the subject is taken from them when none is given.
        visibility: "public" or "private".
        now: its number is of this year.
        opened_at: when its first words were said; now when not given.
        subject: what it is about.
        shown: what lists show of it instead of the first words.
        identity: who opened it; nobody when it was the municipality.
        name: what who opened it is called; the identity's name when not given.
        fields: other columns of the row.
    """
    opened_at = opened_at or now
    municipality = account.municipality
    person = {"identity": identity, "person": identity.person} if identity else {}
    row = {"language": municipality.default_language, "on_square": account.on_square, **fields}
    return Conversation.objects.create(
        municipality=municipality,
        ref=next_ref(municipality, at=now),
        kind=kind.name,
        visibility=visibility,
        subject=(subject.strip() or subject_of(text))[:200],
        preview=preview_of(shown or text),
        network=account.network,
        account=account,
        unit=unit,
        person_name=(name or (identity.name if identity else ""))[:120],
        opened_at=opened_at,
        last_message_at=opened_at,
        **person,
        **row,
    )


def private_mark(conversation: Conversation, visibility: str = "") -> dict[str, bool]:
    """What history is told of something said, so that what nobody else reads leaves the ready pages as they are."""
    private = Conversation.Visibility.PRIVATE
    return {"private": True} if private in {conversation.visibility, visibility} else {}
