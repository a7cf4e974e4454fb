"""What the outbox does when the line is cut, at every request of a send."""

from __future__ import annotations

from dataclasses import dataclass, field

from torget.channels.adapter import Adapter
from torget.channels.contract import AccountAccess, Outgoing, Receipt, SendError
from torget.channels.tests.scripted import serving
from torget.channels.tests.specimens import Answer, Refusal, Specimens

ROUNDS = 6


@dataclass
class Refusing:
    """A peer that says no to everything."""

    refusal: Refusal
    published: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: object, body: bytes) -> Answer:
        """No."""
        return self.refusal.status, self.refusal.headers, self.refusal.body


def delivered(adapter: Adapter, out: Outgoing, account: AccountAccess) -> Receipt:
    """Send as the outbox does: again when it certainly did not go out, looked up when nobody knows."""
    unknown = False
    for _round in range(ROUNDS):
        try:
            if unknown:
                found = adapter.find(out, account)
                if found is not None:
                    return found
                unknown = False
            return adapter.send(out, account)
        except SendError as fault:
            if fault.permanent or fault.account:
                raise AssertionError(f"Given up: {fault}") from fault
            unknown = unknown or fault.ambiguous
    raise AssertionError("It never went out.")


def cut_everywhere(adapter: Adapter, specimens: Specimens, out: Outgoing) -> int:
    """Cut at each request of a send that makes several posts: all of them stand there once. How many posts."""
    assert specimens.peer is not None
    assert specimens.at is not None
    peer = specimens.peer()
    with serving(peer) as line:
        adapter.send(out, specimens.at(line.url))
        steps = line.requests
    for step in range(steps):
        for cut in ("before", "after"):
            again = specimens.peer()
            with serving(again, cut_at=step, cut=cut) as line:
                delivered(adapter, out, specimens.at(line.url))
            assert len(again.published) == len(peer.published), f"cut {cut} request {step}"
    return len(peer.published)
