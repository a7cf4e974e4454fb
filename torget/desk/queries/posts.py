"""How what we say goes out: previews before, outcomes after."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404

from torget.channels.registry import adapters, capabilities
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation, Message
from torget.conversations.room import WALL
from torget.desk.forms.publish import PostForm
from torget.outbox.models import Delivery
from torget.people.actor import Actor
from torget.people.links import absolute
from torget.people.models import Municipality

SAMPLE_REF = "AA-2026-1234"
UNSETTLED = (Delivery.State.DUE, Delivery.State.SENDING)


def one_message(actor: Actor, public_id: str) -> Message:
    """The message, if the actor may read its conversation; 404 otherwise. Notes have no page."""
    message: Message = get_object_or_404(
        Message.objects.exclude(kind=Message.Kind.NOTE).select_related(
            "conversation__unit", "conversation__municipality", "account", "identity", "staff"
        ),
        public_id=public_id,
        conversation__in=Conversation.objects.visible_to(actor),
    )
    return message


def previews(form: PostForm) -> list[dict[str, Any]]:
    """Each chosen account with the text as it will stand there."""
    texts, shown = form.texts(), []
    # As long as the address it will have: a network may count it.
    link = absolute(form.municipality, WALL.address.format(ref=SAMPLE_REF))
    for account in form.cleaned_data["accounts"]:
        text = texts.get(account.pk) or form.cleaned_data["body"]
        warning = form.cleaned_data["warning"]
        preview = conversations.preview(
            account,
            conversations.worded(account, text, warning),
            act="publish",
            link=link,
            pictures=len(form.pictures),
        )
        can = capabilities(account.network)
        apart = warning if can.warnings else ""
        shown.append({"account": account, "preview": preview, "warning": apart})
    return shown


def recent(municipality: Municipality, most: int = 10) -> list[Conversation]:
    """The last posts of ours on the wall, newest first."""
    ours = Conversation.objects.filter(municipality=municipality, kind=WALL.name, identity=None)
    return list(ours.select_related("unit").order_by("-opened_at", "-pk")[:most])


def outcomes(message: Message) -> list[Delivery]:
    """Everything that was sent or asked for because of a message, in order."""
    rows = Delivery.objects.filter(
        subject_type="conversations.message", subject_id=message.pk
    ).select_related("account")
    deliveries = list(rows.order_by("pk"))
    for delivery in deliveries:
        delivery.act = delivery.payload.get("act", "say")  # type: ignore[attr-defined]  # shown beside it
        remarks = [step["remark"] for step in delivery.trail if step.get("remark")]
        delivery.remark = remarks[-1] if remarks else ""  # type: ignore[attr-defined]  # said of how it went
        adapter = adapters().get(delivery.account.network)
        sent = adapter is not None and delivery.state == Delivery.State.SENT
        delivery.reach = adapter.reach(delivery.idempotency_key) if sent else None  # type: ignore[attr-defined, union-attr]
        delivery.unsettled = delivery.state in UNSETTLED  # type: ignore[attr-defined]  # asked for again
    return deliveries
