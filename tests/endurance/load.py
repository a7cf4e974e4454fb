"""Another system that delivers to us: everything again and again until it is acknowledged, and sometimes once more."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
import uuid

from torget.protocols import webhook

SENDERS = 4
PAUSE_SECONDS = 0.15


class Load:
    """Sender threads; `acknowledged` holds the ids we were told are stored."""

    def __init__(self, port: int, key: str, secret: str, seed: int) -> None:
        self.port, self.key, self.secret = port, key, secret
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.again = self.failed = 0
        self.done = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._send_all, args=(random.Random(seed + n),), daemon=True)
            for n in range(SENDERS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Send no new ones; returns when each under way is acknowledged."""
        self.done.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "an item was never acknowledged"

    def _send_all(self, chance: random.Random) -> None:
        while not self.done.is_set():
            name = f"item-{uuid.uuid4().hex}"
            if not self._until_acknowledged(name):
                continue
            if chance.random() < 0.1 and self._post(name) == 202:
                with self._lock:
                    self.again += 1
            self.done.wait(chance.uniform(0, 2 * PAUSE_SECONDS))

    def _until_acknowledged(self, name: str) -> bool:
        while (status := self._post(name)) != 202:
            with self._lock:
                self.failed += 1
                if status and status != 503:
                    self.refused.append(f"{name}: {status}")
                    return False
            time.sleep(0.2)
        with self._lock:
            self.acknowledged.append(name)
        return True

    def _post(self, name: str) -> int:
        """The status; 0 when no answer came."""
        said = {"id": name, "type": "message.new", "author": {"id": f"a-{name}", "name": "Kari"}}
        body = json.dumps({**said, "body": f"Lokket på dunken er sprukket ({name})."}).encode()
        stamp = int(time.time())
        headers = {
            "content-type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(stamp),
            "webhook-signature": webhook.sign(self.secret, name, stamp, body),
        }
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(link):
            try:
                link.request("POST", f"/hooks/{self.key}", body, headers)
                return link.getresponse().status
            except (OSError, http.client.HTTPException):
                return 0
