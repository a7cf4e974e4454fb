"""Letters written by themselves are forgotten; answers stay with their case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from torget.outbox.models import Delivery
from torget.people.retention import Rule

KEPT_DAYS = timedelta(days=30)
State = Delivery.State


def _old(at: datetime) -> QuerySet[Any]:
    return Delivery.objects.filter(
        payload__automatic=True,
        payload__has_key="body",
        state__in=[State.SENT, State.CANCELLED],
        created_at__lt=at - KEPT_DAYS,
    )


def _empty(keys: list[Any], _at: datetime) -> None:
    Delivery.objects.filter(pk__in=keys).update(payload={"automatic": True}, recipient="", trail=[])


RULES = (
    Rule(
        "outbox_delivery",
        "Letters written by themselves (receipts, sign-in links, confirmations, transcripts): words, links and recipient",
        "30 days after they were sent; never before they are",
        "To find out why somebody did not get one. Answers stay with their case, for the archive duty.",
        _old,
        _empty,
    ),
)
KEPT: dict[str, str] = {}
