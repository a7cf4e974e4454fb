"""Bulk reply: one text to many who wait, each back the way they came and in their own language, under name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.casework.models import PendingReply
from torget.casework.rules.pending_replies import submit
from torget.casework.rules.replying import Reply
from torget.conversations.models import Conversation
from torget.conversations.rules import Agreed, addressed
from torget.conversations.rules.state import lock
from torget.errors import Refused
from torget.people.actor import Actor

MOST = 50


@dataclass(frozen=True, slots=True)
class BulkReply:
    """What became of each: answered, waiting for a second person, left alone, or left until its recipient is confirmed."""

    answered: list[Conversation]
    to_approve: list[Conversation]
    left: list[Conversation]
    to_confirm: list[Conversation]


def reply_to_all(
    conversations: Sequence[Conversation],
    text_for: Callable[[Conversation], str],
    *,
    by: Actor,
    at: datetime,
    marks: Mapping[int, str] | None = None,
    let_through: Sequence[str] = (),
) -> BulkReply:
    """Answer each with its text, as any reply: one that must be approved waits for it.

    Left alone, and named, are those somebody has answered or merged meanwhile, has a reply pending in, or where the
    answer would go to somebody unusual or another than `marks` (by conversation) say was shown. Drafts stay.
    `let_through` are codes of the guard that the text may hold.

    Raises:
        NotAllowed: no role for it in one of the units; then nobody is answered.
        Refused: none chosen, or too many at once.
    """
    if not conversations:
        raise Refused(_("Velg hvem som skal få svaret."), "none")
    if len(conversations) > MOST:
        raise Refused(_("Velg færre. Du kan svare femti om gangen."), "too_many")
    outcome = BulkReply([], [], [], [])
    with transaction.atomic():
        for chosen in sorted(conversations, key=lambda conversation: conversation.pk):
            row = lock(chosen)
            shown = (marks or {}).get(row.pk, "")
            if not _waits_for_it(row):
                outcome.left.append(row)
                continue
            if _goes_elsewhere(row, shown):
                outcome.to_confirm.append(row)
                continue
            pending = submit(
                row,
                Reply(text_for(row), agreed=Agreed(shown)),
                by=by,
                at=at,
                seconds=0,
                let_through=let_through,
                keeps_draft=True,
            )
            sent = pending.state == PendingReply.State.SENT
            (outcome.answered if sent else outcome.to_approve).append(row)
    return outcome


def _goes_elsewhere(row: Conversation, shown: str) -> bool:
    """Whether somebody must look at who would get it."""
    there = addressed(row, row.visibility)
    return bool(there.news) or (bool(shown) and shown != there.mark)


def _waits_for_it(row: Conversation) -> bool:
    """Whether nobody has answered, merged or begun to send; `row` is locked, so two at once answer once."""
    return row.state in Conversation.OPEN and not row.merged_into_id and not row.replies_pending
