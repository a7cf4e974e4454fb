"""What X costs: before it is sent, and in the month. No more is sent when the month's limit is reached."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.db import connection, transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from torget.adapters.x.models import Charge
from torget.channels.contract import AccountAccess, AccountSnapshot, SendError
from torget.protocols.xweight import has_link

# Dollars, as docs.x.com gave them in the autumn of 2026; the account's settings may say otherwise.
POST, POST_WITH_LINK, READ = Decimal("0.015"), Decimal("0.20"), Decimal("0.001")
LIMIT = Decimal(25)
_LOCK_SPACE = 7457


def _setting(account: AccountSnapshot, name: str, otherwise: Decimal) -> Decimal:
    text = str(account.settings.get(name) or "").replace(",", ".")
    try:
        dollars = Decimal(text) if text else otherwise
    except InvalidOperation:
        return otherwise
    return dollars if dollars.is_finite() and dollars >= 0 else otherwise


def price(account: AccountSnapshot, text: str) -> Decimal:
    """What a post costs, in dollars."""
    if has_link(text):
        return _setting(account, "price_link", POST_WITH_LINK)
    return _setting(account, "price_post", POST)


def limit(account: AccountAccess) -> Decimal:
    """How much may be used in a month, in dollars."""
    return _setting(account, "monthly_limit", LIMIT)


def used(account: AccountAccess, at: datetime) -> Decimal:
    """How much is used in the month."""
    rows = Charge.objects.filter(account_number=account.id, month=at.strftime("%Y-%m"))
    return rows.aggregate(all=Sum("dollars"))["all"] or Decimal(0)


def charge(account: AccountAccess, key: str, dollars: Decimal, at: datetime) -> None:
    """Count a post before it is sent; the same post again is counted once.

    Raises:
        SendError: the month's limit does not have room for it.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:  # two senders at once must not both take the last of it
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK_SPACE, account.id])
        if Charge.objects.filter(account_number=account.id, key=key).exists():
            return
        if used(account, at) + dollars > limit(account):
            raise SendError(
                _("Månedens grense for X er nådd (%(limit)s dollar). Innlegget er ikke sendt.")
                % {"limit": limit(account)},
                permanent=True,
            )
        Charge.objects.create(
            account_number=account.id, month=at.strftime("%Y-%m"), key=key, dollars=dollars
        )


def refund(account: AccountAccess, key: str) -> None:
    """It certainly was not taken, so nothing is paid."""
    Charge.objects.filter(account_number=account.id, key=key).delete()


def note_reads(account: AccountAccess, count: int, at: datetime) -> None:
    """Reading costs too, a little. It is counted; it stops only what we send, never what we receive."""
    if not count:
        return
    dollars = count * _setting(account, "price_read", READ)
    row, new = Charge.objects.get_or_create(
        account_number=account.id,
        key=f"reads:{at:%Y-%m-%d}",
        defaults={"month": at.strftime("%Y-%m"), "dollars": dollars},
    )
    if not new:
        Charge.objects.filter(pk=row.pk).update(dollars=F("dollars") + dollars)
