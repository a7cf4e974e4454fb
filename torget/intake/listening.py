"""Asking the networks that tell nothing by themselves: what comes is stored before the cursor moves."""

from __future__ import annotations

import logging
import threading
import time

from django.db import Error as DatabaseFault
from django.db import close_old_connections, connection
from django.utils import timezone

from torget.channels import rules as channels
from torget.channels.alone import alone
from torget.channels.contract import AccountFacts, Health, SendError
from torget.channels.models import Account
from torget.channels.registry import adapter_for, adapters
from torget.errors import Refused
from torget.intake import rules as intake

log = logging.getLogger(__name__)

LOOK_FOR_ACCOUNTS_SECONDS = 5.0
STOP_SECONDS = 5.0  # an adapter may wait 20 for news; nothing is lost by leaving it there
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 120.0


def wanted() -> dict[int, AccountFacts]:
    """Every account that must be asked: also paused and ailing ones, but none the municipality decided not to use."""
    networks = [one.network for one in adapters().values() if one.capabilities.polls]
    found = {}
    rows = Account.objects.active().with_place().filter(network__in=networks, in_use=True)
    for account in rows.order_by("pk"):
        try:
            found[account.pk] = channels.facts(account)
        except Refused as fault:  # its secrets cannot be read
            channels.note_health(account.pk, Health(False, str(fault)))
    return found


def listen_loop(stop: threading.Event) -> None:
    """Ask for every account until told to stop; accounts that come, go or change are noticed."""
    asking: dict[int, tuple[AccountFacts, threading.Event, threading.Thread]] = {}
    try:
        while not stop.is_set():
            close_old_connections()
            now_wanted = wanted()
            for pk, (facts, ended, thread) in list(asking.items()):
                if now_wanted.get(pk) != facts or not thread.is_alive():
                    ended.set()
                    del asking[pk]
            for pk in now_wanted.keys() - asking.keys():
                asking[pk] = _start(now_wanted[pk])
            channels.beat("listening")
            stop.wait(LOOK_FOR_ACCOUNTS_SECONDS)
    finally:
        for _facts, ended, _thread in asking.values():
            ended.set()
        until = time.monotonic() + STOP_SECONDS
        for _facts, _ended, thread in asking.values():
            thread.join(max(0.0, until - time.monotonic()))


def _start(facts: AccountFacts) -> tuple[AccountFacts, threading.Event, threading.Thread]:
    ended = threading.Event()
    thread = threading.Thread(
        target=follow, args=(facts, ended), name=f"listen-{facts.id}", daemon=True
    )
    thread.start()
    return facts, ended, thread


def follow(facts: AccountFacts, stop: threading.Event) -> None:
    """Ask for one account until told to stop; trouble is waited out, longer each time."""
    every = adapter_for(facts.network).capabilities.poll_seconds
    every = float(facts.settings.get("poll_seconds") or every)
    pause = FIRST_PAUSE_SECONDS
    try:
        while not stop.is_set():
            wait = LOOK_FOR_ACCOUNTS_SECONDS
            try:
                with alone(facts.id) as ours:
                    while ours and not stop.is_set():
                        more = ask(facts)
                        pause = FIRST_PAUSE_SECONDS
                        stop.wait(0.0 if more else every)
            except SendError as fault:
                wait = max(pause, min(fault.retry_after_seconds or 0.0, 3600.0))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
                if fault.account:
                    channels.note_health(facts.id, Health(False, str(fault)))
            except DatabaseFault:
                log.warning("Account %s: the database is away", facts.id)
                connection.close()
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE_SECONDS)
            except Exception as fault:  # noqa: BLE001 - an adapter's slip must not end its listening
                log.error("Asking for account %s failed: %s", facts.id, type(fault).__name__)
                wait, pause = pause, min(pause * 2, LONGEST_PAUSE_SECONDS)
            stop.wait(wait)
    finally:
        connection.close()


def ask(facts: AccountFacts) -> bool:
    """Ask once and keep what came; whether there is more at once.

    The cursor moves, and the network is told that we have it, only when everything is committed: whoever dies in
    between asks for the same again, which changes nothing.

    Raises:
        SendError: the network did not answer, or refused us.
    """
    at = timezone.now()
    before = channels.cursor(facts.id)
    found = adapter_for(facts.network).poll(facts, before)
    new = 0
    for item in found.items:
        _pk, known = intake.receive(facts.id, item)
        new += not known
    if dict(found.cursor) != before:
        channels.move_cursor(facts.id, found.cursor)
    if found.settle is not None:
        found.settle()
    channels.saw_life(facts.id, received=bool(new), at=at)
    return found.more
