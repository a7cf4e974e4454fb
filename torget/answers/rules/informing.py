"""One published answer to everybody who asked the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from torget.answers.models import Answer
from torget.answers.rules.asking import note_told
from torget.answers.rules.publishing import answer_path
from torget.answers.search import in_language
from torget.casework.rules.bulk_reply import BulkReply, reply_to_all
from torget.conversations import guard
from torget.conversations.models import Conversation
from torget.errors import Refused
from torget.people.actor import Actor, check
from torget.people.links import absolute

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


def text_for(answer: Answer, language: str, *, at: datetime) -> str:
    """What is said to one who asked: the answer in their language where there is one, and where to read it again."""
    translated = in_language([answer], language, at=at)[0]
    with translation.override(language):
        return _(
            "Hei! Flere har spurt om det samme som deg. Her er svaret:\n\n%(body)s\n\nDu kan lese det igjen her: %(link)s"
        ) % {
            "body": translated.body,
            "link": absolute(translated.municipality, answer_path(translated)),
        }


def inform_all(
    answer: Answer,
    conversations: Sequence[Conversation],
    *,
    by: Actor,
    at: datetime,
    marks: Mapping[int, str] | None = None,
) -> BulkReply:
    """Give each the published answer as a bulk reply; see `reply_to_all`.

    Raises:
        NotAllowed: no role for it in one of the units; then nobody is answered.
        Refused: none chosen, too many at once, or the answer is no longer published.
    """
    check(by, "answers.publish", answer.unit)
    with transaction.atomic():
        published = _as_published(answer, at) if conversations else answer
        outcome = reply_to_all(
            conversations,
            lambda row: text_for(published, row.language, at=at),
            by=by,
            at=at,
            marks=marks,
            let_through=LET_STAND,
        )
        if outcome.answered:
            note_told(published, outcome.answered, by=by, at=at)
    return outcome


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
