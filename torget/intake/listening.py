"""Asking the networks that tell nothing by themselves: what comes is stored before the cursor moves."""

from __future__ import annotations

import logging
import threading

from django.db import Error as DatabaseFault
from django.db import connection
from django.utils import timezone

from torget.channels import rules as channels
from torget.channels.account_lock import account_lock
from torget.channels.contract import AccountAccess, Health, SendError
from torget.channels.registry import adapter_for, adapters
from torget.channels.supervisor import (
    FIRST_PAUSE_SECONDS,
    LONGEST_PAUSE_SECONDS,
    LOOK_FOR_ACCOUNTS_SECONDS,
    supervise,
)
from torget.intake import rules as intake

log = logging.getLogger(__name__)


def listen_loop(stop: threading.Event) -> None:
    """Ask for every account of a network that must be asked, until told to stop."""
    networks = [adapter.network for adapter in adapters().values() if adapter.capabilities.polls]
    supervise(networks, follow, "listening", stop)


def follow(access: AccountAccess, stop: threading.Event) -> None:
    """Ask for one account until told to stop; trouble is waited out, longer each time."""
    adapter = adapter_for(access.network)
    pause = FIRST_PAUSE_SECONDS
    try:
        while not stop.is_set():
            wait = LOOK_FOR_ACCOUNTS_SECONDS
            try:
                with account_lock(access.id) as ours:
                    for _due in adapter.news(access, stop) if ours else ():
                        more = True
                        while more and not stop.is_set():
                            more = ask(access)
                            pause = FIRST_PAUSE_SECONDS
            except SendError as fault:
                wait = max(pause, min(fault.retry_after_seconds or 0.0, 3600.0))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                if fault.account:
                    channels.note_health(access.id, Health(False, str(fault)))
            except DatabaseFault:
                log.warning("Account %s: the database is away", access.id)
                connection.close()
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE_SECONDS)
            except Exception as fault:  # noqa: BLE001 - an adapter's slip must not end its listening
                log.error("Asking for account %s failed: %s", access.id, type(fault).__name__)
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE_SECONDS)
            stop.wait(wait)
    finally:
        connection.close()


def ask(access: AccountAccess) -> bool:
    """Ask once and keep what came; whether there is more at once.

    The cursor moves, and the network is told that we have it, only when everything is committed: whoever dies in
    between asks for the same again, which changes nothing.

    Raises:
        SendError: the network did not answer, or refused us.
    """
    at = timezone.now()
    before = channels.cursor(access.id)
    polled = adapter_for(access.network).poll(access, before)
    new = 0
    for item in polled.items:
        _pk, known = intake.receive(access.id, item)
        new += not known
    if dict(polled.cursor) != before:
        channels.move_cursor(access.id, polled.cursor)
    if polled.settle is not None:
        polled.settle()
    if polled.reconciled:
        channels.note_reconciled(access.id, at=at)
    channels.saw_life(access.id, received=bool(new), at=at)
    return polled.more
