"""Who follows what is forgotten when they stop, or never confirmed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, Q, QuerySet, RestrictedError

from torget.conversations.models import Identity, Person
from torget.people.retention import Rule
from torget.subscriptions.models import Subscription

DAY = timedelta(days=1)


def _old(at: datetime) -> QuerySet[Any]:
    never = Q(confirmed_at=None, ended_at=None, started_at__lt=at - 7 * DAY)
    return Subscription.objects.filter(never | Q(ended_at__lt=at - 30 * DAY))


def _drop(keys: list[Any], _at: datetime) -> None:
    rows = Subscription.objects.filter(pk__in=keys)
    identities = set(rows.values_list("identity_id", flat=True))
    rows.delete()
    for identity in Identity.objects.filter(pk__in=identities, verified="").select_related(
        "person"
    ):
        person = identity.person
        # Somebody only had their address typed here: they are nobody to us. Whoever said something stays.
        try:
            with transaction.atomic():
                identity.delete()
                if not Identity.objects.filter(person=person).exists():
                    Person.objects.filter(pk=person.pk).delete()
        except (ProtectedError, RestrictedError):
            continue


RULES = (
    Rule(
        "subscriptions_subscription",
        "Who follows what, and the person made of an address nobody else knows",
        "7 days when it was not confirmed; 30 days after the end",
        "An address is often typed by somebody else; and to answer who asks why letters came.",
        _old,
        _drop,
    ),
)
KEPT: dict[str, str] = {}
