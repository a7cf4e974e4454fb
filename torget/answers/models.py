"""Answer one, inform all: questions and answers everyone can find."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from torget.answers.vectors import VectorField
from torget.conversations.models import Conversation, Message
from torget.people.models import Municipality, Staff, Unit


class Topic(models.Model):
    """What answers are about, as the municipality divides it. Followed by e-mail, and a feed of its own."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="topics")
    slug = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    name_nn = models.CharField(max_length=60, blank=True)
    name_en = models.CharField(max_length=60, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["municipality", "slug"], name="topic_slug_once")
        ]

    def __str__(self) -> str:
        return self.local_name

    @property
    def local_name(self) -> str:
        """Its name in the language of the reader."""
        language = get_language() or "nb"
        return (getattr(self, f"name_{language}", "") if language != "nb" else "") or self.name


class Policy(models.Model):
    """What a municipality has decided about its answers."""

    municipality = models.OneToOneField(
        Municipality, on_delete=models.PROTECT, related_name="answer_policy"
    )
    embed_hosts = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text="Origins that may show the answers in a frame, besides the municipality's website.",
    )
    remind_days = models.PositiveSmallIntegerField(
        default=30, help_text="Days before an answer expires that its unit is reminded."
    )

    def __str__(self) -> str:
        return f"Policy of {self.municipality_id}"


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
    topics = models.ManyToManyField(Topic, blank=True, related_name="answers")
    translation_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="translations",
        help_text="The answer this one says in another language.",
    )
    reminded_at = models.DateTimeField(null=True, blank=True)
    understood_at = models.DateTimeField(
        null=True, blank=True, help_text="When its vectors were made; empty when it must be done."
    )

    objects = AnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["municipality", "slug"], name="answer_slug_once"),
            models.UniqueConstraint(
                fields=["translation_of", "language"], name="answer_translated_once"
            ),
            models.CheckConstraint(
                condition=Q(translation_of=None) | ~Q(translation_of=F("id")),
                name="answer_not_its_own_translation",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(understood_at=None), name="answer_to_understand"
            ),
            models.Index(
                fields=["valid_until"],
                condition=Q(valid_until__isnull=False, withdrawn_at=None),
                name="answer_expiring",
            ),
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

    def __str__(self) -> str:
        return f"Wording {self.pk}"


class Term(models.Model):
    """A term of an answer (answers.words), with how much it counts: the inverted index that words are looked up in."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="terms")
    term = models.CharField(max_length=60)
    weight = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["answer", "term"], name="term_once")]
        indexes = [
            models.Index(
                fields=["municipality", "term"], include=["answer", "weight"], name="term_found"
            )
        ]

    def __str__(self) -> str:
        return self.term


class Known(models.Model):
    """Every term a municipality's answers ever had: what a misspelt or unfinished word is compared with."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    term = models.CharField(max_length=60)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["municipality", "term"], name="known_once")]
        indexes = [GinIndex(fields=["term"], opclasses=["gin_trgm_ops"], name="known_trigrams")]

    def __str__(self) -> str:
        return self.term


class Meaning(models.Model):
    """A vector of what a part of an answer means, with which model it was made. Made by the worker."""

    class Part(models.TextChoices):
        """Which part."""

        QUESTION = "question"
        BODY = "body"
        WORDING = "wording"

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="meanings")
    part = models.CharField(max_length=8, choices=Part)
    model = models.CharField(max_length=40)
    vector = VectorField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(part__in=["question", "body", "wording"]), name="meaning_part"
            )
        ]
        indexes = [models.Index(fields=["municipality", "model"], name="meaning_here")]

    def __str__(self) -> str:
        return f"Meaning {self.pk}"


class Rating(models.Model):
    """One visitor's word on one answer: useful or not. Shown to editors, never to the public.

    `visitor` is a keyed hash of address and browser that changes each day: it counts one person once and names nobody.
    """

    class Place(models.TextChoices):
        """Where they said it."""

        ASKING = "asking", _("Før de sendte spørsmålet")
        PAGE = "page", _("På siden med svaret")

    answer = models.ForeignKey(Answer, on_delete=models.PROTECT, related_name="ratings")
    visitor = models.CharField(max_length=64)
    useful = models.BooleanField()
    word = models.CharField(max_length=500, blank=True)
    place = models.CharField(max_length=6, choices=Place)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["answer", "visitor"], name="rating_once"),
            models.CheckConstraint(condition=Q(place__in=["asking", "page"]), name="rating_place"),
        ]
        indexes = [
            models.Index(fields=["visitor", "at"], name="rating_visitor"),
            models.Index(
                fields=["answer", "-at"], condition=Q(useful=False), name="rating_unhelpful"
            ),
        ]

    def __str__(self) -> str:
        return f"Rating {self.pk}"


class Asked(models.Model):
    """A question as it was asked, and which others ask the same: what is most asked without an answer.

    Holds terms and a vector, not words. `alike` is the first conversation of those that ask the same.
    """

    conversation = models.OneToOneField(
        Conversation, on_delete=models.PROTECT, related_name="asked", primary_key=True
    )
    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="+")
    alike = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="+")
    answer = models.ForeignKey(
        Answer,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="asked",
        help_text="The published answer that says what they asked.",
    )
    terms = ArrayField(models.CharField(max_length=60), default=list)
    model = models.CharField(max_length=40, blank=True)
    vector = VectorField(null=True)
    asked_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["municipality", "-asked_at"], name="asked_newest"),
            models.Index(fields=["municipality", "alike"], name="asked_alike"),
        ]

    def __str__(self) -> str:
        return f"Asked {self.pk}"
