"""The other system: takes answers, remembers every one by its key, and is not always polite about it."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import struct
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from torget.protocols import webhook

SLOW_SECONDS = 0.6


class Sink(ThreadingHTTPServer):
    """Counts deliveries by idempotency key; some are answered slowly, some lines are cut after the record is made."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, secret: str, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.secret = secret
        self.taken: Counter[str] = Counter()
        self.cut = 0
        self.looked_up = 0
        self.moods = random.Random(seed)
        self.lock = threading.Lock()
        self.polite = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/answers"

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A sender that was killed in the middle of a request is what this test is about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Sink
    timeout = 30

    def do_POST(self) -> None:
        length = int(self.headers["content-length"])
        body = self.rfile.read(length)
        if len(body) < length:
            return self._hang_up()
        headers = {name.lower(): value for name, value in self.headers.items()}
        key = webhook.verify([self.server.secret], headers, body, now=time.time())
        with self.server.lock:
            mood = 1.0 if self.server.polite else self.server.moods.random()
            self.server.taken[key] += 1
        if mood < 0.05:
            with self.server.lock:
                self.server.cut += 1
            return self._hang_up()
        if mood < 0.15:
            time.sleep(SLOW_SECONDS)
        return self._say(200, {"id": f"r-{key}"})

    def do_GET(self) -> None:
        key = parse_qs(urlsplit(self.path).query)["id"][0]
        with self.server.lock:
            self.server.looked_up += 1
            known = self.server.taken[key] > 0
        self._say(200 if known else 404, {"id": f"r-{key}"} if known else {})

    def _say(self, status: int, held: dict[str, str]) -> None:
        body = json.dumps(held).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, *_args: object) -> None:
        """Say nothing."""
