"""One answer to everybody who asked the same: each back the way they came, under name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from torget.answers import rules as answers
from torget.answers.models import Answer
from torget.answers.rules.asking import note_told
from torget.answers.search import in_language
from torget.conversations.models import Conversation
from torget.desk.rules import replying
from torget.errors import Refused
from torget.people.actor import Actor, check
from torget.people.links import absolute

MOST = 50


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
    answer: Answer, conversations: Sequence[Conversation], *, by: Actor, at: datetime
) -> int:
    """Answer each with the published answer; all or none. How many.

    Raises:
        NotAllowed: no role for it in one of the units.
        Refused: none chosen, too many at once, or one that cannot be answered.
    """
    check(by, "answers.publish", answer.unit)
    if not conversations:
        raise Refused(_("Velg hvem som skal få svaret."), "none")
    if len(conversations) > MOST:
        raise Refused(_("Velg færre. Du kan svare femti om gangen."), "too_many")
    with transaction.atomic():
        for conversation in conversations:
            body = text_for(answer, conversation.language, at=at)
            replying.reply(conversation, body, by=by, at=at)
        note_told(answer, conversations, by=by, at=at)
    return len(conversations)
