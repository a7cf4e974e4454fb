"""Work the desk does by the clock, and as things happen."""

from __future__ import annotations

import threading

from django.db import close_old_connections
from django.utils import timezone
from procrastinate.contrib.django import app

from torget.channels.rules import beat
from torget.channels.wake import Waker
from torget.desk.rules.automation import follow
from torget.desk.rules.dealing import deal_waiting
from torget.desk.watchdog import watch


@app.periodic(cron="* * * * *")
@app.task(name="desk.watchdog", queueing_lock="desk.watchdog", pass_context=False)
def watchdog(timestamp: int) -> None:
    """Look for what stands still."""
    watch(at=timezone.now())


REST_SECONDS = 0.2


def rules_loop(stop: threading.Event) -> None:
    """Let rules answer to what happens, and deal out what is nobody's; woken by NOTIFY."""
    with Waker("torget") as waker:
        while not stop.is_set():
            close_old_connections()
            looked = follow(at=timezone.now())
            dealt = deal_waiting(at=timezone.now())
            beat("rules")
            if not looked and not dealt:
                waker.wait(2.0, stop)
                stop.wait(REST_SECONDS)  # much happens at once: one look is enough for all of it
