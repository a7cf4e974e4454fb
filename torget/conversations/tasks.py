"""The worker that turns envelopes into messages; what is done by the clock: waking, warning, reckoning."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime

from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone
from procrastinate.contrib.django import app

from torget.channels import reading
from torget.channels.contract import Unparseable
from torget.channels.notify import REST_SECONDS, Listener
from torget.channels.rules import beat
from torget.conversations import deadlines, filing, words
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.people.models import Municipality

log = logging.getLogger(__name__)

FETCHERS = 4


class Aside:
    """Threads that file what must be fetched from other servers first: a slow one holds nobody else up."""

    def __init__(self, now: Callable[[], datetime] = timezone.now) -> None:
        self.now = now
        self._pool = ThreadPoolExecutor(FETCHERS, thread_name_prefix="filing")
        # A lease may run out while one waits here: it is not taken twice.
        self._held: set[int] = set()

    def __enter__(self) -> Aside:
        return self

    def __exit__(self, *_fault: object) -> None:
        """What has not begun is left to the next worker, when its lease is over."""
        self._pool.shutdown(cancel_futures=True)

    def keep(self, envelope: Envelope, understood: filing.Understood) -> None:
        """File it there, unless that is under way."""
        if envelope.pk not in self._held:
            self._held.add(envelope.pk)
            self._pool.submit(self._keep, envelope, understood)

    def _keep(self, envelope: Envelope, understood: filing.Understood) -> None:
        try:
            with _set_aside_on_fault(envelope, self.now):
                filing.keep(envelope, understood, at=self.now())
        except (OperationalError, InterfaceError):
            log.warning("Envelope %s waits: the database is away", envelope.pk)
        finally:
            self._held.discard(envelope.pk)
            connection.close()


def file_due(
    *,
    now: Callable[[], datetime] = timezone.now,
    aside: Aside | None = None,
    parse: Callable[[reading.Asked], reading.Said] = reading.parse,
) -> int:
    """One round: claim what was received and file it, or let it be filed aside; how many were claimed."""
    batch = intake.claim(at=now())
    for envelope in batch:
        with _set_aside_on_fault(envelope, now):
            understood = filing.understand(envelope, parse)
            if aside is not None and understood.fetches:
                aside.keep(envelope, understood)
            else:
                filing.keep(envelope, understood, at=now())
    return len(batch)


@contextmanager
def _set_aside_on_fault(envelope: Envelope, now: Callable[[], datetime]) -> Iterator[None]:
    """What cannot be parsed goes to quarantine; what fails for our own reasons is tried again and ends there too."""
    try:
        yield
    except Unparseable as fault:
        intake.quarantine(envelope, str(fault), at=now())
    except (OperationalError, InterfaceError):
        if not connection.is_usable():
            raise  # the database is away, which is no fault of the envelope's
        intake.try_later(envelope, "The database could not take it.", at=now())
    except Exception as fault:  # noqa: BLE001 - one envelope's fault must not stop the others
        # The class only: the text of a fault may quote what somebody wrote.
        log.error("Envelope %s could not be filed: %s", envelope.pk, type(fault).__name__)
        intake.try_later(envelope, f"{type(fault).__name__}: {fault}", at=now())


def file_loop(stop: threading.Event) -> None:
    """Run until told to stop; woken by NOTIFY."""
    with Listener("torget_intake") as listener, Aside() as aside:
        reading.PLACE.warm()
        while not stop.is_set():
            close_old_connections()
            busy = file_due(aside=aside, parse=reading.parse_apart)
            beat("filing")
            if not busy:
                listener.wait(REST_SECONDS, stop)


def learn_words(*, at: datetime) -> None:
    """Learn the words of what was said since last time, for searches with slips in them."""
    words.learn()


def reckon_deadlines(*, at: datetime) -> None:
    """Reckon every deadline anew, once a night: hours and closed days may have changed."""
    for municipality in Municipality.objects.order_by("pk"):
        deadlines.reckon_all(municipality)


@app.task(name="conversations.reckon_one", pass_context=False)
def reckon_municipality(municipality_id: int) -> None:
    """Reckon the deadlines of one municipality anew, after they were changed."""
    deadlines.reckon_all(Municipality.objects.get(pk=municipality_id))
