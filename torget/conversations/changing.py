"""What was edited or taken back outside: the earlier words become a version, a tombstone stays."""

from __future__ import annotations

from datetime import datetime

from torget.channels.contract import Utterance
from torget.conversations.models import Gone, Message, Version
from torget.history.rules import record
from torget.intake.models import Envelope
from torget.people.actor import Actor


def known(envelope: Envelope, said: Utterance) -> Message | None:
    """What a resident said, as it is now, locked; None when we never saw it."""
    return (
        Message.objects.select_for_update()
        .filter(account=envelope.account, external_id=said.external_id, kind=Message.Kind.INBOUND)
        .first()
    )


def note_gone(envelope: Envelope, said: Utterance, at: datetime) -> None:
    """Its deletion came before the message itself: when that comes, it is not shown."""
    Gone.objects.get_or_create(
        account=envelope.account, external_id=said.external_id[:500], defaults={"gone_at": at}
    )


def is_gone(envelope: Envelope, said: Utterance) -> bool:
    """Whether it was deleted outside before we heard of it."""
    return Gone.objects.filter(account=envelope.account, external_id=said.external_id).exists()


def change(message: Message, envelope: Envelope, said: Utterance, at: datetime) -> Message | None:
    """Write an edit or a deletion; None when it was written already, or when something newer was.

    What was deleted stays deleted, whatever comes late.
    """
    if Version.objects.filter(message=message, envelope=envelope, why=said.kind).exists():
        return None
    who = message.identity.external_id if message.identity else ""
    if said.kind == "edit" and said.author.external_id.lower() != who.lower():
        return None  # nobody puts words in another's mouth; deletions may be a moderator's there
    late = (
        said.kind == "edit"
        and said.changed_at is not None
        and message.changed_at is not None
        and said.changed_at <= message.changed_at
    )
    if (
        message.removed_at is not None
        or late
        or (said.kind == "edit" and said.body == message.body)
    ):
        return None
    Version.objects.create(
        message=message, body=message.body, replaced_at=at, why=said.kind, envelope=envelope
    )
    if said.kind == "delete":
        message.body, message.removed_at = "", at
    else:
        message.body, message.edited_at, message.changed_at = said.body, at, said.changed_at
    message.save(update_fields=["body", "removed_at", "edited_at", "changed_at"])
    record(
        f"message.{'removed' if said.kind == 'delete' else 'edited'}",
        message,
        by=Actor.resident(
            envelope.account.municipality_id,
            message.identity.person_id if message.identity else None,
        ),
        at=at,
        conversation=message.conversation_id,
    )
    return message
