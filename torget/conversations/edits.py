"""What was edited or taken back outside: the earlier words become a version, a tombstone stays."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from torget.channels.contract import InboundMessage
from torget.channels.models import Account
from torget.channels.registry import adapter_for
from torget.conversations import attachments
from torget.conversations.excerpts import preview_of, subject_of
from torget.conversations.models import Conversation, Message, Tombstone, Version
from torget.conversations.threading import kept
from torget.history.rules import record
from torget.intake.models import Envelope
from torget.people.actor import Actor


def ids_here(envelope: Envelope) -> Q:
    """The accounts at which an id of the network's names the same message, as a filter of rows with an account."""
    account = envelope.account
    if adapter_for(account.network).capabilities.ids_are_shared:
        return Q(account__municipality=account.municipality_id, account__network=account.network)
    return Q(account=account)


def name_for(envelope: Envelope, inbound: InboundMessage) -> str:
    """The id to keep a message by: its network's, unless somebody else's words have that one.

    Whoever takes an id before its owner speaks (the same server, the same Message-ID) keeps nobody from being heard.
    """
    taken = Message.objects.filter(ids_here(envelope), external_id=inbound.external_id[:500])
    other = taken.exclude(identity=None).exclude(identity__external_id__iexact=_author(inbound))
    return _apart(inbound) if other.exists() else inbound.external_id[:500]


def _author(inbound: InboundMessage) -> str:
    return inbound.author.external_id.strip()[:320] or "unknown"


def _apart(inbound: InboundMessage) -> str:
    mark = hashlib.sha256(_author(inbound).lower().encode()).hexdigest()[:16]
    return f"{inbound.external_id[:480]}#{mark}"


def known(envelope: Envelope, inbound: InboundMessage) -> Message | None:
    """What a resident said, as it is now, locked; None when we never saw it. Their own before anybody else's."""
    rows = (
        Message.objects.select_for_update(of=["self"])
        .filter(ids_here(envelope), kind=Message.Kind.INBOUND)
        .select_related("identity")
    )
    return (
        rows.filter(external_id=_apart(inbound)).first()
        or rows.filter(external_id=inbound.external_id).first()
    )


def is_filed(envelope: Envelope, inbound: InboundMessage, at: datetime) -> bool:
    """Whether it is a message already; one no longer held there, or told to another account too, is noted as such."""
    rows = Message.objects.filter(ids_here(envelope), external_id=name_for(envelope, inbound))
    if not rows.exists():
        return False
    if not inbound.pending:
        rows.filter(held_there=True).update(held_there=False)  # somebody let it through there
    _note_told_twice(rows.exclude(account=envelope.account), envelope.account, at)
    return True


def _note_told_twice(messages: QuerySet[Message], account: Account, at: datetime) -> None:
    """It was said to another account of ours as well: it stays one message, and its case says where it also came."""
    for message in messages.select_related("conversation"):
        record(
            "conversation.also_told",
            kept(message.conversation),
            by=Actor.system(account.municipality_id),
            at=at,
            account=account.pk,
            unit=account.unit_id,
        )


def may_change(message: Message, envelope: Envelope, inbound: InboundMessage) -> bool:
    """Whether who speaks may change it: it is their own, or the network itself tells that it was taken away there."""
    if message.identity is not None and (
        message.identity.external_id.lower() == _author(inbound).lower()
    ):
        return True
    return inbound.kind == "delete" and _deletes_for_others(envelope)


def _deletes_for_others(envelope: Envelope) -> bool:
    return adapter_for(envelope.account.network).capabilities.deletes_for_others


def note_gone(envelope: Envelope, inbound: InboundMessage, at: datetime) -> None:
    """Its deletion came before the message itself: when that comes from the same author, it is not shown."""
    Tombstone.objects.get_or_create(
        account=envelope.account,
        external_id=inbound.external_id[:500],
        author="" if _deletes_for_others(envelope) else _author(inbound).lower(),
        defaults={"gone_at": at},
    )


def is_gone(envelope: Envelope, inbound: InboundMessage) -> bool:
    """Whether it was deleted outside, by its author or the network, before we heard of it."""
    return Tombstone.objects.filter(
        ids_here(envelope),
        external_id=inbound.external_id[:500],
        author__in=["", _author(inbound).lower()],
    ).exists()


def change(
    message: Message, envelope: Envelope, inbound: InboundMessage, at: datetime
) -> Message | None:
    """Write an edit or a deletion; None when it was written already, when something newer was, or when it is not theirs.

    Nobody puts words in another's mouth or takes them away. What was deleted stays deleted, whatever comes late.
    """
    if not may_change(message, envelope, inbound):
        return None
    if Version.objects.filter(message=message, envelope=envelope, why=inbound.kind).exists():
        return None
    late = (
        inbound.kind == "edit"
        and inbound.changed_at is not None
        and message.changed_at is not None
        and inbound.changed_at <= message.changed_at
    )
    if message.removed_at is not None or late:
        return None
    files = attachments.exchange(message, inbound)
    lost = inbound.whole and inbound.files_lost
    same = inbound.body == message.body and inbound.warning.strip()[:500] == message.warning
    if inbound.kind == "edit" and same and not files and not lost:
        return None
    version = Version.objects.create(
        message=message, body=message.body, replaced_at=at, why=inbound.kind, envelope=envelope
    )
    files.carry_out(message, version)
    gone = inbound.kind == "delete"
    _change_row(
        message, "" if gone else inbound.body, "" if gone else inbound.warning or inbound.body
    )
    if inbound.kind == "delete":
        message.body, message.removed_at = "", at
    else:
        message.body, message.edited_at, message.changed_at = inbound.body, at, inbound.changed_at
        message.warning = inbound.warning.strip()[:500]
        message.folded = (
            inbound.folded if lost else message.folded
        )  # it tells what could not be had
    message.save(
        update_fields=["body", "warning", "folded", "removed_at", "edited_at", "changed_at"]
    )
    record(
        "message.removed" if inbound.kind == "delete" else "message.edited",
        message,
        by=Actor.resident(
            envelope.account.municipality_id,
            message.identity.person_id if message.identity else None,
        ),
        at=at,
        conversation=message.conversation_id,
    )
    return message


def _change_row(message: Message, body: str, opening: str) -> None:
    """The conversation's own row shows the words too, in lists, search and feeds: there they are changed as well."""
    row = Conversation.objects.select_for_update().get(pk=message.conversation_id)
    if message.visibility != row.visibility:
        return  # what is private in a public conversation never stood there
    if row.preview == preview_of(message.opening):
        row.preview = preview_of(opening)
    first = row.messages.order_by("created_at", "pk").first()
    if first is not None and first.pk == message.pk:
        if not body:
            row.subject, row.hidden_subject = _("Trukket tilbake av avsenderen"), ""
        elif row.subject == subject_of(message.body)[:200]:
            row.subject = subject_of(body)[:200]
    row.save(update_fields=["preview", "subject", "hidden_subject"])
