"""One answer to everybody who asked the same: each back the way they came, under name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from torget.answers import rules as answers
from torget.answers.models import Answer
from torget.answers.rules.asking import note_told
from torget.answers.search import in_language
from torget.conversations import guard
from torget.conversations.models import Conversation, Held
from torget.conversations.rules import Agreed, addressed
from torget.conversations.rules.state import lock
from torget.desk.rules.holding import hold
from torget.desk.rules.replying import Reply
from torget.errors import Refused
from torget.people.actor import Actor, check
from torget.people.links import absolute

MOST = 50
# The text is read by everybody already: nothing in it is for the guard to stop.
LET_STAND = (
    guard.HEALTH,
    guard.PHONE,
    guard.EMAIL,
    guard.FAMILY,
    guard.BIRTH,
    guard.BANK,
    guard.NAME,
)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of each: answered, waiting for a second person, left alone, or left until its recipient is confirmed."""

    answered: list[Conversation]
    to_approve: list[Conversation]
    left: list[Conversation]
    to_confirm: list[Conversation]


def text_for(answer: Answer, language: str, *, at: datetime) -> str:
    """What is said to one who asked: the answer in their language where there is one, and where to read it again."""
    said = in_language([answer], language, at=at)[0]
    with translation.override(language):
        return _(
            "Hei! Flere har spurt om det samme som deg. Her er svaret:\n\n%(body)s\n\nDu kan lese det igjen her: %(link)s"
        ) % {
            "body": said.body,
            "link": absolute(said.municipality, answers.answer_path(said)),
        }


def tell_all(
    answer: Answer,
    conversations: Sequence[Conversation],
    *,
    by: Actor,
    at: datetime,
    marks: Mapping[int, str] | None = None,
) -> Told:
    """Answer each with the published answer, as any reply: one that must be approved waits for it.

    Left alone, and named, are those somebody has answered or merged meanwhile, has a reply on hold in, or where the
    answer would go to somebody unusual or another than `marks` (by conversation) say was shown. Drafts stay.

    Raises:
        NotAllowed: no role for it in one of the units; then nobody is answered.
        Refused: none chosen, too many at once, or the answer is no longer published.
    """
    check(by, "answers.publish", answer.unit)
    if not conversations:
        raise Refused(_("Velg hvem som skal få svaret."), "none")
    if len(conversations) > MOST:
        raise Refused(_("Velg færre. Du kan svare femti om gangen."), "too_many")
    told = Told([], [], [], [])
    with transaction.atomic():
        said = _as_published(answer, at)
        for chosen in sorted(conversations, key=lambda one: one.pk):
            row = lock(chosen)
            shown = (marks or {}).get(row.pk, "")
            if not _waits_for_it(row) or _goes_elsewhere(row, shown):
                (told.to_confirm if _waits_for_it(row) else told.left).append(row)
                continue
            given = Reply(text_for(said, row.language, at=at), agreed=Agreed(shown))
            held = hold(
                row, given, by=by, at=at, seconds=0, let_through=LET_STAND, keeps_draft=True
            )
            (told.answered if held.state == Held.State.SENT else told.to_approve).append(row)
        if told.answered:
            note_told(said, told.answered, by=by, at=at)
    return told


def _as_published(answer: Answer, at: datetime) -> Answer:
    """The answer as everybody reads it now; it is not taken down before this is done."""
    row: Answer | None = (
        Answer.objects.published(at=at)
        .select_for_update(of=("self",))
        .select_related("unit", "municipality")
        .filter(pk=answer.pk)
        .first()
    )
    if row is None:
        raise Refused(
            _("Svaret er ikke publisert lenger. Publiser det på nytt, eller velg et annet."),
            "unpublished",
        )
    return row


def _goes_elsewhere(row: Conversation, shown: str) -> bool:
    """Whether somebody must look at who would get it."""
    there = addressed(row, row.visibility)
    return bool(there.news) or (bool(shown) and shown != there.mark)


def _waits_for_it(row: Conversation) -> bool:
    """Whether nobody has answered, merged or begun to send; `row` is locked, so two at once answer once."""
    held = row.held.filter(state__in=[Held.State.WAITING, Held.State.APPROVAL])
    return row.state in Conversation.OPEN and not row.merged_into_id and not held.exists()
