"""What the watchdog looks at: replies that should have been sent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from torget.casework.models import PendingReply
from torget.casework.rules.replying import LONGEST_UNDO_SECONDS
from torget.rooms import Standstill

REPLY_LATE = timedelta(minutes=2)


def late_replies(at: datetime) -> Iterator[Standstill]:
    """Of each municipality, replies whose time to undo is long over."""
    # One that cannot be sent is put off again and again, so its time to be sent alone would never tell.
    late = PendingReply.objects.waiting().filter(
        Q(release_at__lte=at - REPLY_LATE)
        | Q(created_at__lte=at - REPLY_LATE - timedelta(seconds=LONGEST_UNDO_SECONDS))
    )
    for row in late.values("conversation__municipality").annotate(many=Count("id")).order_by():
        yield Standstill(
            f"municipality:{row['conversation__municipality']}",
            _("%(many)s svar skulle vært sendt, men står på vent.") % {"many": row["many"]},
            row["conversation__municipality"],
        )
