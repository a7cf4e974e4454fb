"""Hiding what residents said in public here, whatever their network lets us do; and showing it again."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.conversations.excerpts import preview_of, subject_of
from torget.conversations.models import Conversation, Message
from torget.errors import Refused, Stale
from torget.history.rules import record
from torget.people.actor import Actor, check

PUBLIC = Conversation.Visibility.PUBLIC


def may_hide(message: Message) -> bool:
    """Whether it is a resident's, in public, and still says something: nothing else is hidden here."""
    return (
        message.kind == Message.Kind.INBOUND
        and message.visibility == PUBLIC
        and message.removed_at is None
    )


def hide(message: Message, rule: str, reason: str, *, by: Actor, at: datetime) -> None:
    """Hide a resident's words on our own square by a house rule. In public stands that they are hidden, and the rule.

    Its author reads the reason too. Nothing is erased, and on the network it was written nothing is done.

    Raises:
        NotAllowed: no moderator or duty lead.
        Refused: no rule, no reason, or not a resident's public words.
        Stale: hidden already.
    """
    check(by, "messages.hide", message.conversation.unit)
    if rule not in Message.HouseRule.values:
        raise Refused(_("Velg hvilken husregel meldingen bryter."), "no_rule")
    _see_why(reason)
    with transaction.atomic():
        row = _locked(message)
        if row.hidden_at is not None:
            raise Stale(_("Meldingen er allerede skjult. Last siden på nytt."))
        row.hidden_at, row.hidden_rule, row.hidden_reason = at, rule, reason.strip()[:500]
        row.save(update_fields=["hidden_at", "hidden_rule", "hidden_reason"])
        cover(row)
        _record("message.hidden_here", row, by, at, rule=rule)


def show(message: Message, reason: str, *, by: Actor, at: datetime) -> None:
    """Show again what was hidden here.

    Raises:
        NotAllowed: no moderator or duty lead.
        Refused: no reason, or not a resident's public words.
        Stale: shown already.
    """
    check(by, "messages.hide", message.conversation.unit)
    _see_why(reason)
    with transaction.atomic():
        row = _locked(message)
        if row.hidden_at is None:
            raise Stale(_("Meldingen vises allerede. Last siden på nytt."))
        row.hidden_at, row.hidden_rule, row.hidden_reason = None, "", ""
        row.save(update_fields=["hidden_at", "hidden_rule", "hidden_reason"])
        uncover(row)
        _record("message.shown_here", row, by, at)


def _see_why(reason: str) -> None:
    if not reason.strip():
        raise Refused(_("Skriv hvorfor, så den som skrev og kollegene forstår det."), "no_reason")


def _locked(message: Message) -> Message:
    row = Message.objects.select_for_update(of=["self"]).get(pk=message.pk)
    if not may_hide(row):
        raise Refused(
            _("Bare det innbyggere har skrevet offentlig, kan skjules her."), "not_public"
        )
    return row


def _record(verb: str, message: Message, by: Actor, at: datetime, **data: str) -> None:
    record(verb, message, by=by, at=at, conversation=message.conversation_id, **data)


def cover(message: Message) -> None:
    """What of hidden words stands on the conversation's own row – its subject, its preview – is hidden too.

    Call it in the transaction that hides the message.
    """
    row = Conversation.objects.select_for_update().get(pk=message.conversation_id)
    if message.visibility != row.visibility:
        return
    if _begins(row, message) and not row.hidden_subject:
        row.hidden_subject, row.subject = row.subject, _("Skjult av kommunen")
    row.preview = _last_shown(row)
    row.save(update_fields=["subject", "hidden_subject", "preview"])


def uncover(message: Message) -> None:
    """The row says again what it said; call it in the transaction that shows the message again."""
    row = Conversation.objects.select_for_update().get(pk=message.conversation_id)
    if message.visibility != row.visibility:
        return
    if _begins(row, message) and row.hidden_subject:
        changed = message.edited_at is not None
        row.subject = subject_of(message.body)[:200] if changed else row.hidden_subject
        row.hidden_subject = ""
    row.preview = _last_shown(row)
    row.save(update_fields=["subject", "hidden_subject", "preview"])


def _begins(row: Conversation, message: Message) -> bool:
    first = row.messages.order_by("created_at", "pk").first()
    return first is not None and first.pk == message.pk


def _last_shown(row: Conversation) -> str:
    shown = row.messages.shown().filter(visibility=row.visibility, removed_at=None)
    last = shown.order_by("created_at", "pk").last()
    return preview_of(last.opening) if last else ""
