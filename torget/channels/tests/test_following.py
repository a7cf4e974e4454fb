from __future__ import annotations

import threading
import time

from torget.channels import following
from torget.channels.contract import AccountFacts


def test_listening_ends_within_seconds_whatever_the_networks_are_at(monkeypatch):
    let_go, begun = threading.Event(), threading.Event()

    def waits_for_news(facts, stop):
        begun.set()
        let_go.wait(30)

    accounts = {number: AccountFacts(number, "net", "a", "A") for number in range(1, 5)}
    monkeypatch.setattr(following, "wanted", lambda _networks: accounts)
    monkeypatch.setattr(following, "close_old_connections", lambda: None)
    monkeypatch.setattr(following.rules, "beat", lambda _name: None)
    monkeypatch.setattr(following, "STOP_SECONDS", 0.4)
    stop = threading.Event()
    threading.Thread(target=lambda: begun.wait(10) and stop.set()).start()
    since = time.monotonic()
    try:
        following.follow_each(["net"], waits_for_news, "net", stop)
        assert time.monotonic() - since < 8
    finally:
        let_go.set()
