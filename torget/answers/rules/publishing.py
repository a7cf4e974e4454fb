"""Publishing, changing, translating and withdrawing answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from torget.answers import learning, personal
from torget.answers.models import Answer, Asked, Edition, Topic, Wording
from torget.conversations.models import Conversation, Message
from torget.design.text import slug
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Municipality, Unit
from torget.subscriptions import rules as subscriptions

MAX_BODY_CHARS = 20_000
MAX_SLUG_CHARS = 100


def answer_path(answer: Answer) -> str:
    """The public address of an answer."""
    return f"/svar/{answer.slug}"


def _free_slug(municipality: Municipality, question: str) -> str:
    stem = slug(question, MAX_SLUG_CHARS) or "svar"
    taken = set(
        Answer.objects.filter(municipality=municipality, slug__startswith=stem).values_list(
            "slug", flat=True
        )
    )
    free, number = stem, 1
    while free in taken:
        number += 1
        free = f"{stem}-{number}"
    return free


def names_in(conversation: Conversation | None) -> list[str]:
    """The names of those who spoke in a conversation as residents."""
    if conversation is None:
        return []
    inbound = conversation.messages.filter(kind=Message.Kind.INBOUND)
    named = set(inbound.values_list("author_name", flat=True))
    return sorted({*named, conversation.person_name} - {""})


def _clean(
    question: str, body: str, source: Conversation | None, confirmed: Collection[str]
) -> tuple[str, str]:
    question, body = " ".join(question.split()), body.strip()
    if not question or not body:
        raise Refused(_("Skriv både spørsmål og svar."), "empty")
    if len(question) > 300 or len(body) > MAX_BODY_CHARS:
        raise Refused(_("Teksten er for lang. Kort den ned."), "too_long")
    findings = personal.find(f"{question}\n{body}", names_in(source))
    if any(finding.refused for finding in findings):
        raise Refused(
            _("Teksten inneholder et fødselsnummer. Ta det bort før du publiserer."), "national_id"
        )
    if any(finding.text not in confirmed for finding in findings):
        raise Refused(
            _(
                "Noe i teksten ser personlig ut. Ta det bort, eller kryss av for at alle kan se det."
            ),
            "personal",
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
    topics: Iterable[Topic] = (),
    confirmed: Collection[str] = (),
) -> Answer:
    """Publish a cleaned question and answer from an answered conversation, and tell those who follow it or its topics.

    `confirmed` are the texts that look personal and that somebody has said may be shown to everybody.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: not answered yet, empty, too long, or something personal in it.
    """
    check(by, "answers.publish", conversation.unit)
    question, body = _clean(question, body, conversation, confirmed)
    with transaction.atomic():
        answered = Conversation.objects.filter(pk=conversation.pk).exclude(first_answer_at=None)
        if not answered.exists():
            raise Refused(
                _("Svar innbyggeren først. Deretter kan svaret publiseres."), "unanswered"
            )
        answer = _make(
            unit or conversation.unit,
            question,
            body,
            by=by,
            at=at,
            source=conversation,
            language=conversation.language,
            valid_until=valid_until,
        )
        answer.topics.set(topics)
        for message in conversation.messages.filter(kind=Message.Kind.INBOUND)[:5]:
            add_wording(answer, message)
        learning.index(answer)
        Asked.objects.filter(conversation=conversation).update(answer=answer)
        record("answer.published", answer, by=by, at=at, conversation=conversation.pk)
        _tell_followers(conversation, answer, at)
    return answer


def _make(unit: Unit, question: str, body: str, *, by: Actor, at: datetime, **more: Any) -> Answer:
    if by.staff is None:
        raise Refused(_("Bare ansatte kan publisere svar."), "no_staff")
    # Slugs one at a time.
    municipality = Municipality.objects.select_for_update().get(pk=unit.municipality_id)
    return Answer.objects.create(
        municipality=municipality,
        unit=unit,
        slug=_free_slug(municipality, question),
        question=question,
        body=body,
        published_at=at,
        changed_at=at,
        published_by=by.staff,
        **more,
    )


def add_wording(answer: Answer, message: Message) -> None:
    """How somebody asked it; the next who asks so finds it."""
    text = " ".join(message.body.split())[:300]
    if text:
        Wording.objects.get_or_create(answer=answer, message=message, defaults={"text": text})


def translate(
    answer: Answer,
    language: str,
    *,
    question: str,
    body: str,
    by: Actor,
    at: datetime,
    confirmed: Collection[str] = (),
) -> Answer:
    """Publish the same answer in another language; readers of that language are shown it first.

    Raises:
        NotAllowed: no role for it in the unit.
        Refused: it exists in that language, or as for publish.
    """
    check(by, "answers.publish", answer.unit)
    question, body = _clean(question, body, answer.source, confirmed)
    source = answer.translation_of or answer
    with transaction.atomic():
        Municipality.objects.select_for_update().get(pk=source.municipality_id)
        there = Answer.objects.filter(translation_of=source, language=language).exists()
        if there or source.language == language:
            raise Refused(_("Svaret finnes på det språket. Endre det i stedet."), "translated")
        made = _make(
            source.unit,
            question,
            body,
            by=by,
            at=at,
            source=source.source,
            language=language,
            valid_until=source.valid_until,
            translation_of=source,
        )
        made.topics.set(source.topics.all())
        learning.index(made)
        record("answer.translated", made, by=by, at=at, answer=source.pk)
    return made


def _tell_followers(conversation: Conversation, answer: Answer, at: datetime) -> None:
    def wording() -> tuple[str, str, str]:
        return (
            _("Nå er det svart: %(question)s") % {"question": answer.question},
            f"{answer.question}\n\n{answer.body}",
            _("Vil du ikke ha flere slike meldinger? Åpne lenken:"),
        )

    subscriptions.tell(
        conversation,
        *answer.topics.all(),
        about=answer,
        wording=wording,
        link=answer_path(answer),
        at=at,
        leave_out=[conversation.identity],
    )


def change(
    answer: Answer,
    *,
    question: str,
    body: str,
    by: Actor,
    at: datetime,
    valid_until: datetime | None,
    topics: Iterable[Topic] | None = None,
    confirmed: Collection[str] = (),
) -> None:
    """Say it better; the earlier words stay as an edition, and those who follow the answer are told.

    Raises:
        NotAllowed, Refused: as for publish.
    """
    check(by, "answers.publish", answer.unit)
    question, body = _clean(question, body, answer.source, confirmed)
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
        row.reminded_at = None
        row.save(
            update_fields=[
                "question",
                "body",
                "changed_at",
                "valid_until",
                "edition",
                "reminded_at",
            ]
        )
        if topics is not None:
            row.topics.set(topics)
        learning.index(row)
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
            learning.forget(answer)
            Asked.objects.filter(answer=answer).update(answer=None)
            record("answer.withdrawn", answer, by=by, at=at)
