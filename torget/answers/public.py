"""What of the answers everybody may find: their feed, hits of a search, and how often they spared a question."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from torget.answers.models import Answer, Topic
from torget.answers.queries import chosen
from torget.answers.rules import answer_path
from torget.answers.search import suggest
from torget.design.text import markdown
from torget.history.models import Entry as Happened
from torget.people.actor import Actor
from torget.people.links import absolute
from torget.people.models import Municipality
from torget.protocols.feeds import Entry
from torget.protocols.posthtml import to_text
from torget.rooms import Hit

FEED_LENGTH = 50
HELPED = "answer.helped"


def newest(municipality: Municipality, parameters: Mapping[str, str]) -> list[Entry]:
    """The newest answers; of one unit ("enhet") or topic ("emne") where one is named."""
    rows = chosen(municipality, parameters.get("enhet", "")[:60], parameters.get("emne", "")[:60])
    return [
        Entry(
            id=f"urn:uuid:{row.public_id}",
            url=absolute(municipality, answer_path(row)),
            title=row.question,
            text=row.body,
            author=row.unit.local_name,
            published_at=row.published_at,
            changed_at=row.changed_at,
        )
        for row in rows[:FEED_LENGTH]
    ]


def followable(municipality: Municipality, slug: str) -> Answer | None:
    """The published answer of that address."""
    rows = Answer.objects.published(at=timezone.now())
    answer: Answer | None = rows.filter(municipality=municipality, slug=slug).first()
    return answer


def question_of(answer: Answer) -> str:
    """What it is called where it is followed."""
    return answer.question


def topic_in_use(municipality: Municipality, slug: str) -> Topic | None:
    """The topic of that address, while it is in use."""
    rows = Topic.objects.filter(municipality=municipality, slug=slug, closed_at=None)
    return rows.first()


def name_of(topic: Topic) -> str:
    """What it is called, in the reader's language."""
    return topic.local_name


def hits(actor: Actor, query: str, language: str, limit: int, at: datetime) -> list[Hit]:
    """Published answers that fit the words, the best first."""
    assert actor.municipality_id is not None
    municipality = Municipality.objects.get(pk=actor.municipality_id)
    rows = suggest(municipality, query, at=at, limit=min(limit, 10), language=language)
    return [
        Hit(
            row.question,
            to_text(markdown(row.body)),
            answer_path(row),
            row.unit.local_name,
            row.changed_at,
        )
        for row in rows
    ]


def helped(actor: Actor, start: datetime, end: datetime) -> int:
    """How often an answer made a question unnecessary: for the whole municipality, as answers are."""
    return Happened.objects.filter(
        municipality_id=actor.municipality_id, verb=HELPED, at__gte=start, at__lt=end
    ).count()
