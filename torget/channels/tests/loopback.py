"""A scripted network for a test that wants more than one conversation with it, or the same cuts for other acts."""

from __future__ import annotations

import contextlib

from torget.channels.contract import SendError
from torget.channels.registry import adapter_for
from torget.channels.tests.scripted import serving


class Line:
    """Stands before a peer: `say`, when set, is answered to everything instead of what the peer would say."""

    def __init__(self, peer):
        self.peer, self.say = peer, None

    def answer(self, method, path, headers, body):
        return self.say or self.peer.answer(method, path, headers, body)


@contextlib.contextmanager
def served(peer):
    """The peer behind a real HTTP server; gives its address and the line to it."""
    line = Line(peer)
    with serving(line) as server:
        line.server = server
        yield server.url, line


def sent_through_cuts(specimens):
    """Send once for every place where the line can be cut; after each, what a worker does. What was published.

    An ambiguous end is looked up and sent again only when the look-up says it did not go out; any other is sent again.
    """
    adapter = adapter_for(specimens.network)
    with serving(specimens.peer()) as server:
        adapter.send(specimens.out, specimens.at(server.url))
        steps = server.requests
    outcomes = []
    for which in range(steps):
        for when in ("before", "after"):
            peer = specimens.peer()
            with serving(peer, cut_at=which, cut=when) as server:
                account = specimens.at(server.url)
                try:
                    adapter.send(specimens.out, account)
                except SendError as fault:
                    if fault.permanent:  # a cut line is no refusal
                        raise
                    found = adapter.find(specimens.out, account) if fault.ambiguous else None
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
