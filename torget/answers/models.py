"""Answer one, inform all: questions and answers everyone can find."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Q

from torget.conversations.models import Conversation, Message
from torget.people.models import Municipality, Staff, Unit


class AnswerQuerySet(models.QuerySet["Answer"]):
    """Finding answers."""

    def published(self, *, at: datetime) -> AnswerQuerySet:
        """Those everybody may read now."""
        return self.filter(withdrawn_at=None).filter(Q(valid_until=None) | Q(valid_until__gt=at))


class Answer(models.Model):
    """A question and its answer, cleaned of what is personal, as it stands now; earlier words are Editions."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="answers")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="answers")
    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    slug = models.SlugField(max_length=120)
    source = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, null=True, blank=True, related_name="answers"
    )
    question = models.CharField(max_length=300)
    body = models.TextField()
    language = models.CharField(max_length=2, default="nb")
    edition = models.PositiveIntegerField(default=1)
    published_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    published_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    valid_until = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    helped = models.PositiveIntegerField(
        default=0, help_text="Questions not sent since this answered them."
    )
    search = models.GeneratedField(
        expression=SearchVector("question", weight="A", config="norwegian")
        + SearchVector("body", weight="C", config="norwegian"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = AnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["municipality", "slug"], name="answer_slug_once")
        ]
        indexes = [
            GinIndex(fields=["search"], name="answer_search"),
            GinIndex(fields=["question"], opclasses=["gin_trgm_ops"], name="answer_trigrams"),
            models.Index(fields=["municipality", "-changed_at"], name="answer_newest"),
        ]

    def __str__(self) -> str:
        return self.question


class Edition(models.Model):
    """What an answer said before it was changed. Append-only."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="editions")
    number = models.PositiveIntegerField()
    question = models.CharField(max_length=300)
    body = models.TextField()
    replaced_at = models.DateTimeField()
    replaced_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["answer", "number"], name="edition_once")]

    def __str__(self) -> str:
        return f"{self.answer_id} edition {self.number}"


class Wording(models.Model):
    """How somebody asked it: the next who asks in such words finds it. Never shown to the public."""

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="wordings")
    text = models.CharField(max_length=300)
    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    search = models.GeneratedField(
        expression=SearchVector("text", config="norwegian"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        indexes = [GinIndex(fields=["search"], name="wording_search")]

    def __str__(self) -> str:
        return f"Wording {self.pk}"
