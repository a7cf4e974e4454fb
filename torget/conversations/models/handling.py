"""How staff work with what was said: tags, participants, mentions, deadlines, merges."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from torget.conversations.models.conversation import Conversation
from torget.conversations.models.message import Message
from torget.conversations.models.persons import Identity
from torget.people.models import Municipality, Staff, Unit
from torget.rooms import Text, kind


class Tag(models.Model):
    """A word conversations are sorted by. Conversations hold the slugs."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT, related_name="tags")
    slug = models.SlugField(max_length=40)
    name = models.CharField(max_length=40)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["municipality", "slug"], name="tag_slug_once")
        ]

    def __str__(self) -> str:
        return self.name


class Participant(models.Model):
    """Somebody beside the one who asked whom staff let take part in a private case: heard there, never given its key."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="participants"
    )
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    added_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["conversation", "identity"],
                condition=Q(ended_at=None),
                name="participant_once",
            )
        ]

    def __str__(self) -> str:
        return f"Participant {self.pk}"


class Mention(models.Model):
    """Somebody was named in a note, by name or through their unit, and should look."""

    message = models.ForeignKey(Message, on_delete=models.PROTECT, related_name="mentions")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="mentions")
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "staff"], name="mention_once")]
        indexes = [models.Index(fields=["staff"], condition=Q(seen_at=None), name="mention_unseen")]

    def __str__(self) -> str:
        return f"Mention {self.pk}"


class Deadline(models.Model):
    """How soon we answer: the municipality's own promise, or the law's. The most particular row counts."""

    class What(models.TextChoices):
        """What must have happened."""

        FIRST_ANSWER = "first", _("Første svar")
        PRELIMINARY = "preliminary", _("Foreløpig svar")
        ANSWER = "answer", _("Svar")

    class Measure(models.TextChoices):
        """What the amount counts."""

        OPEN_HOURS = "open_hours", _("timer i åpningstiden")
        OPEN_DAYS = "open_days", _("virkedager")
        DAYS = "days", _("dager")
        MONTHS = "months", _("måneder")

    municipality = models.ForeignKey(
        Municipality, on_delete=models.PROTECT, related_name="deadlines"
    )
    what = models.CharField(max_length=12, choices=What)
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=30, blank=True, help_text="Empty: every kind.")
    network = models.CharField(max_length=20, blank=True)
    amount = models.PositiveSmallIntegerField(help_text="0: no deadline.")
    measure = models.CharField(max_length=10, choices=Measure)
    warn_hours = models.PositiveSmallIntegerField(
        default=4, help_text="Hours before it breaks that somebody is warned."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "what", "unit", "kind", "network"],
                nulls_distinct=False,
                name="deadline_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.amount} {self.measure}"

    @property
    def kind_label(self) -> Text:
        """What people call the kind it is for."""
        return kind(self.kind).label


class ConversationMerge(models.Model):
    """Two conversations became one. Which messages came along stands here, so that it can be undone."""

    kept = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="merges")
    joined = models.ForeignKey(Conversation, on_delete=models.PROTECT, related_name="+")
    message_ids = ArrayField(models.BigIntegerField(), default=list)
    state_before = models.CharField(max_length=8, choices=Conversation.State)
    waiting_before = models.DateTimeField(null=True, blank=True)
    joined_at = models.DateTimeField()
    joined_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        Staff, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        db_table = "conversations_joining"
        constraints = [
            models.UniqueConstraint(
                fields=["joined"], condition=Q(undone_at=None), name="joining_one_current"
            ),
            models.CheckConstraint(condition=~Q(kept=F("joined")), name="joining_of_two"),
        ]

    def __str__(self) -> str:
        return f"ConversationMerge {self.pk}"
