"""Everything to be sent, every attempt, every receipt."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from torget.channels.models import Account
from torget.people.actor import Actor


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Finding deliveries."""

    def visible_to(self, actor: Actor) -> DeliveryQuerySet:
        """Those of the actor's municipality, for staff who read conversations."""
        if actor.may("conversations.read"):
            return self.filter(account__municipality=actor.municipality_id)
        return self.none()


class Delivery(models.Model):
    """One thing to be sent to one address from one account, with its attempts and its outcome.

    `state` is what a person sees and what the worker works from. *Unknown* means it may have gone out:
    only a look-up or a person moves it on.
    """

    class State(models.TextChoices):
        """Where it is on its way."""

        DUE = "due"
        SENDING = "sending"
        SENT = "sent"
        REFUSED = "refused"
        UNKNOWN = "unknown"
        CANCELLED = "cancelled"

    MOVES = {
        State.DUE: {State.SENDING, State.SENT, State.CANCELLED},  # sent: news of an earlier attempt
        State.SENDING: {State.SENT, State.DUE, State.REFUSED, State.UNKNOWN},
        State.UNKNOWN: {State.SENT, State.DUE, State.REFUSED, State.CANCELLED},
        State.REFUSED: {State.DUE, State.CANCELLED},
        State.SENT: {State.REFUSED},  # a bounce comes afterwards
        State.CANCELLED: set(),
    }

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="deliveries")
    recipient = models.CharField(max_length=320)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    payload = models.JSONField()
    idempotency_key = models.CharField(max_length=80, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.DUE)
    priority = models.SmallIntegerField(default=5, help_text="Lower goes first.")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    receipt = models.CharField(max_length=500, blank=True, default="")
    url = models.CharField(
        max_length=500, blank=True, default="", help_text="Where people read it there."
    )
    error = models.CharField(max_length=500, blank=True, default="")
    trail = models.JSONField(default=list, help_text="Each attempt: at, outcome, detail.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=["due", "sending", "sent", "refused", "unknown", "cancelled"]
                ),
                name="delivery_state",
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "next_attempt_at", "id"],
                condition=Q(state="due"),
                name="delivery_due",
            ),
            models.Index(
                fields=["lease_until"], condition=Q(state="sending"), name="delivery_leased"
            ),
            models.Index(
                fields=["next_attempt_at"], condition=Q(state="unknown"), name="delivery_unknown"
            ),
            models.Index(fields=["subject_type", "subject_id"], name="delivery_subject"),
            models.Index(fields=["receipt"], condition=~Q(receipt=""), name="delivery_receipt"),
        ]

    def __str__(self) -> str:
        return f"Delivery {self.pk} {self.state}"
