"""Append-only: who did what, when, why; and the seals that make tampering show."""

from __future__ import annotations

from django.db import models
from django.db.models import Case, F, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Now


class Entry(models.Model):
    """One change. Ids and verbs only: no texts, no personal data, so that erasing a person never breaks a seal.

    The table refuses UPDATE, DELETE and TRUNCATE (trigger in migration 0002) and announces each row on
    the database channel `torget`, which is how open screens learn that something changed.
    """

    class ActorKind(models.TextChoices):
        """Who acted."""

        STAFF = "staff"
        RESIDENT = "resident"
        SYSTEM = "system"

    at = models.DateTimeField()
    municipality_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=10, choices=ActorKind)
    actor_id = models.BigIntegerField(null=True)
    verb = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    data = models.JSONField(default=dict)
    # What it is about, out of what is sealed: the subject itself, or the conversation its data names.
    conversation_id = models.GeneratedField(
        expression=Case(
            When(subject_type="conversations.conversation", then=F("subject_id")),
            default=Cast(KeyTextTransform("conversation", "data"), models.BigIntegerField()),
        ),
        output_field=models.BigIntegerField(null=True),
        db_persist=True,
    )
    # When it was really written: set by the database, whatever the writer says. Empty in rows older than that.
    written_at = models.DateTimeField(null=True, db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="history_subject"),
            models.Index(fields=["municipality_id", "id"], name="history_municipality"),
            models.Index(
                fields=["conversation_id", "id"],
                condition=models.Q(conversation_id__isnull=False),
                name="history_conversation",
            ),
            models.Index(
                fields=["municipality_id", "at"],
                condition=models.Q(verb="answer.helped"),
                name="history_helped",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.verb} {self.subject_type} {self.subject_id}"


class Seal(models.Model):
    """A Merkle root (RFC 6962 §2.1, SHA-256) over the entries since the seal before, chained to it.

    `ids` and `leaves` (32 bytes an entry, same order) let the doctor point at the very row that was changed,
    removed or inserted afterwards; `root` and `hash` make the lists themselves tamper-evident.
    """

    sealed_at = models.DateTimeField()
    last_entry_id = models.BigIntegerField(unique=True)
    ids = models.JSONField()
    leaves = models.BinaryField()
    root = models.BinaryField(max_length=32)
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    # By a key that is not in the database (history.keys): its fingerprint and its signature. Empty in older seals.
    signature = models.BinaryField(default=b"")

    def __str__(self) -> str:
        return f"Seal to {self.last_entry_id}"
