"""What a network tells of what we sent: it came back, it arrived, it could not be delivered."""

from __future__ import annotations

from datetime import datetime

from torget.channels import rules as channels
from torget.channels.contract import Receipt
from torget.channels.models import Account
from torget.channels.registry import adapter_for
from torget.outbox.models import Delivery
from torget.outbox.rules import settle_sent, tell
from torget.outbox.trail import longer_trail, move

State = Delivery.State
_MOST_UNKNOWN = 1_000  # of one account, among which one without a receipt is looked for


def confirm(account_id: int, external_id: str, *, at: datetime) -> bool:
    """Our own message came back from the network: it certainly went out. Whether one was settled by it."""
    delivery = _without_receipt(account_id, external_id)
    if delivery is None:
        return False
    settle_sent([(delivery.pk, Receipt(external_id, "Seen coming back."))], at=at)
    return True


def note_report(account_id: int, receipt: str, detail: str, *, at: datetime) -> bool:
    """The network tells how it went with what we sent (a delivery report): written in its trail."""
    if not receipt:
        return False
    step = {"at": at.isoformat(), "outcome": "reported", "detail": detail[:500]}
    deliveries = Delivery.objects.filter(account_id=account_id, receipt=receipt)
    return bool(deliveries.update(trail=longer_trail(step)))


def bounced(account_id: int, external_id: str, detail: str, *, at: datetime) -> Delivery | None:
    """What we sent came back undeliverable: the one delivery that is named becomes refused, with the reason.

    Without a name nothing changes: a bounce may be of anybody's mail.
    """
    if not external_id:
        return None
    known = Delivery.objects.filter(account_id=account_id, receipt=external_id).first()
    delivery = known or _without_receipt(account_id, external_id)
    if delivery and move(delivery.pk, ["sent", "unknown"], State.REFUSED, at=at, detail=detail):
        tell(delivery.pk, "delivery.refused", at=at)
    return delivery


def given_up(account_id: int, idempotency_key: str, detail: str, *, at: datetime) -> None:
    """What an adapter carries by itself, and has taken as sent, reached nobody and will not: refused, with the reason."""
    row = Delivery.objects.filter(account_id=account_id, idempotency_key=idempotency_key).first()
    if row and move(row.pk, ["sent"], State.REFUSED, at=at, detail=detail):
        tell(row.pk, "delivery.refused", at=at)


def _without_receipt(account_id: int, external_id: str) -> Delivery | None:
    """The delivery whose outcome is unknown that would bear this id there."""
    if not external_id:
        return None
    unknown = Delivery.objects.filter(account_id=account_id, state=State.UNKNOWN)
    rows = list(unknown.order_by("-pk")[:_MOST_UNKNOWN])
    if not rows:
        return None
    account = channels.snapshot(Account.objects.with_place().get(pk=account_id))
    adapter = adapter_for(account.network)
    return next(
        (
            row
            for row in rows
            if external_id in (row.idempotency_key, adapter.own_id(row.idempotency_key, account))
        ),
        None,
    )
