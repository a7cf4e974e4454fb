"""A network's HTTP interface on loopback, answering by its script, with a line that can be cut at any request."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from torget.channels.tests.specimens import Answer, Peer

Cut = Literal["before", "after"]


class Scripted(ThreadingHTTPServer):
    """Serves a `Peer`. At request number `cut_at` the line is cut before the peer has seen it, or after it has acted."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, peer: Peer, *, cut_at: int | None = None, cut: Cut = "after") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.peer, self.cut_at, self.cut = peer, cut_at, cut
        self.requests, self.lock = 0, threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """The answer, or None where the line is cut."""
        with self.lock:
            number, self.requests = self.requests, self.requests + 1
            if number == self.cut_at and self.cut == "before":
                return None
            answer = self.peer.answer(method, path, headers, body)
            return None if number == self.cut_at else answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Scripted

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.take(self.command, self.path, headers, body)
        if answer is None:
            self.close_connection = True
            return
        status, more, content = answer
        self.send_response(status)
        for name, value in more.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_args: object) -> None:
        return None


for _method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
    setattr(_Handler, f"do_{_method}", _Handler._serve)


@contextmanager
def serving(peer: Peer, *, cut_at: int | None = None, cut: Cut = "after") -> Iterator[Scripted]:
    """Serve while the block runs."""
    server = Scripted(peer, cut_at=cut_at, cut=cut)
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
