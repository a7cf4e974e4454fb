"""From envelope to message: finding the conversation, the person, the unit; edits become versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F

from torget import rooms
from torget.channels import rules as channels
from torget.channels.contract import AccountSnapshot, InboundMessage, NetworkEvent, RawItem
from torget.channels.models import Account
from torget.channels.reading import Asked, Said, parse
from torget.channels.registry import adapter_for
from torget.conversations import attachments, deadlines, edits, persons, remarks
from torget.conversations.excerpts import preview_of
from torget.conversations.fetching import to_fetch, with_files
from torget.conversations.models import Conversation, Identity, Message
from torget.conversations.opening import open_conversation, private_mark
from torget.conversations.room import QUESTION
from torget.conversations.threading import answers_private, find_place, is_asker, kept, route
from torget.history.rules import record
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.outbox import news
from torget.people.actor import Actor
from torget.people.models import Municipality, Unit
from torget.protocols.clocks import Believed, believed
from torget.protocols.languages import MOST_CHARS
from torget.transitions import transition

State = Conversation.State
RECONCILED = "reconcile"  # in an envelope's header `via`: found by asking, where a webhook should have brought it
MOST_COPIED = 50


@dataclass(frozen=True, slots=True)
class Filed:
    """What an envelope became."""

    messages: list[Message]
    events: list[NetworkEvent]


def _held(conversation: Conversation) -> Conversation:
    """Locked; where it lives on, should a colleague have merged it this very moment."""
    while True:
        locked = Conversation.objects.select_for_update().get(pk=kept(conversation).pk)
        if locked.merged_into_id is None:
            return locked
        conversation = locked


def _unit(municipality: Municipality, slug: str) -> Unit | None:
    return Unit.objects.filter(municipality=municipality, slug=slug).first() if slug else None


def _open(
    envelope: Envelope,
    inbound: InboundMessage,
    identity: Identity,
    occurred_at: datetime,
    at: datetime,
    *,
    blocked: bool,
    beside: Conversation | None = None,
) -> Conversation:
    account, municipality = envelope.account, envelope.account.municipality
    chosen = _unit(municipality, inbound.unit)
    if beside and not is_asker(beside, identity):
        chosen = beside.unit  # who has the case must see who else writes in it
    kind = rooms.kinds().get(inbound.conversation_kind, QUESTION)
    conversation = open_conversation(
        kind,
        account,
        route(
            municipality,
            f"{inbound.subject} {inbound.body}",
            chosen=chosen or _unit(municipality, kind.unit),
            fallback=account.unit,
        ),
        inbound.body,
        visibility=inbound.visibility,
        now=at,
        opened_at=occurred_at,
        subject=inbound.subject,
        shown=inbound.warning,
        identity=identity,
        name=inbound.author.name,
        show_name=inbound.show_name,
        language=inbound.language or municipality.default_language,
        beside=beside,
    )
    by = Actor.resident(municipality.pk, identity.person_id)
    record(
        "conversation.opened",
        conversation,
        by=by,
        at=at,
        network=account.network,
        unit=conversation.unit_id,
        **({"blocked": True} if blocked else {}),
        **private_mark(conversation, inbound.visibility),
        **({"other": beside.pk} if beside else {}),
    )
    if beside:
        record("conversation.written_beside", beside, by=by, at=at, other=conversation.pk)
    return conversation


def _proof_of(envelope: Envelope, inbound: InboundMessage) -> dict[str, str]:
    """What proves that they said it, this once: what the message brings, else what its network vouches for."""
    proof = inbound.author.verified or adapter_for(envelope.account.network).capabilities.proof
    if proof not in Message.Proof.values:
        return {"proof": Message.Proof.NONE}
    return {"proof": proof, "proof_detail": inbound.author.vouched_by[:255]}


def _is_aside(conversation: Conversation, visibility: str) -> bool:
    """Said in private in a public conversation."""
    return (conversation.visibility, visibility) == (
        Conversation.Visibility.PUBLIC,
        Conversation.Visibility.PRIVATE,
    )


def note_inbound(
    conversation: Conversation,
    body: str,
    occurred_at: datetime,
    *,
    received_at: datetime,
    visibility: str = "",
) -> None:
    """A resident spoke: it waits for us (again), from when we received it: clocks outside may lie.

    Of what is private in a public conversation its row shows nothing.
    """
    aside = _is_aside(conversation, visibility)
    reopened = conversation.state in {State.ANSWERED, State.CLOSED, State.SNOOZED}
    begins = (
        {} if conversation.waiting_since else deadlines.dues(conversation, received_at).as_fields()
    )
    if reopened:
        transition(conversation, State.OPEN)
    Conversation.objects.filter(pk=conversation.pk).update(
        state=conversation.state,
        closed_at=None,
        snoozed_until=None,
        **begins,
        last_inbound_at=occurred_at,
        last_message_at=occurred_at,
        waiting_since=conversation.waiting_since or received_at,
        message_count=F("message_count") + 1,
        private_count=F("private_count") + int(aside),
        preview=conversation.preview if aside else preview_of(body),
    )


def _note_only(conversation: Conversation, occurred_at: datetime, visibility: str) -> None:
    """A blocked sender spoke, or a sign was put on what we said: kept and found, but nobody waits for us.

    A new conversation is closed at once. When somebody last spoke to us stays as it was: a pending reply answers what was said before.
    """
    fresh = conversation.message_count == 0
    if fresh:
        transition(conversation, State.CLOSED)
    Conversation.objects.filter(pk=conversation.pk).update(
        state=conversation.state,
        closed_at=occurred_at if fresh else conversation.closed_at,
        last_message_at=occurred_at,
        message_count=F("message_count") + 1,
        private_count=F("private_count") + int(_is_aside(conversation, visibility)),
    )


def _message_of(
    envelope: Envelope,
    inbound: InboundMessage,
    conversation: Conversation,
    identity: Identity,
    visibility: str,
    when: Believed,
    at: datetime,
) -> Message:
    account = envelope.account
    return Message.objects.create(
        conversation=conversation,
        kind=Message.Kind.INBOUND,
        visibility=visibility,
        identity=identity,
        author_name=(inbound.author.name or identity.name)[:120],
        show_name=inbound.show_name,
        body=inbound.body,
        folded=inbound.folded,
        warning=inbound.warning.strip()[:500],
        language=inbound.language[:MOST_CHARS],
        account=account,
        external_id=edits.name_for(envelope, inbound),
        envelope=envelope,
        reply_to=inbound.reply_to[:320],
        copied_to=[address[:320] for address in inbound.copied_to[:MOST_COPIED]],
        **_proof_of(envelope, inbound),
        on_square=account.on_square,
        url=inbound.url[:500] if inbound.url.startswith("https://") else "",
        held_there=inbound.pending,
        changed_at=inbound.changed_at,
        occurred_at=when.at,
        claimed_at=when.claimed_at or inbound.claimed_at,
        remarks=remarks.kept(inbound.remarks),
        created_at=at,
    )


def _file_new(envelope: Envelope, inbound: InboundMessage, at: datetime) -> Message | None:
    account = envelope.account
    if edits.is_filed(envelope, inbound, at):
        return None
    if edits.is_gone(envelope, inbound):
        return None
    when = believed(inbound.occurred_at, min(envelope.received_at, at))
    occurred_at = when.at
    network = inbound.identity_network or account.network
    language = inbound.language or account.municipality.default_language
    identity = persons.identify(
        account.municipality, network, inbound.author, at=at, language=language
    )
    blocked = persons.is_blocked(identity, at=at)
    if answers_private(account.municipality_id, inbound):
        inbound = replace(inbound, visibility="private")
    visibility: str = inbound.visibility
    place = find_place(
        account.municipality_id, inbound, identity, visibility=visibility, account=account, at=at
    )
    conversation = _held(
        place.conversation
        or _open(
            envelope,
            inbound,
            identity,
            occurred_at,
            at,
            blocked=blocked,
            beside=place.beside,
        )
    )
    if conversation.visibility == Conversation.Visibility.PRIVATE:
        visibility = Conversation.Visibility.PRIVATE
    message = _message_of(envelope, inbound, conversation, identity, visibility, when, at)
    attachments.attach(message, attachments.prepared_of(inbound))
    if envelope.headers.get("via") == RECONCILED:
        channels.note_missed(account.pk)
    if blocked or (place.conversation and inbound.reaction):
        _note_only(conversation, occurred_at, visibility)
    else:
        note_inbound(
            conversation,
            inbound.warning or inbound.body,
            occurred_at,
            received_at=envelope.received_at,
            visibility=visibility,
        )
    record(
        "message.received",
        message,
        by=Actor.resident(account.municipality_id, identity.person_id),
        at=at,
        conversation=conversation.pk,
        blocked=blocked,
        **private_mark(conversation, visibility),
    )
    return message


def _file_change(envelope: Envelope, inbound: InboundMessage, at: datetime) -> Message | None:
    """An edit or a taking back outside. It may come before the message, or be of one we never saw."""
    if (message := edits.known(envelope, inbound)) is not None:
        return edits.change(message, envelope, inbound, at)
    if inbound.kind == "delete":
        edits.note_gone(envelope, inbound, at)
        return None
    return _file_new(envelope, replace(inbound, kind="new"), at)


def _file_event(envelope: Envelope, event: NetworkEvent, at: datetime) -> None:
    if event.kind == "bounce":
        news.bounced(envelope.account_id, event.of, event.detail, at=at)
    elif event.kind == "own":
        news.confirm(envelope.account_id, event.of, at=at)
    elif event.kind == "receipt":
        news.note_report(envelope.account_id, event.of, event.detail, at=at)
    elif event.kind == "unread":
        intake.set_aside(envelope, str(event.data["body"]), event.detail, at=at)
    elif event.kind == "network":
        adapter_for(envelope.account.network).on_event(
            event, channels.snapshot(envelope.account), at=at
        )


@dataclass(frozen=True, slots=True)
class Understood:
    """What an envelope says."""

    messages: list[InboundMessage]
    events: list[NetworkEvent]

    @property
    def fetches(self) -> bool:
        """Whether other servers must be asked for files before it can be kept."""
        return any(to_fetch(file) for message in self.messages for file in message.attachments)


def understand(envelope: Envelope, parse: Callable[[Asked], Said] = parse) -> Understood:
    """Parse an envelope: here, or with `channels.reading.parse_apart` where no envelope may hold the others up.

    Raises:
        Unparseable: with the sentence for the quarantine view.
    """
    account: AccountSnapshot = channels.snapshot(envelope.account)
    item = RawItem(
        envelope.external_id, bytes(envelope.body), envelope.media_type, envelope.headers
    )
    parsed = parse((item, account, envelope.received_at))
    return Understood(
        [part for part in parsed if isinstance(part, InboundMessage)],
        [part for part in parsed if isinstance(part, NetworkEvent)],
    )


def _one_at_a_time(account: Account, external_ids: Sequence[str]) -> None:
    """A message, its edit and its deletion may be filed by several workers at once: each waits for the one before."""
    shared = adapter_for(account.network).capabilities.ids_are_shared
    place = -account.municipality_id if shared else account.pk
    if not external_ids:
        return
    with connection.cursor() as cursor:
        # Always in the same order: two that hold what the other wants would wait for ever.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended(id, %s) AS key"
            " FROM unnest(%s::text[]) AS id ORDER BY key) AS keys",
            [place, list(external_ids)],
        )


def file(envelope: Envelope, *, at: datetime) -> Filed:
    """Make messages of an envelope: idempotent, in one transaction with the envelope's own state.

    Raises:
        Unparseable: nothing was written; the caller sets it aside.
    """
    return keep(envelope, understand(envelope), at=at)


def keep(envelope: Envelope, understood: Understood, *, at: datetime) -> Filed:
    """As `file`, of an envelope that is understood. Its files are fetched and made ready outside the transaction."""
    inbound = [with_files(message) for message in understood.messages]
    with transaction.atomic():
        messages: list[Message] = []
        if not intake.hold(envelope):
            return Filed([], [])
        _one_at_a_time(envelope.account, [message.external_id for message in inbound])
        for arrived in inbound:
            message = (
                _file_new(envelope, arrived, at)
                if arrived.kind == "new"
                else _file_change(envelope, arrived, at)
            )
            if message is not None:
                messages.append(message)
        for event in understood.events:
            _file_event(envelope, event, at)
        intake.settle([envelope.pk], Envelope.State.FILED if inbound else Envelope.State.NOTED)
    return Filed(messages, understood.events)
