"""A channel's scripted peer behind real HTTP on loopback, and a line that can be cut at any request."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from torget.channels.contract import AccountFacts, Adapter, Outgoing, Receipt, SendError
from torget.channels.tests.specimens import Peer, Refusal, Specimens

ROUNDS = 6


@dataclass
class Line:
    """Where requests go. `cut_at` is the number of the request (from 1) that gets no answer."""

    peer: Peer
    url: str = ""
    cut_at: int = 0
    reached: bool = True  # whether the cut request still reaches the other side
    refusal: Refusal | None = None
    asked: list[str] = field(default_factory=list)


@contextlib.contextmanager
def serving(line: Line) -> Iterator[Line]:
    """The peer on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            line.asked.append(f"{self.command} {self.path}")
            cut = len(line.asked) == line.cut_at
            if cut and not line.reached:
                self.connection.close()
                return
            if line.refusal is not None:
                held = (line.refusal.status, line.refusal.headers, line.refusal.body)
            else:
                held = line.peer.answer(self.command, self.path, headers, body)
            if cut:
                self.connection.close()
                return
            status, told, content = held
            self.send_response(status)
            for name, value in told.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - names of http.server

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    line.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield line
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def delivered(adapter: Adapter, out: Outgoing, account: AccountFacts) -> Receipt:
    """Send as the outbox does: again when it certainly did not go out, looked up when nobody knows."""
    unknown = False
    for _round in range(ROUNDS):
        try:
            if unknown:
                found = adapter.look_up(out, account)
                if found is not None:
                    return found
                unknown = False
            return adapter.send(out, account)
        except SendError as fault:
            if fault.permanent or fault.account:
                raise AssertionError(f"Given up: {fault}") from fault
            unknown = unknown or fault.ambiguous
    raise AssertionError("It never went out.")


def cut_everywhere(adapter: Adapter, specimens: Specimens) -> int:
    """Cut the line at each request of a send, before and after it arrives: one post each time. How many cuts."""
    assert specimens.peer is not None
    assert specimens.at is not None
    assert specimens.out is not None
    with serving(Line(specimens.peer())) as line:
        adapter.send(specimens.out, specimens.at(line.url))
        steps = len(line.asked)
        whole = len(line.peer.published)
    for step in range(1, steps + 1):
        for reached in (True, False):
            with serving(Line(specimens.peer(), cut_at=step, reached=reached)) as line:
                delivered(adapter, specimens.out, specimens.at(line.url))
                told = (
                    f"cut at {line.asked[step - 1]} ({'after' if reached else 'before'} it arrived)"
                )
                assert len(line.peer.published) == whole, told
    return 2 * steps


def classified(adapter: Adapter, specimens: Specimens) -> None:
    """Every refusal is what the channel says it is."""
    assert specimens.peer is not None
    assert specimens.at is not None
    assert specimens.out is not None
    for refusal in specimens.refusals:
        with serving(Line(specimens.peer(), refusal=refusal)) as line:
            try:
                adapter.send(specimens.out, specimens.at(line.url))
            except SendError as fault:
                made = (fault.permanent, fault.account, fault.limited)
            else:
                made = None
        wanted = (refusal.permanent, refusal.account, refusal.limited)
        assert made == wanted, f"{refusal.status} {refusal.body!r}"
