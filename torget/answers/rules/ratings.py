"""What visitors say of an answer: that it helped, that it did not, and a word. Once each; kept as rows for the editors."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from torget.answers.models import Answer, Rating
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.daykey import name_of_the_day

MOST_PER_HOUR = 30
MAX_WORD_CHARS = 500


def visitor_of(address: str, browser: str, *, at: datetime) -> str:
    """A name for a visitor that nobody can turn back, another each day; no cookie and no address is kept.

    It is made with a random key that is destroyed at midnight: from then on nobody can reckon it again, neither can we.
    """
    return name_of_the_day("answers.visitor", address, browser, at=at)


def rate(
    answer: Answer, useful: bool, *, visitor: str, place: str, at: datetime, word: str = ""
) -> bool:
    """Say whether an answer was useful. Said again by the same visitor it changes what they said, and counts no more.

    Returns whether it is this visitor's first word on this answer.

    Raises:
        Refused: more than anybody reads in an hour.
    """
    with transaction.atomic():
        lately = Rating.objects.filter(visitor=visitor, at__gt=at - timedelta(hours=1))
        if lately.exclude(answer=answer).count() >= MOST_PER_HOUR:
            raise Refused(_("Det var mange svar på kort tid. Prøv igjen om en time."), "too_many")
        Answer.objects.select_for_update().get(pk=answer.pk)  # one at a time: the counter must hold
        row, new = Rating.objects.get_or_create(
            answer=answer,
            visitor=visitor,
            defaults={"useful": useful, "place": place, "at": at, "word": word[:MAX_WORD_CHARS]},
        )
        before = 0 if new else int(row.useful)
        if not new:
            row.useful, row.word = useful, word.strip()[:MAX_WORD_CHARS] or row.word
            row.save(update_fields=["useful", "word"])
        if step := int(useful) - before:
            Answer.objects.filter(pk=answer.pk).update(helped=F("helped") + step)
        if new:
            by = Actor.resident(answer.municipality_id)
            verb = "answer.helped" if useful else "answer.not_helped"
            record(verb, answer, by=by, at=at, place=place)
    return new


def note_helped(answer: Answer, *, visitor: str, at: datetime) -> bool:
    """Somebody found their answer here instead of sending the question: a call saved, counted once per visitor."""
    return rate(answer, True, visitor=visitor, place=Rating.Place.ASKING, at=at)


def note_read(answer: Answer, *, by: Actor, at: datetime) -> None:
    """An editor has read what visitors did not find useful; it is not shown as new any more.

    Raises:
        NotAllowed: no role for it in the unit.
    """
    check(by, "answers.publish", answer.unit)
    with transaction.atomic():
        unread = Rating.objects.filter(answer=answer, useful=False, seen_at=None)
        if many := unread.update(seen_at=at):
            record("answer.ratings_read", answer, by=by, at=at, many=many)
