"""From envelope to message: finding the conversation, the person, the unit; edits become versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import F

from torget.channels.contract import AccountFacts, Item, Notice, Utterance
from torget.channels.registry import adapter_for
from torget.channels.rules import facts
from torget.conversations import attachments, deadlines, persons
from torget.conversations.models import Conversation, Identity, Message, Version
from torget.history.rules import record
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.models import Municipality, Unit
from torget.people.rules import front_unit, next_ref

State = Conversation.State
PREVIEW_CHARS = 200
SUBJECT_CHARS = 90


@dataclass(frozen=True, slots=True)
class Filed:
    """What an envelope became."""

    messages: list[Message]
    notices: list[Notice]


def subject_of(text: str) -> str:
    """A subject from the first words of a text, cut at a word."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(line) <= SUBJECT_CHARS:
        return line
    return line[:SUBJECT_CHARS].rsplit(" ", 1)[0] + " …"


def preview_of(text: str) -> str:
    """One line of what was said."""
    return " ".join(text.split())[:PREVIEW_CHARS]


def route(
    municipality: Municipality, text: str, *, chosen: Unit | None = None, fallback: Unit
) -> Unit:
    """The unit for a new conversation: the one chosen, else the one whose keywords fit best, else the fallback."""
    if chosen is not None and chosen.municipality_id == municipality.pk:
        return chosen
    words = text.lower()
    best, most = None, 0
    for unit in Unit.objects.filter(municipality=municipality, active=True, receives=True).order_by(
        "pk"
    ):
        hits = sum(keyword.lower() in words for keyword in unit.keywords)
        if hits > most:
            best, most = unit, hits
    return best or front_unit(municipality) or fallback


def _by_parents(municipality_id: int, parents: Sequence[str]) -> Conversation | None:
    """The conversation of a message we know by its outside id: received, or sent by us."""
    for parent in parents:
        said = Message.objects.filter(
            conversation__municipality_id=municipality_id, external_id__in=[parent, f"<{parent}>"]
        ).first()
        if said:
            return said.conversation
        sent = Delivery.objects.filter(
            receipt=parent,
            account__municipality_id=municipality_id,
            subject_type="conversations.message",
        ).first()
        if sent:
            return Message.objects.get(pk=sent.subject_id).conversation
    return None


def find_conversation(
    municipality_id: int, said: Utterance, identity: Identity
) -> Conversation | None:
    """The conversation an utterance belongs to: by our key, by what it answers, by a case number from somebody known."""
    if said.case:
        held = Conversation.objects.filter(
            municipality_id=municipality_id, key=said.case.lower()
        ).first()
        if held:
            return kept(held)
    if held := _by_parents(municipality_id, said.parents):
        return held
    if ref := said.extra.get("ref_hint"):
        named = Conversation.objects.filter(
            municipality_id=municipality_id, ref__iexact=ref
        ).first()
        if named is not None:
            lives = kept(named)
            if lives.messages.filter(identity__person_id=identity.person_id).exists():
                return lives
    return None


def _answers_private(said: Utterance) -> bool:
    """Whether it answers something of ours that was private: then it is private too, whatever the network says."""
    sent = Delivery.objects.filter(
        receipt__in=list(said.parents), subject_type="conversations.message"
    )
    return (
        bool(said.parents)
        and Message.objects.filter(
            pk__in=sent.values("subject_id"), visibility=Conversation.Visibility.PRIVATE
        ).exists()
    )


def kept(conversation: Conversation) -> Conversation:
    """Where a conversation lives on: itself, or the one it was merged into (and that one, and so on)."""
    while conversation.merged_into is not None:
        conversation = conversation.merged_into
    return conversation


def joined_into(conversation: Conversation) -> list[Conversation]:
    """All that lives on in it now, through however many merges."""
    found: list[Conversation] = []
    nearest = [conversation.pk]
    while nearest:
        rows = list(
            Conversation.objects.filter(merged_into__in=nearest)
            .select_related("identity")
            .order_by("pk")
        )
        found += rows
        nearest = [row.pk for row in rows]
    return found


def _held(conversation: Conversation) -> Conversation:
    """Locked; where it lives on, should a colleague have merged it this very moment."""
    while True:
        held = Conversation.objects.select_for_update().get(pk=kept(conversation).pk)
        if held.merged_into_id is None:
            return held
        conversation = held


def _open_conversation(
    envelope: Envelope,
    said: Utterance,
    identity: Identity,
    occurred_at: datetime,
    at: datetime,
    *,
    blocked: bool,
) -> Conversation:
    account, municipality = envelope.account, envelope.account.municipality
    chosen = Unit.objects.filter(municipality=municipality, slug=said.extra.get("unit", "")).first()
    conversation = Conversation.objects.create(
        municipality=municipality,
        ref=next_ref(municipality, at=at),
        kind=said.extra.get("kind", Conversation.Kind.QUESTION),
        visibility=said.visibility,
        subject=(said.subject.strip() or subject_of(said.body))[:200],
        network=account.network,
        account=account,
        unit=route(
            municipality, f"{said.subject} {said.body}", chosen=chosen, fallback=account.unit
        ),
        person=identity.person,
        identity=identity,
        person_name=(said.author.name or identity.name)[:120],
        show_name=bool(said.extra.get("show_name", False)),
        language=said.language or municipality.default_language,
        opened_at=occurred_at,
        last_message_at=occurred_at,
        preview=preview_of(said.body),
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
    )
    return conversation


def _is_aside(conversation: Conversation, visibility: str) -> bool:
    """Said in private in a public conversation."""
    return (conversation.visibility, visibility) == (
        Conversation.Visibility.PUBLIC,
        Conversation.Visibility.PRIVATE,
    )


def note_inbound(
    conversation: Conversation, body: str, occurred_at: datetime, *, visibility: str = ""
) -> None:
    """A resident spoke: it waits for us (again). Of what is private in a public conversation its row shows nothing."""
    aside = _is_aside(conversation, visibility)
    reopened = conversation.state in {State.ANSWERED, State.CLOSED, State.SNOOZED}
    begins = (
        {} if conversation.waiting_since else deadlines.dues(conversation, occurred_at).as_fields()
    )
    Conversation.objects.filter(pk=conversation.pk).update(
        state=State.OPEN if reopened else conversation.state,
        closed_at=None,
        snoozed_until=None,
        **begins,
        last_inbound_at=occurred_at,
        last_message_at=occurred_at,
        waiting_since=conversation.waiting_since or occurred_at,
        message_count=F("message_count") + 1,
        private_count=F("private_count") + int(aside),
        preview=conversation.preview if aside else preview_of(body),
    )


def _note_blocked(conversation: Conversation, occurred_at: datetime, visibility: str) -> None:
    """A blocked sender spoke: it is kept and found, but nobody waits for us. A new conversation is closed at once.

    When somebody last spoke to us stays as it was: a reply on hold answers what was said before.
    """
    fresh = conversation.message_count == 0
    Conversation.objects.filter(pk=conversation.pk).update(
        state=State.CLOSED if fresh else conversation.state,
        closed_at=occurred_at if fresh else conversation.closed_at,
        last_message_at=occurred_at,
        message_count=F("message_count") + 1,
        private_count=F("private_count") + int(_is_aside(conversation, visibility)),
    )


def _file_new(envelope: Envelope, said: Utterance, at: datetime) -> Message | None:
    account = envelope.account
    if Message.objects.filter(account=account, external_id=said.external_id).exists():
        return None
    occurred_at = min(said.occurred_at, at)  # clocks outside may lie; nothing is said in the future
    network = said.extra.get("identity_network", account.network)
    language = said.language or account.municipality.default_language
    identity = persons.identify(
        account.municipality, network, said.author, at=at, language=language
    )
    blocked = persons.is_blocked(identity, at=at)
    conversation = find_conversation(account.municipality_id, said, identity)
    if conversation is None:
        conversation = _open_conversation(
            envelope, said, identity, occurred_at, at, blocked=blocked
        )
    conversation = _held(conversation)
    visibility: str = said.visibility
    if conversation.visibility == Conversation.Visibility.PRIVATE or _answers_private(said):
        visibility = Conversation.Visibility.PRIVATE
    message = Message.objects.create(
        conversation=conversation,
        kind=Message.Kind.INBOUND,
        visibility=visibility,
        identity=identity,
        author_name=(said.author.name or identity.name)[:120],
        show_name=bool(said.extra.get("show_name", False)),
        body=said.body,
        folded=said.folded,
        language=said.language[:2],
        account=account,
        external_id=said.external_id[:500],
        envelope=envelope,
        occurred_at=occurred_at,
        created_at=at,
    )
    kept = [attachments.Prepared.from_json(held) for held in said.extra.get("files", [])]
    attachments.attach(message, [*kept, *said.extra.get("prepared", [])])
    if blocked:
        _note_blocked(conversation, occurred_at, visibility)
    else:
        note_inbound(conversation, said.body, occurred_at, visibility=visibility)
    record(
        "message.received",
        message,
        by=Actor.resident(account.municipality_id, identity.person_id),
        at=at,
        conversation=conversation.pk,
        blocked=blocked,
    )
    return message


def _file_change(envelope: Envelope, said: Utterance, at: datetime) -> Message | None:
    """An edit or a taking back outside: the earlier words become a version; a tombstone stays."""
    message = (
        Message.objects.select_for_update()
        .filter(account=envelope.account, external_id=said.external_id, kind=Message.Kind.INBOUND)
        .first()
    )
    if message is None:
        # The change came before the message, or we never saw it: an edit is the message then.
        return _file_new(envelope, replace(said, kind="new"), at) if said.kind == "edit" else None
    if Version.objects.filter(message=message, envelope=envelope).exists():
        return None
    Version.objects.create(
        message=message, body=message.body, replaced_at=at, why=said.kind, envelope=envelope
    )
    if said.kind == "delete":
        message.body, message.removed_at = "", at
    else:
        message.body, message.edited_at = said.body, at
    message.save(update_fields=["body", "removed_at", "edited_at"])
    by = Actor.resident(
        envelope.account.municipality_id, message.identity.person_id if message.identity else None
    )
    record(
        f"message.{'removed' if said.kind == 'delete' else 'edited'}",
        message,
        by=by,
        at=at,
        conversation=message.conversation_id,
    )
    return message


def _file_notice(envelope: Envelope, notice: Notice, at: datetime) -> None:
    if notice.kind == "bounce":
        outbox.bounced(envelope.account_id, notice.of, notice.detail, at=at)
    elif notice.kind == "own":
        outbox.confirm(envelope.account_id, notice.of, at=at)


def understand(envelope: Envelope) -> tuple[list[Utterance], list[Notice]]:
    """Parse an envelope and prepare its files, outside any transaction.

    Raises:
        Unparseable: with the sentence for the quarantine view.
    """
    account: AccountFacts = facts(envelope.account)
    item = Item(envelope.external_id, bytes(envelope.body), envelope.media_type, envelope.headers)
    parsed = adapter_for(account.network).parse(item, account, received_at=envelope.received_at)
    utterances = [
        replace(
            one,
            extra={
                **one.extra,
                "prepared": [attachments.prepare(file) for file in one.attachments],
            },
        )
        for one in parsed
        if isinstance(one, Utterance)
    ]
    return utterances, [one for one in parsed if isinstance(one, Notice)]


def file(envelope: Envelope, *, at: datetime) -> Filed:
    """Make messages of an envelope: idempotent, in one transaction with the envelope's own state.

    Raises:
        Unparseable: nothing was written; the caller sets it aside.
    """
    utterances, notices = understand(envelope)
    with transaction.atomic():
        messages: list[Message] = []
        if not intake.hold(envelope):
            return Filed([], [])
        for said in utterances:
            message = (
                _file_new(envelope, said, at)
                if said.kind == "new"
                else _file_change(envelope, said, at)
            )
            if message is not None:
                messages.append(message)
        for notice in notices:
            _file_notice(envelope, notice, at)
        intake.settle([envelope.pk], Envelope.State.FILED if utterances else Envelope.State.NOTED)
    return Filed(messages, notices)
