"""What somebody is writing, kept on the server: on any machine, until it is sent or thrown away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from torget.casework.models import Draft, PendingReply
from torget.conversations.models import Conversation, Message
from torget.conversations.threading import kept
from torget.people.actor import Actor, check
from torget.people.models import Staff

JUST_SENT = timedelta(minutes=2)
ACTS = {Draft.Kind.ANSWER: "conversations.reply", Draft.Kind.NOTE: "conversations.note"}


def find(conversation: Conversation, kind: str, *, by: Actor) -> Draft | None:
    """One's own draft there."""
    return Draft.objects.filter(conversation=conversation, staff=by.id, kind=kind).first()


def keep(
    conversation: Conversation,
    kind: str,
    body: str,
    *,
    by: Actor,
    at: datetime,
    files: Sequence[Mapping[str, Any]] | None = None,
    choices: Mapping[str, Any] | None = None,
) -> Draft | None:
    """Keep what one has written so far; an empty text without files is no draft. Files stay as they were when not given.

    A save that was on its way while the text was sent changes nothing.

    Raises:
        NotAllowed: no role for writing this there.
    """
    check(by, ACTS[Draft.Kind(kind)], conversation.unit)
    with transaction.atomic():
        known = find(conversation, kind, by=by)
        along = list(files) if files is not None else (known.files if known else [])
        if not body.strip() and not along:
            drop(conversation, kind, by=by)
            return None
        if known is None and _just_sent(conversation, kind, body, by, at):
            return None
        draft, _new = Draft.objects.update_or_create(
            conversation=conversation,
            staff=by.staff,
            kind=kind,
            defaults={
                "body": body,
                "files": along,
                "choices": dict(choices) if choices is not None else {},
                "updated_at": at,
            },
        )
    return draft


def _just_sent(conversation: Conversation, kind: str, body: str, by: Actor, at: datetime) -> bool:
    if kind == Draft.Kind.NOTE:
        return conversation.messages.filter(
            kind=Message.Kind.NOTE, staff=by.id, body=body.strip(), created_at__gt=at - JUST_SENT
        ).exists()
    return (
        conversation.pending_replies.filter(
            staff=by.id, body=body.strip(), created_at__gt=at - JUST_SENT
        )
        .exclude(state__in=[PendingReply.State.UNDONE, PendingReply.State.REFUSED])
        .exists()
    )


def drop(conversation: Conversation, kind: str, *, by: Actor) -> None:
    """Throw one's draft away. When there is none, nothing happens."""
    Draft.objects.filter(conversation=conversation, staff=by.id, kind=kind).delete()


def bring_along(conversation: Conversation, *, by: Actor, at: datetime) -> Conversation:
    """Move one's draft of an answer from a conversation that was merged to where it lives on; where the draft is now.

    Without it the text would lie where nothing can be answered any more. It stays for one who may not answer there.
    """
    lives = kept(conversation)
    if not by.may(ACTS[Draft.Kind.ANSWER], lives.unit):
        return conversation
    with transaction.atomic():
        draft = find(conversation, Draft.Kind.ANSWER, by=by)
        if draft is not None and lives.pk != conversation.pk:
            drop(conversation, Draft.Kind.ANSWER, by=by)
            put_back(
                lives, draft.staff, draft.body, files=draft.files, choices=draft.choices, at=at
            )
    return lives


def put_back(
    conversation: Conversation,
    staff: Staff,
    body: str,
    *,
    files: Sequence[Mapping[str, Any]],
    choices: Mapping[str, Any],
    at: datetime,
) -> None:
    """An answer that was not sent is a draft again, before whatever its writer has begun on since."""
    known = Draft.objects.filter(
        conversation=conversation, staff=staff, kind=Draft.Kind.ANSWER
    ).first()
    if known is not None:
        begun = known.body.strip()
        body = f"{body}\n\n{begun}" if begun and begun != body else body
        files = [*files, *(file for file in known.files if file not in files)]
    Draft.objects.update_or_create(
        conversation=conversation,
        staff=staff,
        kind=Draft.Kind.ANSWER,
        defaults={
            "body": body,
            "files": list(files),
            "choices": dict(choices),
            "updated_at": at,
        },
    )
