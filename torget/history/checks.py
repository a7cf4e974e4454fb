"""What `torget doctor` looks at: whether history is whole, and sealed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from torget.history.models import Entry, Seal
from torget.history.seal import verify

SEALED_WITHIN = timedelta(minutes=10)
MOST_NAMED = 20


def history(at: datetime) -> Iterator[str]:
    """Rows that were changed, and history that is not sealed."""
    faults = verify(at=at)
    yield from faults[:MOST_NAMED]
    if len(faults) > MOST_NAMED:
        yield f"… and {len(faults) - MOST_NAMED} more rows of history."
    if faults:
        yield "Somebody has changed history. Keep the database as it is, and compare with the backup."
    last = Seal.objects.order_by("-last_entry_id").values_list("last_entry_id", flat=True).first()
    if Entry.objects.filter(pk__gt=last or 0, at__lt=at - SEALED_WITHIN).exists():
        yield "History has not been sealed for ten minutes. See to it that torget work runs."
