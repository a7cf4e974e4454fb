"""The answers of the example municipality: topics, translations, an old edition, one that expires, and visitors' words."""

from __future__ import annotations

from datetime import datetime, timedelta

from torget.answers import personal
from torget.answers import rules as answers
from torget.answers import story_texts as texts
from torget.answers.models import Answer, Rating, Topic
from torget.answers.rules.ratings import visitor_of
from torget.answers.rules.topics import add_topic
from torget.people.actor import Actor
from torget.people.cast import Cast
from torget.people.models import Municipality


def ours(question: str, body: str) -> list[str]:
    """What looks personal in the example's texts is the municipality's own."""
    return [finding.text for finding in personal.find(f"{question}\n{body}")]


def tell(cast: Cast, *, at: datetime) -> None:
    """Dress the answers that were published while the conversations were told."""
    municipality, editor = cast.municipality, Actor.of_staff(cast.staff["amina"])
    topics = {
        names[0]: add_topic(
            municipality, name=names[0], name_nn=names[1], name_en=names[2], by=editor, at=at
        )
        for names in texts.TOPICS
    }
    for question, about in texts.ABOUT.items():
        _dress(municipality, question, [topics[name] for name in about], editor, at)
    for question, language, asked, body in texts.TRANSLATED:
        answer = Answer.objects.get(municipality=municipality, question=question)
        answers.translate(
            answer,
            language,
            question=asked,
            body=body,
            by=editor,
            at=at,
            confirmed=ours(asked, body),
        )
    for number, (question, useful, word) in enumerate(texts.RATED):
        answer = Answer.objects.get(municipality=municipality, question=question)
        visitor = visitor_of("192.0.2.1", f"gjest {number}", at=at)
        place = Rating.Place.ASKING if useful else Rating.Place.PAGE
        answers.rate(answer, useful, visitor=visitor, place=place, at=at, word=word)


def _dress(
    municipality: Municipality, question: str, topics: list[Topic], editor: Actor, at: datetime
) -> None:
    answer = Answer.objects.get(municipality=municipality, question=question)
    body = texts.REWRITTEN.get(question, answer.body)
    days = texts.EXPIRES_IN_DAYS.get(question)
    answers.change(
        answer,
        question=question,
        body=body,
        by=editor,
        at=at,
        valid_until=at + timedelta(days=days) if days else None,
        topics=topics,
        confirmed=ours(question, body),
    )
