"""Case work by the clock, and as things happen: sending pending replies, rules, round-robin assignment."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from torget.casework.rules import pending_replies
from torget.casework.rules.assignment import assign_waiting
from torget.casework.rules.automation import follow
from torget.channels import notify
from torget.channels.notify import Listener
from torget.channels.rules import beat

log = logging.getLogger(__name__)

TRY_AGAIN_SECONDS = 30
REST_SECONDS = 0.2


def release_due(*, now: Callable[[], datetime] = timezone.now) -> int:
    """Send every reply whose time to undo is over; how many."""
    released = 0
    while (pk := pending_replies.next_due(at=now())) is not None:
        try:
            if pending_replies.release_next(at=now()) is None:
                break  # another worker has it
            released += 1
        except (OperationalError, InterfaceError):
            if not connection.is_usable():
                raise  # the database is away, which is no fault of the reply's
            pending_replies.postpone(pk, at=now(), seconds=TRY_AGAIN_SECONDS)
        except Exception as fault:  # noqa: BLE001 - one reply's fault must not stop the others
            # The class only: the text of a fault may quote what somebody wrote.
            log.error("Pending reply %s could not be sent: %s", pk, type(fault).__name__)
            pending_replies.postpone(pk, at=now(), seconds=TRY_AGAIN_SECONDS)
    return released


def release_loop(stop: threading.Event) -> None:
    """Run until told to stop; woken by NOTIFY, and when the next pending reply comes due."""
    with Listener("torget_release") as listener:
        while not stop.is_set():
            close_old_connections()
            release_due()
            beat("release")
            due, sleep = pending_replies.next_release(), notify.REST_SECONDS
            if due is not None:
                sleep = min(max((due - timezone.now()).total_seconds(), 0.02), sleep)
            listener.wait(sleep, stop)


def rules_loop(stop: threading.Event) -> None:
    """Let rules answer to what happens, and assign what is nobody's; woken by NOTIFY."""
    with Listener("torget") as listener:
        while not stop.is_set():
            close_old_connections()
            looked = follow(at=timezone.now())
            assigned = assign_waiting(at=timezone.now())
            beat("rules")
            if not looked and not assigned:
                listener.wait(notify.REST_SECONDS, stop)
                stop.wait(REST_SECONDS)  # much happens at once: one look is enough for all of it
