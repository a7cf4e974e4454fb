"""Taking back and correcting what we said, and hiding what others said, wherever it went."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.channels.contract import Act, Outgoing
from torget.channels.registry import capabilities
from torget.conversations.excerpts import preview_of, subject_of
from torget.conversations.guard import national_ids
from torget.conversations.models import Conversation, Message, Version
from torget.conversations.models.message import AFTERWARDS
from torget.conversations.rules.hiding import cover, uncover
from torget.conversations.rules.posting import may_publish
from torget.conversations.rules.sending import PUBLIC, see_that_it_fits, worded
from torget.conversations.rules.speaking import spoken_in
from torget.conversations.rules.state import lock, text_of
from torget.errors import Refused, Stale
from torget.history.rules import record
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery
from torget.outbox.ordering import changes_of
from torget.people.actor import Actor, check

OVER = (Delivery.State.REFUSED, Delivery.State.CANCELLED)


def sent_as(message: Message) -> list[Delivery]:
    """Everywhere a message of ours went or is going, oldest first."""
    rows = Delivery.objects.filter(
        subject_type="conversations.message", subject_id=message.pk
    ).exclude(payload__act__in=AFTERWARDS)
    return list(rows.exclude(state__in=OVER).select_related("account").order_by("pk"))


def stays_in(message: Message, what: str) -> list[Delivery]:
    """Where an earlier wording stays ("edit") or the whole message ("withdraw"): networks that do not let us change it."""
    return [
        delivery
        for delivery in sent_as(message)
        if delivery.state != Delivery.State.DUE
        and not getattr(capabilities(delivery.account.network), what)
    ]


def said_otherwise(message: Message) -> list[Delivery]:
    """Where it went in words of its own, which a correction replaces too."""
    first = message.versions.order_by("pk").values_list("body", flat=True).first() or message.body
    return [
        delivery
        for delivery in sent_as(message)
        if delivery.payload.get("body", "") != worded(delivery.account, first, message.warning)
    ]


def correct(message: Message, body: str, *, by: Actor, at: datetime) -> list[Delivery]:
    """Say something else in a message of ours, here and everywhere it went; the earlier words are kept as a version.

    What is still on its way goes out with the new words. Returns what was put in the outbox.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: not ours, taken back, empty, the same, too long for a network, or a national identity number in public.
    """
    with transaction.atomic():
        message = _ours(message, by)
        body = text_of(body)
        if body == message.body:
            raise Refused(_("Teksten er den samme som før."), "same")
        if message.visibility == PUBLIC and national_ids(body):
            raise Refused(
                _("Teksten er offentlig og inneholder et fødselsnummer. Ta det bort først."),
                "national_id",
            )
        conversation = lock(message.conversation)
        see_that_it_fits(conversation, body, message.visibility, message.signature)
        _keep_version(message, "corrected", at)
        # What is private in a public conversation may by chance say what its row shows, and must not be put there.
        on_row = message.visibility == conversation.visibility
        if on_row and conversation.preview == preview_of(message.opening):
            shown = preview_of(message.warning or body)
            Conversation.objects.filter(pk=conversation.pk).update(preview=shown)
        message.body, message.edited_at = body, at
        message.language = spoken_in(conversation, body)
        message.save(update_fields=["body", "edited_at", "language"])
        deliveries = _everywhere(message, "edit", at, words=body)
        record("message.corrected", message, by=by, at=at, conversation=conversation.pk)
    return deliveries


def withdraw(message: Message, reason: str, *, by: Actor, at: datetime) -> list[Delivery]:
    """Take back a message of ours, here and everywhere it went; a tombstone stays, and the words as a version.

    What is still on its way is not sent.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: not ours, taken back already, or no reason.
    """
    if not reason.strip():
        raise Refused(_("Skriv hvorfor meldingen trekkes tilbake."), "no_reason")
    with transaction.atomic():
        message = _ours(message, by)
        conversation = lock(message.conversation)
        _keep_version(message, "withdrawn", at, reason)
        _clear(conversation, message)
        message.body, message.removed_at = "", at
        message.save(update_fields=["body", "removed_at"])
        deliveries = _everywhere(message, "withdraw", at)
        record("message.withdrawn", message, by=by, at=at, conversation=conversation.pk)
    return deliveries


def _clear(conversation: Conversation, message: Message) -> None:
    """What stands on the conversation's own row of a message taken back: its beginning, and a post's headline."""
    shown = {}
    if conversation.preview == preview_of(message.opening):
        shown["preview"] = ""
    first = conversation.messages.order_by("created_at", "pk").first()
    if conversation.opened_by_us and first is not None and first.pk == message.pk:
        if conversation.subject != subject_of(message.body):
            Version.objects.create(
                message=message,
                body=conversation.subject,
                replaced_at=message.occurred_at,
                why="headline",
            )
        shown["subject"] = _("Innlegget er trukket tilbake")
    if shown:
        Conversation.objects.filter(pk=conversation.pk).update(**shown)


def act_there(message: Message, act: Act, reason: str, *, by: Actor, at: datetime) -> Delivery:
    """Hide what somebody said on their network (and here), show it again, or remove it there.

    Here it is hidden or shown at once; never erased.

    Raises:
        NotAllowed: no moderator or duty lead.
        Refused: no reason, or the network does not let us.
    """
    check(by, "messages.hide", message.conversation.unit)
    if not reason.strip():
        raise Refused(_("Skriv hvorfor, så den som skrev og kollegene forstår det."), "no_reason")
    if message.account is None or act not in acts_there(message):
        raise Refused(_("Kanalen lar oss ikke gjøre det."), "not_there")
    with transaction.atomic():
        message = Message.objects.select_for_update(of=["self"]).get(pk=message.pk)
        shown = act == "show"
        message.hidden_at = None if shown else at
        message.hidden_there_at = None if shown else at
        message.held_there, message.hidden_reason = False, "" if shown else reason.strip()[:500]
        message.hidden_rule = "" if shown else message.hidden_rule
        message.save(
            update_fields=[
                *("hidden_at", "hidden_there_at", "held_there", "hidden_reason", "hidden_rule")
            ]
        )
        (uncover if shown else cover)(message)
        assert message.account is not None
        out = Outgoing(
            idempotency_key=f"{act}-{message.public_id.hex}-{int(at.timestamp())}",
            recipient=message.identity.external_id if message.identity else "",
            body="",
            act=act,
            target=message.external_id or "",
            visibility="public" if message.visibility == PUBLIC else "private",
        )
        delivery = outbox.enqueue(
            message.account, out, about=message, at=at, priority=1, instead_of=_decided(message)
        )
        verb = {"hide": "message.hidden", "show": "message.shown"}.get(act, "message.taken_away")
        record(verb, message, by=by, at=at, conversation=message.conversation_id)
    return delivery


def _decided(message: Message) -> Iterable[Delivery]:
    """What was decided before about it on its network, which must not undo what is decided now."""
    return Delivery.objects.filter(
        subject_type="conversations.message",
        subject_id=message.pk,
        payload__act__in=["hide", "show", "remove"],
    )


def acts_there(message: Message) -> list[Act]:
    """What its network lets us do with what somebody said there."""
    if message.kind != Message.Kind.INBOUND or not message.external_id or message.removed_at:
        return []
    can = capabilities(message.account.network) if message.account else None
    if can is None or message.visibility != PUBLIC:
        return []
    acts: list[Act] = []
    if (message.held_there and can.pre_moderate) or (message.hidden_there_at and can.hide):
        acts.append("show")
    if can.hide and not message.hidden_there_at:
        acts.append("hide")
    if can.remove and not message.hidden_there_at:
        acts.append("remove")
    return acts


def _ours(message: Message, by: Actor) -> Message:
    """Locked; one of ours that still says something."""
    row = (
        Message.objects.select_for_update(of=["self"])
        .select_related("conversation__unit", "conversation__municipality")
        .get(pk=message.pk)
    )
    conversation = row.conversation
    if not may_publish(by, conversation):
        check(by, "conversations.reply", conversation.unit)
    if row.kind != Message.Kind.ANSWER:
        raise Refused(_("Bare det kommunen selv har sagt, kan rettes."), "not_ours")
    if row.removed_at is not None:
        raise Stale(_("Meldingen er allerede trukket tilbake. Last siden på nytt."))
    return row


def _keep_version(message: Message, why: str, at: datetime, reason: str = "") -> None:
    Version.objects.create(
        message=message, body=message.body, replaced_at=at, why=why, reason=reason.strip()[:500]
    )


def _everywhere(message: Message, act: Act, at: datetime, *, words: str = "") -> list[Delivery]:
    """The same act on every account the message went to, as far as each lets us."""
    deliveries = []
    count = message.versions.count()
    for sent in sent_as(message):
        if act == "withdraw" and outbox.cancel_unsent(sent, at=at):
            continue
        body = worded(sent.account, words, message.warning)
        if act == "edit" and outbox.reword_unsent(sent, body):
            continue
        if not getattr(capabilities(sent.account.network), act):
            continue
        out = Outgoing(
            idempotency_key=f"{act[0]}{count}-{sent.idempotency_key}"[:80],
            recipient=sent.recipient,
            body=body if act == "edit" else "",
            signature=sent.payload.get("signature", ""),
            organisation=sent.payload.get("organisation", ""),
            act=act,
            visibility=sent.payload.get("visibility", "private"),
            parent=sent.payload.get("parent", ""),
            link=sent.payload.get("link", ""),
            language=spoken_in(message.conversation, body or message.body),
            warning=message.warning,
            was=sent.payload.get("act", "say"),
        )
        deliveries.append(
            outbox.enqueue(
                sent.account,
                out,
                about=message,
                at=at,
                priority=1,
                after=sent,
                instead_of=changes_of(sent),
            )
        )
    return deliveries
