"""Saying something as the municipality: answers back the way the question came, posts on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from torget.channels.contract import Outgoing
from torget.channels.models import Account
from torget.conversations import attachments
from torget.conversations.filing import preview_of, subject_of
from torget.conversations.guard import national_ids
from torget.conversations.models import Conversation, Identity, Message
from torget.conversations.rules.state import State, case_path, lock, move, text_of
from torget.errors import Refused
from torget.history.rules import record
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery
from torget.people.actor import Actor, check
from torget.people.links import absolute
from torget.people.models import Unit
from torget.people.rules import next_ref


def route_back(conversation: Conversation, identity: Identity | None) -> tuple[Account, str] | None:
    """The account and address by which an identity is reached; None when the page is the only way (no address given)."""
    if identity is None:
        return None
    if conversation.account.network == identity.network:
        return (conversation.account, identity.external_id) if identity.network != "form" else None
    account = (
        Account.objects.active()
        .filter(municipality_id=conversation.municipality_id, network=identity.network)
        .order_by("pk")
        .first()
    )
    return (account, identity.external_id) if account and identity.network != "form" else None


def send_message(
    message: Message, identity: Identity | None, *, at: datetime, key: str = ""
) -> Delivery | None:
    """Put a message of ours in the outbox to one identity, in its language, with the way back to the case."""
    conversation = message.conversation
    way = route_back(conversation, identity)
    if way is None or identity is None:
        return None
    account, recipient = way
    inbound = (
        conversation.messages.filter(kind=Message.Kind.INBOUND, account=account)
        .exclude(external_id=None)
        .last()
    )
    body = f"{message.body}\n\n{message.signature}\n{conversation.municipality.name} kommune"
    files = [
        outbox.Attachment(one.sha256, one.name, one.media_type) for one in message.attachments.all()
    ]
    out = Outgoing(
        idempotency_key=key or f"m{message.public_id.hex}",
        recipient=recipient,
        recipient_name=identity.name,
        subject=f"{conversation.subject} [{conversation.ref}]",
        body=body,
        signature=message.signature,
        case=conversation.key,
        case_url=absolute(conversation.municipality, case_path(conversation)),
        parent=inbound.external_id or "" if inbound else "",
        references=[inbound.external_id] if inbound and inbound.external_id else [],
        language=conversation.language,
    )
    return outbox.enqueue(account, out, about=message, at=at, attachments=files, priority=3)


def answer(
    conversation: Conversation,
    body: str,
    *,
    by: Actor,
    at: datetime,
    visibility: str | None = None,
    files: Sequence[attachments.Prepared] = (),
    close: bool = False,
) -> Message:
    """Answer under name, back the way the question came: message, outbox row and history row in one transaction.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: empty, too long, or a national identity number in a public answer.
    """
    check(by, "conversations.reply", conversation.unit)
    if by.staff is None:
        raise Refused(_("Bare ansatte kan svare."), "no_staff")
    body, shown = text_of(body), visibility or conversation.visibility
    if conversation.visibility == Conversation.Visibility.PRIVATE:
        shown = Conversation.Visibility.PRIVATE
    if shown == Conversation.Visibility.PUBLIC and national_ids(body):
        raise Refused(
            _("Svaret er offentlig og inneholder et fødselsnummer. Ta det bort før du sender."),
            "national_id",
        )
    with transaction.atomic():
        row = lock(conversation)
        message = Message.objects.create(
            conversation=row,
            kind=Message.Kind.ANSWER,
            visibility=shown,
            staff=by.staff,
            signature=by.staff.signature,
            show_name=True,
            body=body,
            language=row.language,
            occurred_at=at,
            created_at=at,
        )
        attachments.attach(message, files)
        move(row, State.OPEN if row.state == State.CLOSED else State(row.state))
        move(row, State.CLOSED if close else State.ANSWERED)
        row.assignee = row.assignee or by.staff
        row.first_answer_at = row.first_answer_at or at
        row.waiting_since, row.last_message_at, row.closed_at = None, at, at if close else None
        row.message_count = F("message_count") + 1
        row.preview = preview_of(body)
        row.save()
        delivery = send_message(message, _asker(row), at=at)
        record(
            "message.answered",
            message,
            by=by,
            at=at,
            conversation=row.pk,
            delivery=delivery.pk if delivery else None,
        )
    return message


def _asker(conversation: Conversation) -> Identity | None:
    """Who is to be told of an answer: the one who spoke last."""
    last = conversation.messages.filter(kind=Message.Kind.INBOUND).select_related("identity").last()
    return last.identity if last else None


def post(
    unit: Unit,
    account: Account,
    body: str,
    *,
    by: Actor,
    at: datetime,
    subject: str = "",
    files: Sequence[attachments.Prepared] = (),
) -> Message:
    """The municipality posts on its own wall, under a name; anyone may comment.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: empty, too long, or a national identity number in it.
    """
    check(by, "wall.post", unit)
    body = text_of(body)
    if by.staff is None or national_ids(body):
        raise Refused(
            _("Innlegget er offentlig og inneholder et fødselsnummer. Ta det bort først."),
            "national_id",
        )
    with transaction.atomic():
        conversation = Conversation.objects.create(
            municipality_id=unit.municipality_id,
            ref=next_ref(unit.municipality, at=at),
            kind=Conversation.Kind.WALL,
            visibility=Conversation.Visibility.PUBLIC,
            state=State.ANSWERED,
            subject=(subject.strip() or subject_of(body))[:200],
            preview=preview_of(body),
            network=account.network,
            account=account,
            unit=unit,
            opened_at=at,
            last_message_at=at,
            message_count=1,
            language=unit.municipality.default_language,
        )
        message = Message.objects.create(
            conversation=conversation,
            kind=Message.Kind.ANSWER,
            visibility=Conversation.Visibility.PUBLIC,
            staff=by.staff,
            signature=by.staff.signature,
            show_name=True,
            body=body,
            occurred_at=at,
            created_at=at,
        )
        attachments.attach(message, files)
        record("wall.posted", message, by=by, at=at, conversation=conversation.pk)
    return message
