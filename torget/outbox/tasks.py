"""The worker that empties the outbox: claim, send outside any transaction, settle."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connection,
)
from django.utils import timezone

from torget.channels import rules as channels
from torget.channels.contract import AccountAccess, Health, Receipt, SendError
from torget.channels.models import Account
from torget.channels.notify import REST_SECONDS, Listener
from torget.channels.registry import adapter_for
from torget.errors import Refused
from torget.outbox import ordering, rules
from torget.outbox.rules import Claimed

log = logging.getLogger(__name__)

SENDERS = 8
BATCH = 100
AWAY_SECONDS = 0.5

Outcome = Receipt | SendError | ordering.Later | None


@dataclass(frozen=True, slots=True)
class Sendable:
    """The accounts we may send from now, and how much to claim at once.

    Where a look-up settles every doubt a whole batch may be claimed; where it cannot (e-mail), only what the
    senders start on at once, so that a killed worker leaves few in doubt.
    """

    by_account: dict[int, AccountAccess]
    sure: list[int]
    unsure: list[int]


def sendable(now: Callable[[], datetime] = timezone.now) -> Sendable:
    """Read the accounts: paused, ailing and closed ones are left out."""
    by_account = {}
    for account in Account.objects.active().with_place():
        if account.may_send and not (account.limited_until and account.limited_until > now()):
            try:
                by_account[account.pk] = channels.access(account)
            except Refused as fault:  # its secrets cannot be read: the others go on sending
                channels.note_health(account.pk, Health(False, str(fault)))
    sure = [
        pk
        for pk, account in by_account.items()
        if adapter_for(account.network).capabilities.look_up
    ]
    return Sendable(by_account, sure, [pk for pk in by_account if pk not in sure])


def send_one(
    claimed: Claimed, access: AccountAccess, now: Callable[[], datetime] = timezone.now
) -> Outcome:
    """Send one delivery; any fault as a SendError. An unforeseen one is ambiguous: it may have gone out.

    None: its turn came so late that the lease could run out on the way; it was not begun.
    """
    if now() >= claimed.begin_before:
        return None
    if (turn := ordering.waits_for(claimed.payload, at=now())) is not None:
        return turn
    try:
        out = rules.outgoing(claimed.payload)
    except Refused as fault:
        return SendError(
            str(fault), permanent=True
        )  # a file is gone: nothing went out, and a person is told
    try:
        return adapter_for(access.network).send(out, access)
    except SendError as fault:
        return fault
    except Exception as fault:  # noqa: BLE001 - whatever an adapter stumbles on
        # Where, not what: the text of a fault may quote what somebody wrote, or a token.
        where = "".join(traceback.format_tb(fault.__traceback__)[-3:])
        log.error(
            "Adapter %s failed on delivery %s with %s:\n%s",
            access.network,
            claimed.id,
            type(fault).__name__,
            where,
        )
        return SendError(type(fault).__name__, ambiguous=True)


def _send_and_let_go(
    claimed: Claimed, access: AccountAccess, now: Callable[[], datetime]
) -> Outcome:
    """As `send_one`; a sender's thread keeps no connection to the database for itself when it is done."""
    try:
        return send_one(claimed, access, now)
    finally:
        if not connection.in_atomic_block:
            connection.close()


def settle(results: Sequence[tuple[Claimed, AccountAccess, Outcome]], *, at: datetime) -> None:
    """Write how a batch went; a fault of the account's own stops sending from it and tells a person."""
    rules.settle_sent(
        [(claimed.id, result) for claimed, _f, result in results if isinstance(result, Receipt)],
        at=at,
    )
    rules.give_back([claimed for claimed, _f, result in results if result is None])
    for claimed, access, result in results:
        if isinstance(result, ordering.Later):
            rules.put_off(claimed, result, at=at)
        if isinstance(result, SendError):
            if result.limited:  # no fault of the delivery's: it must not use up its attempts
                wait = result.retry_after_seconds or channels.LIMIT_SECONDS
                rules.put_off(claimed, ordering.Later(wait), at=at)
            else:
                rules.settle_failed(claimed, result, at=at)
            if result.account:
                channels.note_health(access.id, Health(False, str(result)), at=at)
            if result.limited:
                channels.note_limit(
                    access.id, str(result), seconds=result.retry_after_seconds, at=at
                )


def settle_patiently(
    results: Sequence[tuple[Claimed, AccountAccess, Outcome]], now: Callable[[], datetime]
) -> None:
    """Settle, also when the database has gone away meanwhile: what the network told us must not be forgotten."""
    until = time.monotonic() + rules.LEASE_SECONDS
    while True:
        try:
            settle(results, at=now())
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block or time.monotonic() > until:
                raise
            connection.close()
            time.sleep(AWAY_SECONDS)
        else:
            return


def deliver_due(pool: ThreadPoolExecutor, *, now: Callable[[], datetime] = timezone.now) -> int:
    """One round: claim, send, settle. How many were claimed."""
    accounts = sendable(now)
    count = 0
    for ids, limit in ((accounts.sure, BATCH), (accounts.unsure, SENDERS)):
        batch = rules.claim(ids, at=now(), limit=limit) if ids else []
        if not batch:
            continue
        count += len(batch)
        senders = [accounts.by_account[claimed.account_id] for claimed in batch]
        outcomes = pool.map(_send_and_let_go, batch, senders, [now] * len(batch))
        settle_patiently(list(zip(batch, senders, outcomes, strict=True)), now)
    return count


def resolve_unknown(*, now: Callable[[], datetime] = timezone.now) -> int:
    """Look up what may have gone out; never send. How many were settled."""
    settled = 0
    for delivery in rules.unsettled(at=now()):
        try:
            access = channels.access(delivery.account)
            receipt = adapter_for(access.network).find(rules.outgoing(delivery.payload), access)
        except DatabaseError:
            raise
        except Exception as fault:  # noqa: BLE001 - one that cannot be looked up must not hide the others
            log.info("Delivery %s stays unknown: %s", delivery.pk, type(fault).__name__)
            continue
        rules.settle_looked_up(delivery, receipt, at=now())
        settled += 1
    return settled


def deliver_loop(stop: threading.Event) -> None:
    """Run until told to stop; woken by NOTIFY, and every few seconds for what comes due by time."""
    with (
        Listener("torget_outbox") as listener,
        ThreadPoolExecutor(SENDERS, thread_name_prefix="send") as pool,
    ):
        while not stop.is_set():
            close_old_connections()
            rules.lose_expired(at=timezone.now())
            busy = deliver_due(pool)
            resolve_unknown()
            channels.beat("outbox")
            if not busy:
                listener.wait(REST_SECONDS, stop)
