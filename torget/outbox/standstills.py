"""What the watchdog looks at: deliveries that are late, and those whose outcome nobody knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from torget.outbox.models import Delivery
from torget.rooms import Standstill

DELIVERY_LATE = timedelta(minutes=5)


def late_deliveries(at: datetime) -> Iterator[Standstill]:
    """Of each municipality, what should have been sent."""
    late = Delivery.objects.filter(state=Delivery.State.DUE, next_attempt_at__lt=at - DELIVERY_LATE)
    return _of_each(late, _("%(many)s sendinger står og venter."))


def unknown_deliveries(at: datetime) -> Iterator[Standstill]:
    """Of each municipality, what may or may not have arrived."""
    unknown = Delivery.objects.filter(
        state=Delivery.State.UNKNOWN, created_at__lt=at - DELIVERY_LATE
    )
    return _of_each(unknown, _("Vi vet ikke om %(many)s sendinger kom fram. Noen må avgjøre det."))


def _of_each(rows: QuerySet[Delivery], sentence: str) -> Iterator[Standstill]:
    for row in rows.values("account__municipality").annotate(many=Count("id")).order_by():
        yield Standstill(
            f"municipality:{row['account__municipality']}",
            sentence % {"many": row["many"]},
            row["account__municipality"],
        )
