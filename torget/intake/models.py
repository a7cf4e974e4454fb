"""Everything received, byte for byte, once."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from torget.channels.models import Account
from torget.people.actor import Actor


class EnvelopeQuerySet(models.QuerySet["Envelope"]):
    """Finding envelopes."""

    def visible_to(self, actor: Actor) -> EnvelopeQuerySet:
        """Those of the actor's municipality, for the roles that tend the quarantine."""
        if actor.may("intake.quarantine"):
            return self.filter(account__municipality=actor.municipality_id)
        return self.none()

    def quarantined(self) -> EnvelopeQuerySet:
        """Those nobody could understand yet, oldest first."""
        return self.filter(state=Envelope.State.QUARANTINED).order_by("received_at")


class Envelope(models.Model):
    """One thing received, raw bytes as they came. The body is never changed; in time its hash takes its place (trigger)."""

    class State(models.TextChoices):
        """Where it is on its way."""

        RECEIVED = "received"
        FILED = "filed"
        NOTED = "noted"
        QUARANTINED = "quarantined"
        DISCARDED = "discarded"

    MOVES = {
        State.RECEIVED: {State.FILED, State.NOTED, State.QUARANTINED},
        State.QUARANTINED: {State.RECEIVED, State.DISCARDED},
        State.FILED: set(),
        State.NOTED: set(),
        State.DISCARDED: set(),
    }

    public_id = models.UUIDField(default=uuid.uuid4, unique=True)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="envelopes")
    external_id = models.CharField(max_length=500)
    media_type = models.CharField(max_length=120)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    sha256 = models.BinaryField(max_length=32)
    size = models.PositiveIntegerField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.RECEIVED)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = EnvelopeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "external_id"], name="envelope_once"),
            models.CheckConstraint(
                condition=Q(state__in=["received", "filed", "noted", "quarantined", "discarded"]),
                name="envelope_state",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(state="received"), name="envelope_due"),
            models.Index(
                fields=["received_at"], condition=Q(state="quarantined"), name="envelope_quarantine"
            ),
        ]

    def __str__(self) -> str:
        return f"Envelope {self.pk}"

    @property
    def is_forgotten(self) -> bool:
        """Whether the bytes have been replaced by their hash (intake.forgetting)."""
        return bytes(self.body) == bytes(self.sha256)
