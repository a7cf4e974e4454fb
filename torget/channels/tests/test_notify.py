"""A loop rests until it is told: by the database, by the end, or by the time."""

from __future__ import annotations

import threading
import time

import psycopg
import pytest
from django.db import connection

from torget.channels.notify import Listener, Stop

CHANNEL = "torget_test_waking"


@pytest.fixture
def told(transactional_db):
    """Somebody who can notify, on a line of their own."""
    parameters = connection.get_connection_params()
    for ours in ("cursor_factory", "context"):
        parameters.pop(ours, None)
    with psycopg.connect(**parameters, autocommit=True) as link:
        yield link


def seconds(act) -> float:
    started = time.monotonic()
    act()
    return time.monotonic() - started


@pytest.mark.parametrize("event", [Stop, threading.Event])
def test_a_notification_ends_the_rest_at_once_and_many_count_as_one(told, event):
    with Listener(CHANNEL) as listener:
        with told.transaction():  # so that they arrive together
            for number in range(3):
                told.execute(f"NOTIFY {CHANNEL}, '{number}'")
        assert seconds(lambda: listener.wait(20, event())) < 5
        assert not listener.wait(0.05, event())


@pytest.mark.parametrize("event", [Stop, threading.Event])
def test_the_end_ends_the_rest(told, event):
    stop = event()
    with Listener(CHANNEL) as listener:
        threading.Timer(0.2, stop.set).start()
        assert seconds(lambda: listener.wait(20, stop)) < 5
        assert not listener.wait(20, stop)


def test_a_rest_without_news_wakes_nobody(told):
    """Nothing looks up now and then: an idle worker costs next to nothing."""
    with Listener(CHANNEL) as listener:
        before = time.thread_time()
        assert not listener.wait(1.5, Stop())
        assert time.thread_time() - before < 0.05


def test_a_line_that_is_cut_is_opened_again(told):
    with Listener(CHANNEL) as listener:
        pid = listener._listening.info.backend_pid
        threading.Timer(0.2, lambda: told.execute("SELECT pg_terminate_backend(%s)", [pid])).start()
        threading.Timer(2.0, lambda: told.execute(f"NOTIFY {CHANNEL}")).start()
        assert listener.wait(20, Stop())
