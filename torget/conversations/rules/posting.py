"""The municipality begins a talk: opening a post, and publishing it on the accounts chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from torget.channels.models import Account
from torget.conversations import attachments
from torget.conversations.guard import national_ids
from torget.conversations.models import Conversation, Message
from torget.conversations.opening import open_conversation
from torget.conversations.room import WALL
from torget.conversations.rules import sending
from torget.conversations.rules.speaking import language_of
from torget.conversations.rules.state import State, text_of
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Staff, Unit
from torget.rooms import Kind

MAX_WARNING_CHARS = 500


@dataclass(frozen=True, slots=True)
class Signed:
    """Who stands as the author of a post: a member of staff, a unit, or with neither the system.

    `approver` is the second person who let it go; never its author.
    """

    staff: Staff | None = None
    unit: Unit | None = None
    approver: Staff | None = None

    @property
    def signature(self) -> str:
        """The name under it; of the system none of its own."""
        if self.staff is not None:
            return self.staff.signature
        return self.unit.local_name if self.unit is not None else ""

    def as_fields(self) -> dict[str, Any]:
        """The columns of a message."""
        return {
            "staff": self.staff,
            "unit": self.unit,
            "by_system": self.staff is None and self.unit is None,
            "approved_by": self.approver,
            "signature": self.signature,
        }


def open_post(
    kind: Kind,
    unit: Unit,
    account: Account,
    body: str,
    *,
    by: Actor,
    now: datetime,
    signed: Signed | None = None,
    subject: str = "",
    files: Sequence[attachments.Prepared] = (),
    warning: str = "",
) -> Message:
    """Begin a public conversation with words of the municipality's own: the message that stands first in it.

    Whoever may publish such a kind in the unit signs it, unless `signed` names another author; the system may always.
    A content `warning` stands before the words, which whoever reads opens by themselves.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: empty, too long, or a national identity number in it.
    """
    check(by, kind.publish, unit)
    signed = signed or Signed(staff=by.staff)
    body, warning = text_of(body), " ".join(warning.split())[:MAX_WARNING_CHARS]
    see_that_nobody_is_numbered(warning, body)
    with transaction.atomic():
        conversation = open_conversation(
            kind,
            account,
            unit,
            body,
            visibility=Conversation.Visibility.PUBLIC,
            now=now,
            subject=subject,
            shown=warning,
            state=State.ANSWERED,
            message_count=1,
            language=language_of(body, unit.municipality),
        )
        message = Message.objects.create(
            conversation=conversation,
            kind=Message.Kind.ANSWER,
            visibility=Conversation.Visibility.PUBLIC,
            show_name=True,
            body=body,
            warning=warning,
            language=conversation.language,
            occurred_at=now,
            created_at=now,
            **signed.as_fields(),
        )
        attachments.attach(message, files)
        record("wall.posted", message, by=by, at=now, conversation=conversation.pk)
    return message


def publish_post(
    message: Message,
    accounts: Sequence[Account],
    *,
    by: Actor,
    now: datetime,
    texts: Mapping[int, str] | None = None,
) -> None:
    """Put a post in the outbox of each account; `texts` by account id where it says something else there.

    An account it was put in before is not given it again.

    Raises:
        NotAllowed: no role for it in a unit that has one of the accounts.
        Refused: an account that does not take it, or a national identity number in a text.
    """
    conversation = message.conversation
    for account in accounts:
        check(by, conversation.kind_info.publish, account.unit)
    see_that_nobody_is_numbered(*(texts or {}).values())
    with transaction.atomic():
        for delivery in sending.publish(message, accounts, at=now, texts=texts):
            record("wall.published", delivery, by=by, at=now, conversation=conversation.pk)


def post(
    unit: Unit,
    account: Account,
    body: str,
    *,
    by: Actor,
    at: datetime,
    subject: str = "",
    files: Sequence[attachments.Prepared] = (),
    accounts: Sequence[Account] = (),
    texts: Mapping[int, str] | None = None,
    warning: str = "",
) -> Message:
    """Post on the municipality's own wall, under a name, and on the accounts chosen; anyone may comment.

    Raises:
        NotAllowed, Refused: as `open_post` and `publish_post`; nothing is written then.
    """
    with transaction.atomic():
        message = open_post(
            WALL, unit, account, body, by=by, now=at, subject=subject, files=files, warning=warning
        )
        publish_post(message, accounts, by=by, now=at, texts=texts)
    return message


def may_publish(by: Actor, conversation: Conversation) -> bool:
    """Whether they may speak as the municipality in it: open such a one, and correct what was said there."""
    act = conversation.kind_info.publish
    return bool(act) and by.may(act, conversation.unit)


def see_that_nobody_is_numbered(*texts: str) -> None:
    """See that what everybody will read holds no national identity number.

    Raises:
        Refused: it does (`national_id`).
    """
    if national_ids("\n".join(texts)):
        raise Refused(
            _("Innlegget er offentlig og inneholder et fødselsnummer. Ta det bort først."),
            "national_id",
        )
