"""An answer goes out and those who follow are told, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.conversations import rules as conversations
from torget.conversations.attachments import Prepared
from torget.conversations.models import Conversation, Message
from torget.people.actor import Actor
from torget.subscriptions import rules as subscriptions


def reply(
    conversation: Conversation,
    body: str,
    *,
    by: Actor,
    at: datetime,
    files: Sequence[Prepared] = (),
    close: bool = False,
) -> Message:
    """Answer, and tell those who follow when the answer is public.

    Raises:
        NotAllowed, Refused: as conversations.rules.answer.
    """
    with transaction.atomic():
        message = conversations.answer(conversation, body, by=by, at=at, files=files, close=close)
        if message.visibility == Conversation.Visibility.PUBLIC:
            _tell(conversation, message, at)
    return message


def _tell(conversation: Conversation, message: Message, at: datetime) -> None:
    def wording() -> tuple[str, str, str]:
        return (
            _("Nytt svar: %(subject)s") % {"subject": conversation.subject},
            f"{message.body}\n\n{message.signature}",
            _("Vil du ikke ha flere slike meldinger? Åpne lenken:"),
        )

    subscriptions.tell(
        conversation,
        about=message,
        wording=wording,
        link=f"/vegg/{conversation.ref}",
        at=at,
        leave_out=conversation.identity,
    )
