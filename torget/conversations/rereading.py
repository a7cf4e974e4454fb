"""Looking again at what we have of talks that live, on networks that tell nobody of edits and deletions."""

from __future__ import annotations

import logging
import threading
from datetime import datetime, timedelta

from django.db import Error as DatabaseFault
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from torget.channels.contract import AccountAccess, Kept, SendError
from torget.channels.registry import adapter_for, adapters
from torget.channels.supervisor import supervise
from torget.conversations.models import Conversation, Message, Rereading
from torget.intake import rules as intake

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=60)  # unless the account's setting `reread_seconds` says otherwise
LIVES = timedelta(days=30)  # a talk nobody has written in for longer is not looked at again
CLOSED = timedelta(days=1)
AT_ONCE = 60  # three requests a minute on Mastodon, of the sixty a server allows
LOOK_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 3600.0


def reread_loop(stop: threading.Event) -> None:
    """Look again for every account whose adapter can, until told to stop."""
    networks = [adapter.network for adapter in adapters().values() if adapter.capabilities.rereads]
    supervise(networks, follow, "rereading", stop)


def follow(account: AccountAccess, stop: threading.Event) -> None:
    """Look again for one account until told to stop; trouble is waited out."""
    try:
        while not stop.is_set():
            wait = LOOK_SECONDS
            try:
                reread(account, now=timezone.now())
            except SendError as fault:  # who polls the account tells a person when it is ill
                wait = min(fault.retry_after_seconds or EVERY.total_seconds(), LONGEST_WAIT_SECONDS)
            except DatabaseFault:
                connection.close()
            except Exception as fault:  # noqa: BLE001 - an adapter's slip must not end the loop
                log.error("Account %s could not be reread: %s", account.id, type(fault).__name__)
                wait = EVERY.total_seconds()
            stop.wait(wait)
    finally:
        connection.close()


def reread(account: AccountAccess, *, now: datetime) -> int:
    """Look again at some of what the account has, when it is time; how many were edited or are gone.

    One worker does it, however many ask: the others find that it is not time yet.

    Raises:
        SendError: the network cannot be asked.
    """
    place = _take(account, now)
    if place is None:
        return 0
    rows = list(_living(account.id, now).filter(pk__gt=place.after).order_by("pk")[:AT_ONCE])
    kept = [
        Kept(row.external_id or "", row.body, row.identity.external_id)
        for row in rows
        if row.identity is not None
    ]
    new = 0
    for item in adapter_for(account.network).reread(kept, account):
        new += not intake.receive(account.id, item)[1]
    after = rows[-1].pk if len(rows) == AT_ONCE else 0
    Rereading.objects.filter(pk=place.pk).update(after=after)
    return new


def _living(account_id: int, now: datetime) -> QuerySet[Message]:
    messages = Message.objects.filter(
        account_id=account_id,
        kind=Message.Kind.INBOUND,
        removed_at=None,
        conversation__last_message_at__gte=now - LIVES,
    ).exclude(
        conversation__state=Conversation.State.CLOSED, conversation__closed_at__lt=now - CLOSED
    )
    return messages.select_related("identity")


def _take(account: AccountAccess, now: datetime) -> Rereading | None:
    """Where to go on from, for whoever comes first when it is time."""
    asked = account.settings.get("reread_seconds")
    every = timedelta(seconds=float(asked)) if asked is not None else EVERY
    place, new = Rereading.objects.get_or_create(account_id=account.id, defaults={"at": now})
    if new:
        return place
    due = Rereading.objects.filter(pk=place.pk, at=place.at, at__lte=now - every)
    return place if due.update(at=now) else None
