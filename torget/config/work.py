"""The worker process: one thread for each loop, started again when it dies."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import time

import psycopg
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone
from procrastinate.contrib.django import app as procrastinate
from procrastinate.contrib.django.django_connector import DjangoConnector

from torget import rooms
from torget.channels.notify import Stop
from torget.channels.rules import beat
from torget.channels.standstills import begin_watch
from torget.config import faults, processes

log = logging.getLogger(__name__)

PULSE_SECONDS = 5
JOBS_SECONDS = 2.0
AWAY_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
STEADY_SECONDS = 60.0
STOP_SECONDS = 20


def keep_running(name: str, path: str, stop: threading.Event) -> None:
    """Run one loop; when it dies, say so and start it again after a pause that grows while it keeps dying."""
    pause = 0.5
    while not stop.is_set():
        started = time.monotonic()
        try:
            rooms.load(path)(stop)  # in its thread: a room that cannot be loaded stops no other
        except (OperationalError, InterfaceError, psycopg.OperationalError) as fault:
            # The database is away: no fault of the loop's, and it must be at work as soon as it is back.
            log.warning("Loop %s waits for the database: %s", name, type(fault).__name__)
            pause = AWAY_SECONDS
        except Exception as fault:  # noqa: BLE001 - whatever it was, the loop must run again
            faults.tell(fault, f"loop {name}")
        finally:
            connection.close()
        if time.monotonic() - started > STEADY_SECONDS:
            pause = 0.5
        if not stop.wait(pause):
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)


def pulse_loop(stop: threading.Event) -> None:
    """Say every few seconds that this process is alive."""
    while not stop.is_set():
        close_old_connections()
        beat("worker", every_seconds=PULSE_SECONDS)
        stop.wait(PULSE_SECONDS)


def jobs_loop(stop: threading.Event) -> None:
    """Run the queued and the periodic jobs of every room (procrastinate)."""
    asyncio.run(_jobs(stop))


async def _jobs(stop: threading.Event) -> None:
    connector = procrastinate.connector
    assert isinstance(connector, DjangoConnector)
    with procrastinate.replace_connector(connector.get_worker_connector()) as app:
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    install_signal_handlers=False,
                    concurrency=4,
                    # A line that listens would look up ten times a second; nothing here is waited for that eagerly.
                    listen_notify=False,
                    fetch_job_polling_interval=JOBS_SECONDS,
                    abort_job_polling_interval=30.0,
                    update_heartbeat_interval=30.0,
                    stalled_worker_timeout=150.0,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=10,
                )
            )
            await asyncio.wait({worker, _told_to_stop(stop)}, return_when=asyncio.FIRST_COMPLETED)
            worker.cancel()
            # A worker that ended by itself raises here what it died of.
            await asyncio.gather(worker, return_exceptions=stop.is_set())


def _told_to_stop(stop: threading.Event) -> asyncio.Future[None]:
    assert isinstance(stop, Stop)
    loop = asyncio.get_running_loop()
    stopped: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        loop.remove_reader(stop.fileno())
        stopped.set_result(None)

    loop.add_reader(stop.fileno(), tell)
    return stopped


def _begin_watch() -> None:
    try:
        begin_watch(at=timezone.now())
    except OperationalError:  # the loops wait for the database, and say so
        log.warning("The database is away; what stands still is told of by its last heartbeats.")


def run() -> None:
    """Run every loop until SIGTERM or Ctrl-C; ends too when the process that started it is gone."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_args: stop.set())
    processes.end_with_parent(STOP_SECONDS)
    _begin_watch()
    threads = [
        threading.Thread(
            target=keep_running, args=(loop.name, loop.run, stop), name=loop.name, daemon=True
        )
        for loop in rooms.gather("loops")
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    until = time.monotonic() + STOP_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))
        if thread.is_alive():
            log.warning("Loop %s did not stop in time", thread.name)
