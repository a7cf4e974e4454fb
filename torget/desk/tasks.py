"""Work the desk does by the clock, and as things happen."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone
from procrastinate.contrib.django import app

from torget.channels import notify
from torget.channels.notify import Listener
from torget.channels.rules import beat
from torget.desk.rules import holding, presence
from torget.desk.rules.automation import follow
from torget.desk.rules.dealing import deal_waiting
from torget.desk.watchdog import watch

log = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 30
REST_SECONDS = 0.2


@app.periodic(cron="* * * * *")
@app.task(name="desk.watchdog", queueing_lock="desk.watchdog", pass_context=False)
def watchdog(timestamp: int) -> None:
    """Look for what stands still."""
    watch(at=timezone.now())


@app.periodic(cron="7 * * * *")
@app.task(name="desk.presence", queueing_lock="desk.presence", pass_context=False)
def sweep_presence(timestamp: int) -> None:
    """Forget those who left without a word."""
    presence.forget_gone(at=timezone.now())


def release_due(*, now: Callable[[], datetime] = timezone.now) -> int:
    """Send every reply whose time to regret is over; how many."""
    released = 0
    while (pk := holding.next_due(at=now())) is not None:
        try:
            if holding.release_next(at=now()) is None:
                break  # another worker has it
            released += 1
        except (OperationalError, InterfaceError):
            if not connection.is_usable():
                raise  # the database is away, which is no fault of the reply's
            holding.postpone(pk, at=now(), seconds=TRY_AGAIN_SECONDS)
        except Exception as fault:  # noqa: BLE001 - one reply's fault must not stop the others
            # The class only: the text of a fault may quote what somebody wrote.
            log.error("Reply on hold %s could not be sent: %s", pk, type(fault).__name__)
            holding.postpone(pk, at=now(), seconds=TRY_AGAIN_SECONDS)
    return released


def release_loop(stop: threading.Event) -> None:
    """Run until told to stop; woken by NOTIFY, and when the next reply on hold comes due."""
    with Listener("torget_release") as listener:
        while not stop.is_set():
            close_old_connections()
            release_due()
            beat("release")
            due, sleep = holding.next_release(), notify.REST_SECONDS
            if due is not None:
                sleep = min(max((due - timezone.now()).total_seconds(), 0.02), sleep)
            listener.wait(sleep, stop)


def rules_loop(stop: threading.Event) -> None:
    """Let rules answer to what happens, and deal out what is nobody's; woken by NOTIFY."""
    with Listener("torget") as listener:
        while not stop.is_set():
            close_old_connections()
            looked = follow(at=timezone.now())
            dealt = deal_waiting(at=timezone.now())
            beat("rules")
            if not looked and not dealt:
                listener.wait(notify.REST_SECONDS, stop)
                stop.wait(REST_SECONDS)  # much happens at once: one look is enough for all of it
