"""What is asked: which questions ask the same, which have a published answer, and who is told when it comes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from torget.answers import learning, meaning
from torget.answers.models import Answer, Asked
from torget.answers.rules.publishing import add_wording
from torget.answers.search import likenesses
from torget.answers.vectors import literal
from torget.answers.words import terms_of
from torget.conversations.models import Conversation, ConversationQuerySet, Message
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Municipality
from torget.rooms import kinds_that

LATELY = timedelta(days=120)
BATCH = 20
MOST = 2_000
MOST_OPEN, MOST_SHOWN = 500, 20
# Two who ask the same may use no word in common: what is found is offered to a person, never acted on.
SAME_BY_WORDS, SAME_BY_BOTH = 0.35, 0.7
SURE_BY_WORDS, SURE_BY_BOTH = 1.2, 1.8
WORTH_A_LOOK_BY_WORDS, WORTH_A_LOOK_BY_BOTH = 0.15, 0.45

_VECTORS = """
SELECT conversation_id, -(vector <#> %s::halfvec) FROM answers_asked
WHERE municipality_id = %s AND asked_at > %s AND model = %s AND vector IS NOT NULL
"""

_NEAR_ANSWER = """
SELECT a.conversation_id, max(-(a.vector <#> m.vector)) FROM answers_asked a
JOIN answers_meaning m ON m.answer_id = %s AND m.part <> 'body' AND m.model = a.model
WHERE a.conversation_id = ANY(%s) AND a.model = %s AND a.vector IS NOT NULL GROUP BY a.conversation_id
"""


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that ask the same."""

    first: Conversation
    many: int
    newest_at: datetime
    open: int
    answered: Conversation | None


def words_in(conversation: Conversation) -> str:
    """What was asked: the first words of the resident."""
    first = conversation.messages.filter(kind=Message.Kind.INBOUND).first()
    return " ".join((first.body if first else conversation.subject).split())[:600]


def note_asked(conversation: Conversation, *, at: datetime) -> Asked:
    """Remember a question by its terms and meaning, beside those that ask the same. Doing it again changes nothing."""
    text = words_in(conversation)
    terms = terms_of(text)
    vector = meaning.of_question(text) if meaning.available() and text else None
    near = _nearest(conversation, terms, vector, since=at - LATELY)
    answer = _answered(conversation.municipality, text, at)
    with transaction.atomic():
        asked, _new = Asked.objects.get_or_create(
            conversation=conversation,
            defaults={
                "municipality_id": conversation.municipality_id,
                "alike_id": near or conversation.pk,
                "answer": answer,
                "terms": terms,
                "model": meaning.MODEL if vector else "",
                "vector": vector,
                "asked_at": conversation.opened_at,
            },
        )
    return asked


def _answered(municipality: Municipality, text: str, at: datetime) -> Answer | None:
    near = likenesses(municipality, text, at=at) if text else {}
    if not near:
        return None
    pk, best = max(near.items(), key=lambda pair: pair[1].score)
    sure = SURE_BY_BOTH if best.meaning else SURE_BY_WORDS
    answer = Answer.objects.filter(pk=pk, municipality=municipality).published(at=at)
    return answer.first() if best.score >= sure else None


def same_words(terms: Collection[str], others: Collection[str], rarity: dict[str, float]) -> float:
    """How much two questions say in common, 0 to 1: what is rare counts most."""
    both, either = set(terms) & set(others), set(terms) | set(others)
    whole = sum(rarity.get(term, 1.0) for term in either)
    return sum(rarity.get(term, 1.0) for term in both) / whole if whole else 0.0


def _nearest(
    conversation: Conversation,
    terms: Sequence[str],
    vector: Sequence[float] | None,
    *,
    since: datetime,
) -> int | None:
    """The group of the question nearest to this one, when it asks the same."""
    lately = Asked.objects.filter(
        municipality_id=conversation.municipality_id, asked_at__gt=since
    ).exclude(conversation=conversation)
    rows = list(lately.order_by("-asked_at").values_list("pk", "alike_id", "terms")[:MOST])
    if not rows:
        return None
    counted = Counter(term for _pk, _alike, others in rows for term in others)
    rarity = {term: math.log((len(rows) + 2) / (many + 0.5)) for term, many in counted.items()}
    means: dict[int, float] = {}
    if vector:
        with connection.cursor() as cursor:
            cursor.execute(
                _VECTORS, [literal(vector), conversation.municipality_id, since, meaning.MODEL]
            )
            means = dict(cursor.fetchall())

    def score(pk: int, others: Sequence[str]) -> float:
        return same_words(terms, others, rarity) + means.get(pk, 0.0)

    pk, alike, others = max(rows, key=lambda row: score(row[0], row[2]))
    return alike if score(pk, others) >= (SAME_BY_BOTH if means else SAME_BY_WORDS) else None


def note_some(*, at: datetime) -> int:
    """Remember questions not remembered yet, a few at a time; how many."""
    waiting = (
        Conversation.objects.filter(
            kind__in=kinds_that("asks"), asked=None, opened_at__gt=at - LATELY
        )
        .select_related("municipality")
        .order_by("pk")[:BATCH]
    )
    batch = list(waiting)
    for conversation in batch:
        note_asked(conversation, at=at)
    return len(batch)


def most_asked(
    municipality: Municipality, seen: ConversationQuerySet, *, at: datetime, limit: int = 20
) -> list[Group]:
    """Groups of questions without a published answer, the most asked first; only of what `seen` lets one see."""
    rows = (
        Asked.objects.filter(
            municipality=municipality,
            answer=None,
            asked_at__gt=at - LATELY,
            conversation__in=seen,
            conversation__merged_into=None,
        )
        .select_related("conversation")
        .order_by("asked_at")
    )
    groups: dict[int, list[Conversation]] = {}
    for row in rows:
        groups.setdefault(row.alike_id, []).append(row.conversation)
    asked = [
        Group(
            every[0],
            len(every),
            max(question.opened_at for question in every),
            sum(question.state in Conversation.OPEN for question in every),
            next((question for question in every if question.first_answer_at), None),
        )
        for every in groups.values()
    ]
    return sorted(asked, key=lambda group: (-group.many, -group.newest_at.timestamp()))[:limit]


def waiting_for(answer: Answer, seen: ConversationQuerySet, *, at: datetime) -> list[Conversation]:
    """Open conversations in `seen` that may ask what the answer says, the likeliest first: for a person to choose from."""
    rows = list(
        Asked.objects.filter(
            municipality=answer.municipality_id,
            asked_at__gt=at - LATELY,
            conversation__in=seen.filter(state__in=Conversation.OPEN, merged_into=None),
        )
        .exclude(conversation=answer.source_id or 0)
        .select_related("conversation__unit")
        .order_by("-asked_at")[:MOST_OPEN]
    )
    if not rows:
        return []
    groups = set(
        Asked.objects.filter(conversation=answer.source_id).values_list("alike", flat=True)
    )
    terms = set(answer.terms.values_list("term", flat=True))
    counted = Counter(term for row in rows for term in row.terms)
    rarity = {term: math.log((len(rows) + 2) / (many + 0.5)) for term, many in counted.items()}
    means = _meanings(answer, [row.pk for row in rows])
    least = WORTH_A_LOOK_BY_BOTH if means else WORTH_A_LOOK_BY_WORDS

    def score(row: Asked) -> float:
        if row.answer_id == answer.pk or row.alike_id in groups:
            return 9.0
        shared = same_words(row.terms, terms & set(row.terms), rarity)
        return shared + means.get(row.pk, 0.0)

    scored = sorted(((score(row), row.pk, row) for row in rows), reverse=True)
    return [row.conversation for worth, _pk, row in scored if worth >= least][:MOST_SHOWN]


def _meanings(answer: Answer, asked: Sequence[int]) -> dict[int, float]:
    """How near what was asked is to the question of the answer and to how others asked it."""
    if not meaning.available():
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_NEAR_ANSWER, [answer.pk, list(asked), meaning.MODEL])
        return dict(cursor.fetchall())


def note_told(
    answer: Answer, conversations: Sequence[Conversation], *, by: Actor, at: datetime
) -> None:
    """These asked the same and have now been answered with it: how they asked helps the next."""
    check(by, "answers.publish", answer.unit)
    with transaction.atomic():
        for conversation in conversations:
            first = conversation.messages.filter(kind=Message.Kind.INBOUND).first()
            if first is not None:
                add_wording(answer, first)
            Asked.objects.filter(conversation=conversation).update(answer=answer)
        learning.index(answer)
        record("answer.told", answer, by=by, at=at, conversations=[c.pk for c in conversations])
