"""What makes answers findable: their terms, at once, and their vectors, by the worker."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from torget.answers import meaning
from torget.answers.models import Answer, Known, Meaning, Term
from torget.answers.words import weighted

MOST_WORDINGS = 20
BATCH = 20
LATE = timedelta(minutes=10)


def index(answer: Answer) -> None:
    """Put the words of an answer where they are looked up; call it in the transaction that changed it."""
    wordings = answer.wordings.order_by("-pk").values_list("text", flat=True)[:MOST_WORDINGS]
    weights = weighted(answer.question, answer.body, wordings)
    answer.terms.all().delete()
    Term.objects.bulk_create(
        Term(municipality_id=answer.municipality_id, answer=answer, term=term, weight=weight)
        for term, weight in weights.items()
    )
    Known.objects.bulk_create(
        (Known(municipality_id=answer.municipality_id, term=term) for term in sorted(weights)),
        ignore_conflicts=True,
    )
    Answer.objects.filter(pk=answer.pk).update(understood_at=None)


def forget(answer: Answer) -> None:
    """Nobody is to find it any more."""
    answer.terms.all().delete()
    answer.meanings.all().delete()


def parts_of(answer: Answer) -> list[tuple[str, Sequence[float]]]:
    """The vectors of an answer, by part: the question as a question, question and body as a text, how others asked."""
    part = Meaning.Part
    wordings = answer.wordings.order_by("-pk").values_list("text", flat=True)[:MOST_WORDINGS]
    return [
        (part.QUESTION, meaning.of_question(answer.question)),
        (part.BODY, meaning.of_passage(f"{answer.question} {answer.body}")),
        *((part.WORDING, meaning.of_question(text)) for text in dict.fromkeys(wordings)),
    ]


def understand(answer: Answer, *, at: datetime) -> None:
    """Make the vectors of one answer. Doing it again replaces them; a change meanwhile is seen and done anew."""
    wordings = answer.wordings.count()
    made = parts_of(answer)
    with transaction.atomic():
        row = Answer.objects.select_for_update().get(pk=answer.pk)
        Meaning.objects.filter(answer=row).delete()
        if row.withdrawn_at is None:
            Meaning.objects.bulk_create(
                Meaning(
                    municipality_id=row.municipality_id,
                    answer=row,
                    part=part,
                    model=meaning.MODEL,
                    vector=vector,
                )
                for part, vector in made
            )
        same = (row.changed_at, row.edition) == (answer.changed_at, answer.edition)
        if same and row.wordings.count() == wordings:
            Answer.objects.filter(pk=row.pk).update(understood_at=at)


def understand_some(*, at: datetime) -> int:
    """Make the vectors of answers that lack them, a few at a time; how many were made."""
    if not meaning.available():
        return 0
    waiting = list(Answer.objects.filter(understood_at=None).order_by("pk")[:BATCH])
    for answer in waiting:
        understand(answer, at=at)
    return len(waiting)


def not_understood(*, at: datetime) -> int:
    """How many published answers have had no vectors for so long that the worker should have made them."""
    waiting = Answer.objects.filter(understood_at=None, withdrawn_at=None)
    return waiting.filter(changed_at__lt=at - LATE).count()
