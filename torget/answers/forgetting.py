"""What visitors say of answers, and how questions were asked."""

from __future__ import annotations

from datetime import timedelta

from torget.answers.models import Asked, Rating
from torget.people.retention import Rule

DAY = timedelta(days=1)
RULES = (
    Rule(
        "answers_rating",
        "Words visitors leave with a rating; yes and no stay, named by a key that was destroyed at midnight",
        "1 year",
        "Editors have read them by then.",
        lambda at: Rating.objects.filter(at__lt=at - 365 * DAY).exclude(word=""),
        lambda keys, _at: Rating.objects.filter(pk__in=keys).update(word=""),
    ),
    Rule(
        "answers_asked",
        "Terms and vectors of questions, to see what is most asked",
        "1 year",
        "What is asked most changes.",
        lambda at: Asked.objects.filter(asked_at__lt=at - 365 * DAY),
    ),
)
_PUBLISHED = "Published by the municipality; what is about a person was taken away before."
KEPT = {
    "answers_topic": _PUBLISHED,
    "answers_policy": "No persons.",
    "answers_answer_topics": "No persons.",
    "answers_answer": _PUBLISHED,
    "answers_edition": _PUBLISHED,
    "answers_wording": "How a question was asked, chosen and cleaned by an editor.",
    "answers_term": "No persons.",
    "answers_known": "No persons.",
    "answers_meaning": "No persons.",
}
