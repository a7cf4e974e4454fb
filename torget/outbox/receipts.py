"""What the networks' own ids tell of what we sent: two questions adapters ask."""

from __future__ import annotations

from torget.outbox.models import Delivery


def is_claimed(account_id: int, receipt: str) -> bool:
    """Whether some delivery of the account is known to be this. The same words said twice are two messages."""
    return Delivery.objects.filter(account_id=account_id, receipt=receipt).exists()


def receipt_of(account_id: int, idempotency_key: str) -> str:
    """What the network calls that which was sent with a key of ours; "" when nobody knows."""
    sent = Delivery.objects.filter(account_id=account_id, idempotency_key=idempotency_key)
    return sent.exclude(receipt="").values_list("receipt", flat=True).first() or ""
