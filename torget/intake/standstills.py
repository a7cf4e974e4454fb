"""What the watchdog looks at: envelopes nobody has read, and those set aside."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from torget.design.times import moment
from torget.intake.models import Envelope
from torget.rooms import Standstill

ENVELOPE_LATE = timedelta(minutes=2)


def late_envelopes(at: datetime) -> Iterator[Standstill]:
    """Of each municipality, what was received and is not read."""
    late = Envelope.objects.filter(
        state=Envelope.State.RECEIVED, received_at__lt=at - ENVELOPE_LATE
    )
    for row in late.values("account__municipality").annotate(
        many=Count("id"), oldest=Min("received_at")
    ):
        yield Standstill(
            f"municipality:{row['account__municipality']}",
            _("%(many)s mottatte meldinger er ikke behandlet. Den eldste kom %(oldest)s.")
            % {"many": row["many"], "oldest": moment(row["oldest"], now=at)},
            row["account__municipality"],
        )


def quarantined(at: datetime) -> Iterator[Standstill]:
    """Of each municipality, what lies in quarantine."""
    aside = (
        Envelope.objects.quarantined()
        .values("account__municipality")
        .annotate(many=Count("id"))
        .order_by()
    )
    for row in aside:
        yield Standstill(
            f"municipality:{row['account__municipality']}",
            _("%(many)s meldinger ligger i karantene.") % {"many": row["many"]},
            row["account__municipality"],
        )
