"""What one conversation shows: the thread and the person."""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from torget.answers.models import Answer
from torget.conversations.models import (
    Conversation,
    ConversationMerge,
    Message,
    Tag,
    sent_of,
)
from torget.conversations.persons import is_same
from torget.conversations.rules import route_back
from torget.conversations.rules.addressing import gave_address
from torget.conversations.rules.correcting import acts_there
from torget.conversations.rules.hiding import may_hide
from torget.conversations.threading import kept
from torget.desk.forms.handling import SnoozeForm
from torget.desk.forms.thread import AssignForm, ForwardForm
from torget.desk.queries.person import beside
from torget.desk.queries.queue import due_words
from torget.desk.queries.timeline import events
from torget.desk.queries.writing import compose, on_hold
from torget.people.actor import Actor


def _timeline(conversation: Conversation, actor: Actor) -> list[dict[str, Any]]:
    """Messages and events in the order they came; each message with its newest delivery."""
    messages = list(
        Message.objects.filter(conversation=conversation)
        .select_related("identity", "staff", "envelope", "origin", "account")
        .defer("envelope__body", "search")
        .with_files_and_versions()
    )
    sent, may = sent_of(messages), _may(actor, conversation)
    hides = actor.may("messages.hide", conversation.unit)
    for message in messages:
        went = sent.get(message.pk, [])
        message.went_to = [  # type: ignore[attr-defined]  # shown beside it
            entry.recipient for entry in went if entry.payload.get("act") != "publish"
        ]
        message.delivery = went[-1] if went else None  # type: ignore[attr-defined]  # shown beside it
        message.may_change = (  # type: ignore[attr-defined]  # shown beside it
            may["reply"] and _("Rett eller trekk tilbake")
            if message.kind == Message.Kind.ANSWER
            else hides
            and (offer(acts_there(message)) or (may_hide(message) and hide_words(message)))
        )
    rows: list[dict[str, Any]] = [{"at": entry.created_at, "message": entry} for entry in messages]
    rows += [{"at": event.at, "event": event} for event in events(conversation)]
    return sorted(rows, key=itemgetter("at"))


def hide_words(message: Message) -> str:
    """What the link beside a resident's public message says where its network lets us do nothing."""
    return _("Vis igjen på torget") if message.hidden_at else _("Skjul på torget")


def offer(acts: Sequence[str]) -> str:
    """What the link beside a resident's message says may be done on its network; empty for nothing."""
    if "show" in acts:
        more = "hide" in acts or "remove" in acts
        return _("Slipp gjennom eller skjul på kanalen") if more else _("Vis igjen på kanalen")
    if "hide" in acts and "remove" in acts:
        return _("Skjul eller slett på kanalen")
    if "hide" in acts:
        return _("Skjul på kanalen")
    return _("Slett på kanalen") if acts else ""


def strangers(conversation: Conversation, actor: Actor) -> dict[str, Any]:
    """Cases written beside this one, the one it was written beside, and who takes part – of those the actor may read."""
    readable = Conversation.objects.visible_to(actor)
    of_it = Q(beside=conversation) | Q(beside__merged_into=conversation)
    rows = readable.filter(of_it).select_related("person").exclude(pk=conversation.pk)
    case = kept(conversation.beside) if conversation.beside else None
    shown = case is not None and case.pk != conversation.pk
    stranger = case is not None and not is_same(case.person, conversation.person)
    return {
        "written_beside": [
            (other, is_same(other.person, conversation.person))
            for other in rows.filter(merged_into=None).order_by("pk")
        ],
        "beside_case": case if shown and case and readable.filter(pk=case.pk).exists() else None,
        "beside_stranger": stranger,
        "may_admit": stranger
        and case is not None
        and case.visibility == Conversation.Visibility.PRIVATE
        and actor.may("conversations.handle", case.unit),
        "participants": conversation.participants.filter(ended_at=None).select_related("identity"),
    }


def handling(conversation: Conversation, actor: Actor) -> dict[str, Any]:
    """What the head of the thread shows: the deadline, tags, what it was merged or split with."""
    tags = Tag.objects.filter(municipality=conversation.municipality_id)
    names = {tag.slug: tag.name for tag in tags}
    return {
        "deadline": due_words(conversation, at=timezone.now()),
        "tags_on": [(slug, names.get(slug, slug)) for slug in conversation.tags],
        "tags_off": [tag for tag in tags if tag.active and tag.slug not in conversation.tags],
        "lives_on": kept(conversation) if conversation.merged_into_id else None,
        "merges": ConversationMerge.objects.filter(
            Q(kept=conversation) | Q(joined=conversation), undone_at=None
        ).select_related("kept", "joined"),
        "split_off": list(conversation.split.all()),
        **strangers(conversation, actor),
        "snooze_form": SnoozeForm(prefix="vent"),
    }


def _may(actor: Actor, conversation: Conversation) -> dict[str, bool]:
    acts = ("take", "assign", "forward", "note", "reply", "close", "handle")
    allowed = {act: actor.may(f"conversations.{act}", conversation.unit) for act in acts}
    return allowed | {
        "publish": actor.may("answers.publish", conversation.unit),
        "settle": actor.may("outbox.settle", conversation.unit),
    }


def thread(request: Any, conversation: Conversation, **forms: Any) -> dict[str, Any]:
    """What the middle and right panes show; `forms` are filled-in ones to show again."""
    about = beside(request.actor, conversation.person, at=timezone.now())
    earlier: Sequence[Conversation] = ()
    if conversation.person is not None:
        readable = Conversation.objects.visible_to(request.actor).filter(person__in=about["family"])
        earlier = list(readable.exclude(pk=conversation.pk).newest_first()[:5])
    return (
        about
        | {
            "conversation": conversation,
            "timeline": _timeline(conversation, request.actor),
            "may": _may(request.actor, conversation),
            "held": on_hold(request, conversation),
            **handling(conversation, request.actor),
            "forward_form": ForwardForm(conversation.municipality, prefix="videre"),
            "assign_form": AssignForm(conversation.municipality, prefix="til"),
            "published": Answer.objects.filter(source=conversation, withdrawn_at=None),
            "earlier": earlier,
            "gave_address": gave_address(conversation),
            "reachable": route_back(conversation, conversation.identity) is not None,
        }
        | ({} if request.GET.get("del") else compose(request, conversation, **forms))
    )
