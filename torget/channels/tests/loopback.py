"""A network's scripted side served on loopback, with the line cut where a test wants it."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from torget.channels.contract import SendError
from torget.channels.registry import adapter_for


class Line:
    """What the server did: how many requests came; `cut` is (which, "before" or "after" it is answered)."""

    def __init__(self):
        self.requests, self.cut, self.say, self.paths = 0, None, None, []


@contextlib.contextmanager
def served(peer):
    """The peer behind a real HTTP server; gives its address and its line."""
    line, lock = Line(), threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _any(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            with lock:
                line.requests += 1
                line.paths.append(f"{self.command} {self.path}")
                which, when = line.cut or (0, "")
                hit = line.requests == which
                if hit and when == "before":
                    self.close_connection = True
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = line.say or peer.answer(self.command, self.path, headers, body)
            if hit:
                self.close_connection = True
                return
            status, extra, said = answer
            self.send_response(status)
            for name, value in extra.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = _any  # noqa: N815 - the server's names

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", line
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sent_through_cuts(specimens):
    """Send once for every place where the line can be cut; after each, what a worker does. What was published.

    An ambiguous end is looked up and sent again only when the look-up says it did not go out; any other is sent again.
    """
    adapter = adapter_for(specimens.network)
    with served(specimens.peer()) as (url, line):
        adapter.send(specimens.out, specimens.at(url))
        steps = line.requests
    outcomes = []
    for which in range(1, steps + 1):
        for when in ("before", "after"):
            peer = specimens.peer()
            with served(peer) as (url, line):
                line.cut = (which, when)
                account = specimens.at(url)
                try:
                    adapter.send(specimens.out, account)
                except SendError as fault:
                    if fault.permanent:  # a cut line is no refusal
                        raise
                    found = adapter.look_up(specimens.out, account) if fault.ambiguous else None
                    if found is None:
                        adapter.send(specimens.out, account)
            outcomes.append((which, when, list(peer.published)))
    return outcomes


def refused_as(specimens, refusal):
    """What a send makes of an answer of the network's that says no."""
    adapter = adapter_for(specimens.network)
    with served(specimens.peer()) as (url, line):
        line.say = (refusal.status, refusal.headers, refusal.body)
        try:
            adapter.send(specimens.out, specimens.at(url))
        except SendError as fault:
            return fault
    raise AssertionError("it was sent")
