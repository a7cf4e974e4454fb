"""A listener for each account of some networks: they begin, change and end with the accounts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from django.db import close_old_connections

from torget.channels import rules
from torget.channels.contract import AccountAccess, Health
from torget.channels.models import Account
from torget.errors import Refused

LOOK_FOR_ACCOUNTS_SECONDS = 5.0
STOP_SECONDS = 5.0  # a listener may wait 20 for news; nothing is lost by leaving it there
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 120.0

Follow = Callable[[AccountAccess, threading.Event], None]


def wanted(networks: Sequence[str]) -> dict[int, AccountAccess]:
    """Every account to listen to: also paused and ailing ones, but none the municipality decided not to use."""
    accounts = {}
    rows = Account.objects.active().with_place().filter(network__in=networks, in_use=True)
    for account in rows.order_by("pk"):
        try:
            accounts[account.pk] = rules.access(account)
        except Refused as fault:  # its secrets cannot be read
            rules.note_health(account.pk, Health(False, str(fault)))
    return accounts


def supervise(networks: Sequence[str], follow: Follow, name: str, stop: threading.Event) -> None:
    """Run `follow` in a thread for each account until told to stop; `name` is the loop's heartbeat."""
    running: dict[int, tuple[AccountAccess, threading.Event, threading.Thread]] = {}
    try:
        while not stop.is_set():
            close_old_connections()
            now_wanted = wanted(networks)
            for pk, (access, ended, thread) in list(running.items()):
                if now_wanted.get(pk) != access or not thread.is_alive():
                    ended.set()
                    del running[pk]
            for pk in now_wanted.keys() - running.keys():
                running[pk] = _start(now_wanted[pk], follow, name)
            rules.beat(name)
            stop.wait(LOOK_FOR_ACCOUNTS_SECONDS)
    finally:
        for _access, ended, _thread in running.values():
            ended.set()
        until = time.monotonic() + STOP_SECONDS
        for _access, _ended, thread in running.values():
            thread.join(max(0.0, until - time.monotonic()))


def _start(
    access: AccountAccess, follow: Follow, name: str
) -> tuple[AccountAccess, threading.Event, threading.Thread]:
    ended = threading.Event()
    thread = threading.Thread(
        target=follow, args=(access, ended), name=f"{name}-{access.id}", daemon=True
    )
    thread.start()
    return access, ended, thread
