"""What adapters ask of what was received: which mails lie here, and what one of them holds."""

from __future__ import annotations

from datetime import datetime

from torget.intake.models import Envelope


def header_since(account_id: int, name: str, since: datetime) -> set[str]:
    """The values of a header among what was received on an account since then."""
    rows = Envelope.objects.filter(account_id=account_id, received_at__gte=since).order_by()
    return {value for value in rows.values_list(f"headers__{name}", flat=True) if value}


def header_of(envelope_id: int, name: str) -> str:
    """A header of one envelope; "" when it has none."""
    headers = Envelope.objects.values_list("headers", flat=True).get(pk=envelope_id)
    return str(headers.get(name) or "")
