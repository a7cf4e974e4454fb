"""Who follows what, and how they want to be told."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q

from torget.conversations.models import Identity
from torget.people.models import Municipality


def make_token() -> str:
    """The secret in the link that confirms or ends a subscription."""
    return secrets.token_urlsafe(20)


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Finding subscriptions."""

    def current(self) -> SubscriptionQuerySet:
        """Confirmed and not ended: those who are told."""
        return self.filter(ended_at=None).exclude(confirmed_at=None)

    def to(self, *topics: models.Model) -> SubscriptionQuerySet:
        """Those of one thing, or of several."""
        any_of = Q()
        for topic in topics:
            any_of |= Q(topic_type=topic._meta.label_lower, topic_id=topic.pk)
        return self.filter(any_of) if any_of else self.none()


class Subscription(models.Model):
    """An identity follows a thing. Nobody is told before they confirmed that the address is theirs."""

    municipality = models.ForeignKey(Municipality, on_delete=models.PROTECT)
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="subscriptions")
    topic_type = models.CharField(max_length=40)
    topic_id = models.BigIntegerField()
    token = models.CharField(max_length=40, unique=True, default=make_token)
    language = models.CharField(max_length=2, default="nb")
    started_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["identity", "topic_type", "topic_id"],
                condition=Q(ended_at=None),
                name="subscription_once",
            )
        ]
        indexes = [models.Index(fields=["topic_type", "topic_id"], name="subscription_topic")]

    def __str__(self) -> str:
        return f"Subscription {self.pk}"
