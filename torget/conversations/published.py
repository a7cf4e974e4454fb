"""A public conversation as a page others may ask for: what of it is ours, and what it is called elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from torget.channels.pages import PublicPage
from torget.conversations.models import Conversation, Message, sent_of
from torget.outbox.models import Delivery
from torget.people.links import absolute


def page_of(conversation: Conversation, messages: Sequence[Message]) -> PublicPage:
    """The page everybody reads it at. `messages` are those it shows, oldest first.

    On other networks it is what the municipality said first in it: its own post, or its answer.
    """
    shown = [
        message for message in messages if message.hidden_at is None and message.removed_at is None
    ]
    own = next((message for message in shown if message.kind == Message.Kind.ANSWER), None)
    first = shown[0] if shown else None
    return PublicPage(
        municipality=conversation.municipality,
        url=absolute(conversation.municipality, conversation.public_path),
        title=conversation.subject,
        text=first.opening if first else "",
        language=(first.language if first else "") or conversation.language,
        published_at=conversation.opened_at,
        changed_at=first.edited_at if first else None,
        ours=conversation.opened_by_us and own is not None and own is first and not own.warning,
        receipts=_receipts(own) if own else {},
    )


def _receipts(message: Message) -> dict[str, str]:
    """What a message of ours is called where it has arrived, by network."""
    deliveries = sent_of([message]).get(message.pk, [])
    gone = [
        delivery
        for delivery in deliveries
        if delivery.state == Delivery.State.SENT and delivery.receipt
    ]
    return {delivery.account.network: delivery.receipt for delivery in gone}
