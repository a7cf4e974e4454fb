"""What is received is forgotten byte for byte when it has long been a message; the hash of it stays."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet

from torget.intake.models import Envelope
from torget.people.retention import Rule

FILED = timedelta(days=90)
DISCARDED = timedelta(days=365)
State = Envelope.State


def _old(at: datetime) -> QuerySet[Any]:
    settled = Q(state__in=[State.FILED, State.NOTED], received_at__lt=at - FILED)
    put_away = Q(state=State.DISCARDED, received_at__lt=at - DISCARDED)
    return Envelope.objects.filter(settled | put_away).exclude(body=F("sha256"))


def _replace(keys: list[Any], _at: datetime) -> None:
    Envelope.objects.filter(pk__in=keys).update(body=F("sha256"), headers={})


RULES = (
    Rule(
        "intake_envelope",
        "What was received, byte for byte: the bytes are replaced by their hash. The message made of it and its files stay",
        "90 days when it became a message; 1 year when a person put it away; never while nobody has seen to it",
        "To read it again when we read it wrongly.",
        _old,
        _replace,
    ),
)
KEPT: dict[str, str] = {}
