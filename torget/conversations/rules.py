"""Acting in a conversation: take, assign, forward, note, answer, close. Each writes history in its own transaction."""

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
from torget.errors import Refused, Stale
from torget.history.rules import record
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery
from torget.people.actor import Actor, check
from torget.people.links import absolute
from torget.people.models import Staff, Unit
from torget.people.rules import next_ref

State = Conversation.State
MAX_BODY_CHARS = 20_000

if set(Conversation.MOVES) != set(State):
    raise AssertionError("Conversation.MOVES must name every state")


def _lock(conversation: Conversation) -> Conversation:
    return Conversation.objects.select_for_update().get(pk=conversation.pk)


def _move(conversation: Conversation, state: Conversation.State) -> None:
    """Change state by the table; staying is no move."""
    if conversation.state != state and state not in Conversation.MOVES[State(conversation.state)]:
        raise Stale(_("Saken er i en annen tilstand nå. Last siden på nytt."))
    conversation.state = state


def _text(body: str) -> str:
    body = body.strip()
    if not body:
        raise Refused(_("Skriv en tekst først."), "empty")
    if len(body) > MAX_BODY_CHARS:
        raise Refused(
            _("Teksten er for lang. Kort den ned til %(most)s tegn.") % {"most": MAX_BODY_CHARS},
            "too_long",
        )
    return body


def case_path(conversation: Conversation) -> str:
    """The secret address a resident follows the case at."""
    return f"/saker/{conversation.ref}/{conversation.key}"


def take(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Make the conversation one's own; of two who try at once, one succeeds.

    Raises:
        NotAllowed: no role for it in the unit.
        Stale: a colleague has it.
    """
    check(by, "conversations.take", conversation.unit)
    with transaction.atomic():
        taken = Conversation.objects.filter(pk=conversation.pk, assignee=None).update(
            assignee=by.id
        )
        row = _lock(conversation)
        if not taken and row.assignee_id != by.id:
            raise Stale(_("%(name)s har allerede tatt saken.") % {"name": row.assignee}, "taken")
        if row.state == State.NEW:
            Conversation.objects.filter(pk=row.pk).update(state=State.OPEN)
        if taken:
            record("conversation.taken", conversation, by=by, at=at)


def assign(conversation: Conversation, staff: Staff | None, *, by: Actor, at: datetime) -> None:
    """Give the conversation to somebody, or to nobody. One may always let go of one's own.

    Raises:
        NotAllowed: no duty lead in the unit.
        Refused: somebody from another municipality, or who is not at work any more.
    """
    if not (staff is None and conversation.assignee_id == by.id):
        check(by, "conversations.assign", conversation.unit)
    if staff is not None and (
        staff.municipality_id != conversation.municipality_id or not staff.active
    ):
        raise Refused(_("Velg en kollega som arbeider her."), "stranger")
    with transaction.atomic():
        row = _lock(conversation)
        row.assignee = staff
        row.state = State.OPEN if staff and row.state == State.NEW else row.state
        row.save(update_fields=["assignee", "state"])
        record("conversation.assigned", conversation, by=by, at=at, to=staff.pk if staff else None)


def forward(conversation: Conversation, unit: Unit, *, by: Actor, at: datetime) -> None:
    """Send the conversation to another unit of the municipality; whoever had it lets go.

    Raises:
        NotAllowed: no role for it where the conversation is.
        Refused: a unit elsewhere, closed, or the one it is in.
    """
    check(by, "conversations.forward", conversation.unit)
    if unit.municipality_id != conversation.municipality_id or not unit.active:
        raise Refused(_("Velg en enhet i kommunen."), "stranger")
    if unit.pk == conversation.unit_id:
        raise Refused(_("Saken er allerede hos denne enheten. Velg en annen."), "same_unit")
    with transaction.atomic():
        row = _lock(conversation)
        origin = row.unit_id
        row.unit, row.assignee = unit, None
        row.state = State.NEW if row.state == State.OPEN else row.state
        row.save(update_fields=["unit", "assignee", "state"])
        record("conversation.forwarded", conversation, by=by, at=at, origin=origin, unit=unit.pk)


def note(conversation: Conversation, body: str, *, by: Actor, at: datetime) -> Message:
    """Leave a note for colleagues: never shown to residents, by a constraint in the database.

    Raises:
        NotAllowed, Refused: no role; empty or too long.
    """
    check(by, "conversations.note", conversation.unit)
    with transaction.atomic():
        message = Message.objects.create(
            conversation=_lock(conversation),
            kind=Message.Kind.NOTE,
            visibility=Conversation.Visibility.PRIVATE,
            staff=by.staff,
            signature=by.staff.signature if by.staff else "",
            body=_text(body),
            occurred_at=at,
            created_at=at,
        )
        record("message.noted", message, by=by, at=at, conversation=conversation.pk)
    return message


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
    body, shown = _text(body), visibility or conversation.visibility
    if conversation.visibility == Conversation.Visibility.PRIVATE:
        shown = Conversation.Visibility.PRIVATE
    if shown == Conversation.Visibility.PUBLIC and national_ids(body):
        raise Refused(
            _("Svaret er offentlig og inneholder et fødselsnummer. Ta det bort før du sender."),
            "national_id",
        )
    with transaction.atomic():
        row = _lock(conversation)
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
        _move(row, State.OPEN if row.state == State.CLOSED else State(row.state))
        _move(row, State.CLOSED if close else State.ANSWERED)
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


def close(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Nothing more to do here; a new word from the resident opens it again.

    Raises:
        NotAllowed: no role for it in the unit.
    """
    check(by, "conversations.close", conversation.unit)
    with transaction.atomic():
        row = _lock(conversation)
        if row.state == State.CLOSED:
            return
        _move(row, State.CLOSED)
        row.closed_at, row.waiting_since = at, None
        row.save(update_fields=["state", "closed_at", "waiting_since"])
        record("conversation.closed", conversation, by=by, at=at)


def reopen(conversation: Conversation, *, by: Actor, at: datetime) -> None:
    """Work on it again."""
    check(by, "conversations.close", conversation.unit)
    with transaction.atomic():
        row = _lock(conversation)
        _move(row, State.OPEN)
        row.closed_at, row.waiting_since = None, row.waiting_since or at
        row.save(update_fields=["state", "closed_at", "waiting_since"])
        record("conversation.reopened", conversation, by=by, at=at)


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
    body = _text(body)
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
