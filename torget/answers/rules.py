"""Publishing, changing and withdrawing answers; counting the calls they saved."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.text import slugify
from django.utils.translation import gettext as _

from torget.answers.models import Answer, Edition, Wording
from torget.conversations.guard import national_ids
from torget.conversations.models import Conversation, Message
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Municipality, Unit
from torget.subscriptions import rules as subscriptions

MAX_BODY_CHARS = 20_000
_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a", "Æ": "ae", "Ø": "o", "Å": "a"})


def answer_path(answer: Answer) -> str:
    """The public address of an answer."""
    return f"/svar/{answer.slug}"


def _slug(municipality: Municipality, question: str) -> str:
    stem = slugify(question.translate(_LETTERS))[:100].strip("-") or "svar"
    taken = set(
        Answer.objects.filter(municipality=municipality, slug__startswith=stem).values_list(
            "slug", flat=True
        )
    )
    slug, number = stem, 1
    while slug in taken:
        number += 1
        slug = f"{stem}-{number}"
    return slug


def _clean(question: str, body: str) -> tuple[str, str]:
    question, body = " ".join(question.split()), body.strip()
    if not question or not body:
        raise Refused(_("Skriv både spørsmål og svar."), "empty")
    if len(question) > 300 or len(body) > MAX_BODY_CHARS:
        raise Refused(_("Teksten er for lang. Kort den ned."), "too_long")
    if national_ids(f"{question} {body}"):
        raise Refused(
            _("Teksten inneholder et fødselsnummer. Ta det bort før du publiserer."), "national_id"
        )
    return question, body


def publish(
    conversation: Conversation,
    *,
    question: str,
    body: str,
    by: Actor,
    at: datetime,
    valid_until: datetime | None = None,
    unit: Unit | None = None,
) -> Answer:
    """Publish a cleaned question and answer from an answered conversation, and tell those who follow it.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: not answered yet, empty, too long, or a national identity number in it.
    """
    check(by, "answers.publish", conversation.unit)
    question, body = _clean(question, body)
    with transaction.atomic():
        if (
            by.staff is None
            or not Conversation.objects.filter(pk=conversation.pk)
            .exclude(first_answer_at=None)
            .exists()
        ):
            raise Refused(
                _("Svar innbyggeren først. Deretter kan svaret publiseres."), "unanswered"
            )
        Municipality.objects.select_for_update().get(
            pk=conversation.municipality_id
        )  # slugs one at a time
        answer = Answer.objects.create(
            municipality_id=conversation.municipality_id,
            unit=unit or conversation.unit,
            source=conversation,
            slug=_slug(conversation.municipality, question),
            question=question,
            body=body,
            language=conversation.language,
            published_at=at,
            changed_at=at,
            published_by=by.staff,
            valid_until=valid_until,
        )
        for message in conversation.messages.filter(kind=Message.Kind.INBOUND)[:5]:
            Wording.objects.create(
                answer=answer, text=" ".join(message.body.split())[:300], message=message
            )
        record("answer.published", answer, by=by, at=at, conversation=conversation.pk)
        _tell_followers(conversation, answer, at)
    return answer


def _tell_followers(conversation: Conversation, answer: Answer, at: datetime) -> None:
    def wording() -> tuple[str, str, str]:
        return (
            _("Nå er det svart: %(question)s") % {"question": answer.question},
            f"{answer.question}\n\n{answer.body}",
            _("Vil du ikke ha flere slike meldinger? Åpne lenken:"),
        )

    subscriptions.tell(
        conversation,
        about=answer,
        wording=wording,
        link=answer_path(answer),
        at=at,
        leave_out=conversation.identity,
    )


def change(
    answer: Answer,
    *,
    question: str,
    body: str,
    by: Actor,
    at: datetime,
    valid_until: datetime | None,
) -> None:
    """Say it better; the earlier words stay as an edition, and those who follow the answer are told.

    Raises:
        NotAllowed, Refused: as for publish.
    """
    check(by, "answers.publish", answer.unit)
    question, body = _clean(question, body)
    if by.staff is None:
        raise Refused(_("Bare ansatte kan endre svar."), "no_staff")
    with transaction.atomic():
        row = Answer.objects.select_for_update().get(pk=answer.pk)
        if (row.question, row.body) != (question, body):
            Edition.objects.create(
                answer=row,
                number=row.edition,
                question=row.question,
                body=row.body,
                replaced_at=at,
                replaced_by=by.staff,
            )
            row.edition += 1
        row.question, row.body, row.changed_at, row.valid_until = question, body, at, valid_until
        row.save(update_fields=["question", "body", "changed_at", "valid_until", "edition"])
        entry = record("answer.changed", row, by=by, at=at, edition=row.edition)

        def wording() -> tuple[str, str, str]:
            return (
                _("Svaret er endret: %(question)s") % {"question": row.question},
                f"{row.question}\n\n{row.body}",
                _("Vil du ikke ha flere slike meldinger? Åpne lenken:"),
            )

        subscriptions.tell(row, about=entry, wording=wording, link=answer_path(row), at=at)


def withdraw(answer: Answer, *, by: Actor, at: datetime) -> None:
    """Take an answer down; its address says so.

    Raises:
        NotAllowed: no role for it in the unit.
    """
    check(by, "answers.publish", answer.unit)
    with transaction.atomic():
        if Answer.objects.filter(pk=answer.pk, withdrawn_at=None).update(withdrawn_at=at):
            record("answer.withdrawn", answer, by=by, at=at)


def note_helped(answer: Answer, *, at: datetime) -> None:
    """Somebody found their answer here instead of sending the question: a call saved."""
    with transaction.atomic():
        Answer.objects.filter(pk=answer.pk).update(helped=F("helped") + 1)
        record("answer.helped", answer, by=Actor.resident(answer.municipality_id), at=at)
