"""What adapters ask of what we have: whether an id of the network's is known here."""

from __future__ import annotations

from datetime import date

from torget.conversations.models import Block, Identity, Message
from torget.outbox import receipts


def is_known(account_id: int, external_id: str) -> bool:
    """Whether something with this id was said to us on the account, or sent by us there."""
    messages = Message.objects.filter(account_id=account_id, external_id=external_id)
    return messages.exists() or receipts.is_claimed(account_id, external_id)


def body_received(municipality_id: int | None, network: str, external_id: str) -> bytes | None:
    """The bytes in which something was said to the municipality on a network; None: it was not, b"": they are erased."""
    messages = Message.objects.filter(
        external_id=external_id,
        account__municipality=municipality_id,
        account__network=network,
        kind=Message.Kind.INBOUND,
    )
    message = messages.select_related("envelope").first() if external_id else None
    if message is None:
        return None
    return bytes(message.envelope.body) if message.envelope else b""


def blocked(network: str, *, on: date, municipality_id: int, most: int) -> list[str]:
    """Whom staff of the municipality have blocked on a network: their ids there."""
    blocks = Block.objects.filter(
        identity__network=network, identity__municipality=municipality_id
    ).current(on=on)
    return list(blocks.values_list("identity__external_id", flat=True)[:most])


def is_blocked(network: str, external_id: str, *, on: date, municipality_id: int) -> bool:
    """Whether staff of the municipality have blocked somebody."""
    identities = Identity.objects.filter(
        municipality=municipality_id, network=network, external_id=external_id
    )
    return Block.objects.filter(identity__in=identities).current(on=on).exists()
