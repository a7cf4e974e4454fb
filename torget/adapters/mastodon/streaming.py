"""The server's word that there is something to ask for (server-sent events); what it is, we ask as always."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator

from torget.adapters.mastodon import reading, rest
from torget.channels import rules as channels
from torget.channels.contract import AccountAccess
from torget.channels.http import HttpError, lines

log = logging.getLogger(__name__)

PATH = "/api/v1/streaming/user/notification"
SILENT_SECONDS = 40.0  # the server says ":thump" every fifteen
AT_LEAST_SECONDS = 60.0  # then we ask anyway: the posts we hold are looked at again
SHORT_SECONDS = 10.0  # a line that ended sooner was none
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 30.0, 600.0


def news(account: AccountAccess, stop: threading.Event, every: float) -> Iterator[None]:
    """Yield each time it is worth asking.

    While the server keeps a line open: at its word, and at the latest each minute. While it does not: every so many
    seconds, trying the line again after a growing pause.
    """
    pause = FIRST_PAUSE_SECONDS
    while not stop.is_set():
        began = time.monotonic()
        yield from _told(account, stop)
        lasted = time.monotonic() - began
        pause = (
            FIRST_PAUSE_SECONDS if lasted > SHORT_SECONDS else min(pause * 2, LONGEST_PAUSE_SECONDS)
        )
        again = time.monotonic() + pause
        while not stop.is_set() and time.monotonic() < again:
            yield
            stop.wait(every)


def _told(account: AccountAccess, stop: threading.Event) -> Iterator[None]:
    """As long as the line holds."""
    headers = {
        "accept": "text/event-stream",
        "authorization": f"Bearer {account.secrets.get('access_token', '')}",
    }
    url = f"{rest.streaming(account)}{PATH}"
    try:
        with lines.opened(url, headers=headers, silent_seconds=SILENT_SECONDS) as (status, stream):
            if status != 200:
                log.info("No stream for account %s: HTTP %s", account.id, status)
                return
            yield  # what came while no line was open
            asked = time.monotonic()
            for line in stream:
                if stop.is_set():
                    return
                if _is_news(account, line) or time.monotonic() > asked + AT_LEAST_SECONDS:
                    yield
                    asked = time.monotonic()
    except HttpError as fault:
        log.info("The stream of account %s ended: %s", account.id, fault)


def _is_news(account: AccountAccess, line: bytes) -> bool:
    """Whether a line tells of something to fetch. What came while we asked lies in the line too, and is fetched already."""
    if not line.startswith(b"data:"):
        return False
    try:
        event = json.loads(line.removeprefix(b"data:"))
        kind, number = str(event["type"]), str(event["id"])
    except (ValueError, TypeError, KeyError):
        return True  # we do not understand it: asking tells
    seen = str(channels.cursor(account.id).get("seen") or "")
    return kind in reading.KINDS and reading.order_of(number) > reading.order_of(seen)
