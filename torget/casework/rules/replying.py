"""An answer goes out and those who follow are told, in one transaction; and what stands between writing and sending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.casework.models import PendingReply, Preference
from torget.conversations import rules as conversations
from torget.conversations.attachments import Prepared
from torget.conversations.guard import Finding
from torget.conversations.models import Conversation, Message
from torget.conversations.rules import Agreed
from torget.conversations.threading import joined_into
from torget.design import querytext
from torget.errors import Refused, Stale
from torget.people.actor import Actor
from torget.people.models import Staff
from torget.subscriptions import rules as subscriptions

PUBLIC = Conversation.Visibility.PUBLIC
UNDO_SECONDS = 10
LONGEST_UNDO_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Reply:
    """What somebody wants to answer."""

    body: str
    visibility: str = ""
    public_note: str = ""
    files: Sequence[Prepared] = ()
    close: bool = False
    preliminary: bool = False
    canned: Sequence[int] = ()
    agreed: Agreed = field(default_factory=Agreed)

    @property
    def choices(self) -> dict[str, object]:
        """What was chosen beside the text, as a draft keeps it."""
        return {
            "visibility": self.visibility,
            "public_note": self.public_note,
            "close": self.close,
            "preliminary": self.preliminary,
            "also": list(self.agreed.also),
        }


@dataclass(frozen=True, slots=True)
class Seen:
    """How far the page had come that the answer was written on: the last answer and the last pending reply."""

    answer: int = 0
    pending: int = 0

    @classmethod
    def of(cls, conversation: Conversation) -> Seen:
        """As it is now."""
        answer = conversation.messages.filter(kind=Message.Kind.ANSWER).order_by("-pk").first()
        pending = conversation.pending_replies.order_by("-pk").first()
        return cls(answer.pk if answer else 0, pending.pk if pending else 0)

    @classmethod
    def from_text(cls, text: str) -> Seen | None:
        """The value a page sent back; None when it is none."""
        answer, _dot, pending = text.partition(".")
        seen, waiting = querytext.number(answer), querytext.number(pending)
        return None if seen is None or waiting is None else cls(seen, waiting)

    def __str__(self) -> str:
        return f"{self.answer}.{self.pending}"


class Crossed(Stale):
    """A colleague answered while this was being written. `other` is what they said (or have pending)."""

    def __init__(self, other: Message | PendingReply) -> None:
        name = other.staff.first_name if other.staff else ""
        super().__init__(
            _(
                "%(name)s svarte mens du skrev. Les svaret først. Utkastet ditt er tatt vare på, og du kan sende det etterpå."
            )
            % {"name": name},
            "crossed",
        )
        self.other = other


class Guarded(Refused):
    """The guard found something in what will be public; `findings` tells what. The writer may let it stand."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(
            _("Svaret blir offentlig. Se over det vi har merket, før du sender."), "guarded"
        )
        self.findings = findings


def undo_seconds(staff: Staff) -> int:
    """How long the writer wants to be able to undo sending a reply."""
    own = Preference.objects.filter(staff=staff).values_list("undo_seconds", flat=True).first()
    return UNDO_SECONDS if own is None else own


def reply(
    conversation: Conversation,
    body: str,
    *,
    by: Actor,
    at: datetime,
    files: Sequence[Prepared] = (),
    close: bool = False,
    visibility: str | None = None,
    preliminary: bool = False,
    public_note: str = "",
    written_at: datetime | None = None,
    agreed: Agreed | None = None,
    approver: Staff | None = None,
) -> Message:
    """Answer at once, and tell those who follow when the answer is public. `approver` is the second person who let it go.

    Raises:
        NotAllowed, Refused: as conversations.rules.answer.
    """
    with transaction.atomic():
        message = conversations.answer(
            conversation,
            body,
            by=by,
            at=at,
            files=files,
            close=close,
            visibility=visibility,
            preliminary=preliminary,
            public_note=public_note,
            written_at=written_at,
            agreed=agreed,
            approver=approver,
        )
        if message.visibility == PUBLIC:
            _tell(conversation, message, at)
    return message


def _tell(conversation: Conversation, message: Message, at: datetime) -> None:
    """Tell those who follow it or what was merged into it; not those the answer itself was sent to."""

    def wording() -> tuple[str, str, str]:
        return (
            _("Nytt svar: %(subject)s") % {"subject": conversation.subject},
            f"{message.body}\n\n{message.signature}",
            _("Vil du ikke ha flere slike meldinger? Åpne lenken:"),
        )

    subscriptions.tell(
        conversation,
        *joined_into(conversation),
        about=message,
        wording=wording,
        link=conversation.public_path,
        at=at,
        leave_out=conversations.spoken_to(conversation),
    )
