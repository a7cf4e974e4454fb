from __future__ import annotations

import threading
import time

from torget.channels import supervisor
from torget.channels.contract import AccountAccess


def test_listening_ends_within_seconds_whatever_the_networks_are_at(monkeypatch):
    let_go, begun = threading.Event(), threading.Event()

    def waits_for_news(snapshot, stop):
        begun.set()
        let_go.wait(30)

    accounts = {number: AccountAccess(number, "net", "a", "A") for number in range(1, 5)}
    monkeypatch.setattr(supervisor, "wanted", lambda _networks: accounts)
    monkeypatch.setattr(supervisor, "close_old_connections", lambda: None)
    monkeypatch.setattr(supervisor.rules, "beat", lambda _name: None)
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.4)
    stop = threading.Event()
    threading.Thread(target=lambda: begun.wait(10) and stop.set()).start()
    since = time.monotonic()
    try:
        supervisor.supervise(["net"], waits_for_news, "net", stop)
        assert time.monotonic() - since < 8
    finally:
        let_go.set()
