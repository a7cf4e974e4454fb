"""What `torget doctor` looks at: accounts, what stands still, faults of our own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.core.exceptions import ImproperlyConfigured

from torget.channels import secrets, watchdog
from torget.channels.models import Account, Alarm, Fault
from torget.channels.registry import adapter_for
from torget.errors import Refused


def accounts(at: datetime) -> Iterator[str]:
    """Accounts without an adapter, a key or health, or whose access ends within a week."""
    for account in Account.objects.active().order_by("pk"):
        try:
            adapter_for(account.network)
            secrets.unseal(bytes(account.secrets))
        except (ImproperlyConfigured, Refused) as fault:
            yield f"{account}: {fault}"
        if not account.healthy:
            yield f"{account} does not send: {account.health_detail} Mend it on the desk, under channels."
        if account.expires_at and account.expires_at < at + timedelta(days=7):
            yield f"{account}: its access ends {account.expires_at:%Y-%m-%d}. Renew it."


def movement(at: datetime) -> Iterator[str]:
    """What stands still now, and other alarms that are open."""
    for _sort, standstill in watchdog.standstills(at=at):
        yield standstill.detail
    others = Alarm.objects.filter(closed_at=None).exclude(what__in=[*watchdog.sorts(), "account"])
    yield from others.values_list("detail", flat=True)


def faults(at: datetime) -> Iterator[str]:
    """Faults of the last day."""
    for fault in Fault.objects.filter(last_at__gte=at - timedelta(days=1)).order_by("-count"):
        yield f"{fault.kind} in {fault.place}, {fault.count} times since {fault.first_at:%Y-%m-%d %H:%M}. The log of that time says where; tell the maintainers."
