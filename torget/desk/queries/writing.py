"""What the composer shows: the draft, who else is here, what is on hold, what the guard found, replies that fit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from torget.casework.models import CannedReply, Draft, PendingReply
from torget.casework.rules import canned_replies, drafts, presence
from torget.casework.rules.replying import Seen
from torget.channels.models import Account
from torget.channels.registry import capabilities
from torget.conversations.guard import (
    BANK,
    BIRTH,
    EMAIL,
    FAMILY,
    FILES,
    HEALTH,
    NAME,
    NATIONAL_ID,
    PHONE,
    Finding,
)
from torget.conversations.models import Chat, Conversation, Message
from torget.conversations.queries import recipients
from torget.conversations.rules import (
    addressed,
    chatting,
    gone_private,
    measured,
    reachable_privately,
)
from torget.design import querytext
from torget.desk.forms.writing import NoteForm, ReplyForm, aside_note

FOUND = {
    NATIONAL_ID: _("fødselsnummer"),
    HEALTH: _("ord om helse"),
    PHONE: _("telefonnummer"),
    EMAIL: _("e-postadresse"),
    FAMILY: _("noe om familie eller naboer"),
    BIRTH: _("fødselsdato"),
    BANK: _("kontonummer"),
    NAME: _("navnet til innbyggeren, som ikke vises offentlig"),
    FILES: _("vedlegg som alle kan laste ned"),
}
Visibility = Conversation.Visibility
UNMEASURED = 20_000  # what takes as much as we let anybody write needs no counting


def findings(text: str, marked: Sequence[Finding]) -> dict[str, Any]:
    """What the guard found, for showing: the text in pieces, each kind once with its words, and the codes."""
    pieces: list[dict[str, Any]] = []
    at = 0
    for finding in marked:
        pieces.append({"words": text[at : finding.start], "label": ""})
        if finding.words:
            pieces.append({"words": finding.words, "label": FOUND[finding.code]})
        at = finding.end
    pieces.append({"words": text[at:], "label": ""})
    kinds: dict[str, list[str]] = {}
    for finding in marked:
        words = kinds.setdefault(finding.code, [])
        if finding.words and finding.words not in words:
            words.append(finding.words)
    return {
        "pieces": pieces,
        "kinds": [{"label": FOUND[code], "words": words} for code, words in kinds.items()],
        "codes": ",".join(sorted(kinds)),
    }


def in_chat(conversation: Conversation, *, at: datetime) -> dict[str, Any]:
    """Whether the resident of a direct talk is at the page, and writes; nothing for other conversations."""
    chat = Chat.objects.filter(conversation=conversation).first()
    if chat is None:
        return {}
    return {
        "chat": chat,
        "resident_here": chatting.is_here(chat, at=at),
        "resident_types": chatting.typing(chat, "resident", at=at),
    }


def measures(
    conversation: Conversation, body: str, visibility: str, by: Any
) -> list[dict[str, Any]]:
    """How much of its network's measure an answer takes, where there is one worth knowing: characters, SMS parts."""
    if by.staff is None or not body.strip():
        return []
    shown = measured(conversation, body, visibility, by.staff.signature)
    return [
        {"account": account, "preview": preview}
        for account, preview in shown
        if preview.most < UNMEASURED or preview.remarks
    ]


def last_said(conversation: Conversation) -> Message | None:
    """What the resident said last."""
    return conversation.messages.filter(kind=Message.Kind.INBOUND).last()


def on_hold(request: Any, conversation: Conversation) -> list[PendingReply]:
    """Replies not sent yet, and the writer's own that came back and was not sent since."""
    rows = list(
        conversation.pending_replies.unsent()
        .select_related("staff__unit", "approval_rule")
        .order_by("pk")
    )
    for row in rows:
        left = (row.release_at - timezone.now()).total_seconds() if row.release_at else 0
        row.seconds_left = max(0, ceil(left))  # type: ignore[attr-defined]  # shown beside it
        row.there = recipients(conversation, addressed(conversation, row.visibility), row.also_to)  # type: ignore[attr-defined]  # shown beside it
        row.moved = bool(row.addressed) and row.addressed != row.there.mark  # type: ignore[attr-defined]  # shown beside it
    mine = (
        conversation.pending_replies.filter(staff=request.actor.id)
        .select_related("staff__unit", "decided_by", "approval_rule")
        .order_by("-pk")
        .first()
    )
    back = mine is not None and (
        mine.state == PendingReply.State.REFUSED
        or (mine.state == PendingReply.State.UNDONE and mine.reason)
    )
    return [*rows, *([mine] if mine and back else [])]


def _start(
    conversation: Conversation,
    draft: Draft | None,
    chosen: CannedReply | None,
    last_inbound: Message | None,
    aside: bool,
    by: Any,
) -> dict[str, Any]:
    """What the composer says to begin with: the draft, and a ready-made reply chosen by its link."""
    body = draft.body if draft else ""
    if chosen is not None:
        text = canned_replies.fill(chosen, conversation, by.staff)
        body = f"{body.rstrip()}\n\n{text}" if body.strip() else text
    private = last_inbound is not None and last_inbound.visibility == Visibility.PRIVATE
    start: dict[str, Any] = {
        "visibility": Visibility.PRIVATE if private else Visibility.PUBLIC,
        "public_note": "" if aside else aside_note(conversation),
    }
    start |= {name: value for name, value in (draft.choices if draft else {}).items() if value}
    return start | {
        "body": body,
        "seen": str(Seen.of(conversation)),
        "canned": str(chosen.pk) if chosen else "",
    }


def _at_rest(account: Account | None) -> bool:
    """Does a reply wait until this account sends again? Our own forms and chat wait on no account."""
    return (
        account is not None and not capabilities(account.network).by_page and not account.may_send
    )


def compose(request: Any, conversation: Conversation, **forms: Any) -> dict[str, Any]:
    """Everything around the text box. `forms` are filled-in ones to show again."""
    by, now = request.actor, timezone.now()
    kept = {
        draft.kind: draft for draft in Draft.objects.filter(conversation=conversation, staff=by.id)
    }
    draft = kept.get(Draft.Kind.ANSWER)
    number = querytext.number(request.GET.get("mal", ""))
    chosen = canned_replies.usable(conversation).filter(pk=number).first() if number else None
    last_inbound, aside = last_said(conversation), gone_private(conversation)
    private = addressed(conversation, Visibility.PRIVATE)
    query = request.GET.get("malsok", "").replace("\x00", "").strip()
    listed = canned_replies.search(conversation, query)
    fits = canned_replies.offered(conversation, last_inbound.body) if last_inbound else []
    for canned in (*listed, *fits):
        canned.text = canned_replies.fill(canned, conversation, by.staff)  # type: ignore[attr-defined]  # shown beside it
    note = kept.get(Draft.Kind.NOTE)
    form = forms.get("reply")
    if form is None:
        form = ReplyForm(
            conversation,
            draft,
            prefix="svar",
            initial=_start(conversation, draft, chosen, last_inbound, aside, by)
            | {"to": private.mark},
        )
    return {
        "reply_form": form,
        "note_form": forms.get("note")
        or NoteForm(prefix="notat", initial={"body": note.body if note else ""}),
        "draft": draft,
        "note_draft": note,
        "colleagues": presence.colleagues(conversation, by=by, at=now),
        **in_chat(conversation, at=now),
        "measures": measures(
            conversation,
            str(form["body"].value() or ""),
            str(form["visibility"].value() if form.aside else conversation.visibility),
            by,
        ),
        "way": reachable_privately(conversation),
        "to_all": recipients(conversation, addressed(conversation, Visibility.PUBLIC))
        if conversation.visibility == Visibility.PUBLIC
        else None,
        "to_one": recipients(
            conversation, private, form.also if form.is_bound or draft is not None else None
        )
        if form.aside or conversation.visibility == Visibility.PRIVATE
        else None,
        "account_at_rest": _at_rest(conversation.account),
        "recipient_refused": forms.get("recipient_refused"),
        "gone_private": aside,
        "canned_query": query,
        "canned_listed": [canned for canned in listed if query or canned not in fits],
        "canned_fits": fits,
        "guard": forms.get("guard"),
        "crossed": forms.get("crossed"),
    }


def own_draft(request: Any, conversation: Conversation) -> Draft | None:
    """One's own begun answer there."""
    return drafts.find(conversation, Draft.Kind.ANSWER, by=request.actor)
