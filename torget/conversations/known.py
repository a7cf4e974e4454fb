"""What adapters ask of what we have: whether an id of the network's is known here."""

from __future__ import annotations

from torget.conversations.models import Message
from torget.outbox import receipts


def is_known(account_id: int, external_id: str) -> bool:
    """Whether something with this id was said to us on the account, or sent by us there."""
    messages = Message.objects.filter(account_id=account_id, external_id=external_id)
    return messages.exists() or receipts.is_claimed(account_id, external_id)
