"""The server's streams: its word makes us ask, and where there is none we ask as often as we may."""

from __future__ import annotations

import socketserver
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest

from torget.adapters.mastodon import rest, streaming
from torget.adapters.mastodon.tests.specimens import ACCOUNT
from torget.channels.http import HttpError, lines

GOES_ON = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
THUMP = b":thump\n\n"
MENTION = b'event: notification\ndata: {"id":"1","type":"mention"}\n\n'
INSTANCE = b'{"configuration":{}}'
ABOUT = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(INSTANCE)


class _Handler(socketserver.StreamRequestHandler):
    def handle(self):
        asked = self.rfile.readline()
        while self.rfile.readline().strip():
            continue
        if b"/api/v2/instance" in asked:
            self.wfile.write(ABOUT + INSTANCE)
            return
        self.server.asked.append(asked)
        self.server.stream(self.wfile.write)


@contextmanager
def serving(stream):
    """A server whose streaming address says what `stream` writes; the account on it, and what was asked."""
    rest._limits.clear()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads, server.block_on_close = True, False
    server.stream, server.asked = stream, []
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield replace(ACCOUNT, settings={"server": url}), server.asked
    finally:
        server.shutdown()
        server.server_close()


def words(*pieces):
    """A stream that says each piece when it is let."""
    let = threading.Semaphore(0)

    def stream(write):
        write(GOES_ON)
        for piece in pieces:
            let.acquire(timeout=10)
            write(piece)
        let.acquire(timeout=10)

    return stream, let.release


@pytest.fixture
def seen(monkeypatch):
    """How far we have asked."""
    held = {"seen": "0"}
    monkeypatch.setattr(streaming.channels, "cursor", lambda _account: held)
    return held


def test_its_word_makes_us_ask_and_its_heartbeat_does_not(seen):
    stream, let = words(THUMP, MENTION)
    asked_for = []
    with serving(stream) as (account, asked), closing_news(account, 3600) as news:
        next(news)  # the line is open: what came before it is asked for
        waiting = threading.Thread(target=lambda: asked_for.append(next(news, "ended")))
        waiting.start()
        let()
        waiting.join(0.3)
        assert asked_for == []
        let()
        waiting.join(5)
        assert asked_for == [None]
        assert asked[0].startswith(b"GET /api/v1/streaming/user/notification ")
        let()


@pytest.mark.parametrize(
    ("told", "asks"),
    [
        (b'{"id":"11","type":"mention"}', True),
        (b'{"id":"11","type":"update"}', True),
        (b'{"id":"9","type":"mention"}', False),  # fetched while we asked for another
        (b'{"id":"11","type":"favourite"}', False),
        (b"{", True),
        (b"[]", True),
        (b"7", True),
    ],
)
def test_only_what_is_new_and_said_to_us_is_worth_asking_for(seen, told, asks):
    seen["seen"] = "10"
    assert streaming._is_news(ACCOUNT, b"data: " + told) is asks
    assert not streaming._is_news(ACCOUNT, b"event: notification")


@contextmanager
def closing_news(account, every):
    stop = threading.Event()
    with closing(streaming.news(account, stop, every)) as news:
        yield news
        stop.set()


@pytest.mark.parametrize("status", [b"404 Not Found", b"401 Unauthorized", b"503 Unavailable"])
def test_without_a_stream_we_ask_at_our_own_pace(status):
    def none(write):
        write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n")

    with serving(none) as (account, asked), closing_news(account, 0.01) as news:
        for _turn in range(5):
            next(news)
        assert len(asked) == 1


def test_a_line_that_ends_or_falls_silent_is_opened_again_later(monkeypatch):
    monkeypatch.setattr(streaming, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(streaming, "FIRST_PAUSE_SECONDS", 0.1)

    def silent(write):
        write(GOES_ON)
        time.sleep(1)

    with serving(silent) as (account, asked), closing_news(account, 0.01) as news:
        until = time.monotonic() + 10
        while len(asked) < 2 and time.monotonic() < until:
            next(news)
        assert len(asked) == 2


def test_the_posts_we_hold_are_looked_at_each_minute_though_nothing_is_said(monkeypatch):
    monkeypatch.setattr(streaming, "AT_LEAST_SECONDS", 0.0)
    stream, let = words(THUMP)
    with serving(stream) as (account, _asked), closing_news(account, 3600) as news:
        next(news)
        let()
        assert next(news) is None
        let()


@pytest.mark.django_db(transaction=True)
def test_a_line_without_an_end_fills_no_memory(monkeypatch):
    monkeypatch.setattr(lines, "LONGEST_LINE", 10_000)

    def endless(write):
        write(GOES_ON)
        for _piece in range(1_000):
            write(b"x" * 1_000)

    with serving(endless) as (account, _asked):
        url = account.settings["server"] + streaming.PATH
        with (
            pytest.raises(HttpError),
            lines.opened(url, headers={}, silent_seconds=5) as (_status, told),
        ):
            next(told)


@pytest.mark.parametrize(
    ("told", "used"),
    [
        ("wss://stream.test", "https://stream.test"),
        ("https://stream.test/", "https://stream.test"),
        ("ws://stream.test", "https://mastodon.test"),
        ("javascript:x", "https://mastodon.test"),
        ("", "https://mastodon.test"),
    ],
)
def test_the_key_is_sent_in_clear_nowhere(told, used):
    rest._limits["mastodon.test"] = (time.monotonic(), rest.Limits(streaming=told))
    assert rest.streaming(ACCOUNT) == used
    rest._limits.clear()
