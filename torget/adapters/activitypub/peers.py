"""How other servers fare: which signature each takes, and whether it answers at all (a circuit breaker per host)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from torget.adapters.activitypub import inbox_deliveries
from torget.adapters.activitypub.models import Peer

IN_FLIGHT = 16  # to one host from one process, while it answers
FAILURES = 5  # in a row, and the line to it is closed for a while
SHORTEST, LONGEST = timedelta(seconds=60), timedelta(hours=1)
# In the first day a server is looked for this often: when it is back, what waits for it must not wait for long.
OFTEN, FIRST_DAY = timedelta(minutes=10), timedelta(days=1)
REMEMBER = timedelta(seconds=60)
AWAY = timedelta(
    seconds=60
)  # without an answer: shorter is a stumble, and what waits for it waits little
MOST_KNOWN = 20_000


@dataclass(slots=True)
class Known:
    """A host, in this process's memory."""

    host: str
    takes: str = ""
    signs: str = ""
    failures: int = 0
    closed_until: datetime | None = None
    asked_at: datetime | None = None
    failing_since: datetime | None = None
    flying: int = 0
    changed: bool = False

    @property
    def room(self) -> int:
        """How many more may be in flight there; one that failed gets one try at a time."""
        most = 1 if self.failures >= FAILURES else IN_FLIGHT
        return most - self.flying

    def is_closed(self, at: datetime) -> bool:
        """Whether nothing is sent there now."""
        return self.closed_until is not None and self.closed_until > at

    def answered(self, way: str = "", *, at: datetime | None = None) -> bool:
        """It is there; with `way`, it took this signature. True when it has been away, and is back."""
        was_away = at is not None and self.failing_since is not None
        is_back = was_away and at - self.failing_since >= AWAY  # type: ignore[operator]  # as just seen
        if self.failures or self.closed_until or (way and way != self.takes):
            self.failures, self.closed_until, self.changed = 0, None, True
            self.takes = way or self.takes
        self.failing_since = None
        return is_back

    def failed(self, at: datetime) -> None:
        """No answer, or none that makes sense. The line is closed longer each time."""
        self.failing_since = self.failing_since or at
        self.failures = min(self.failures + 1, 1_000)
        self.changed = True
        if self.failures >= FAILURES and not self.is_closed(at):
            doublings = min(self.failures - FAILURES, 10)
            longest = OFTEN if at - self.failing_since < FIRST_DAY else LONGEST
            self.closed_until = at + min(SHORTEST * 2**doublings, longest)

    def wait(self, until: datetime) -> None:
        """It asked us to wait (429, 503 with Retry-After)."""
        if not self.is_closed(until):
            self.closed_until, self.changed = until, True


@dataclass(slots=True)
class Hosts:
    """Every host this process knows of."""

    known: dict[str, Known] = field(default_factory=dict)
    loaded_at: datetime | None = None

    def of(self, host: str) -> Known:
        """What we know of a host."""
        return self.known.setdefault(host, Known(host))

    def without(self, at: datetime) -> list[str]:
        """Hosts nothing more is claimed for now: closed, or with no room."""
        return [
            name
            for name, host_seen in list(self.known.items())
            if host_seen.is_closed(at) or host_seen.room <= 0
        ]

    def load(self, hosts: Iterable[str], *, at: datetime) -> None:
        """Read what the database knows of hosts we have not asked about lately, and of all that are closed."""
        wanted = [
            host
            for host in set(hosts)
            if (peer := self.of(host)).asked_at is None or peer.asked_at < at - REMEMBER
        ]
        rows = list(Peer.objects.filter(host__in=wanted)) if wanted else []
        if self.loaded_at is None or self.loaded_at < at - timedelta(seconds=5):
            rows += list(Peer.objects.filter(closed_until__gt=at))
            self.loaded_at = at
        for host in wanted:
            self.of(host).asked_at = at
        for row in rows:
            peer = self.of(row.host)
            peer.takes, peer.signs = row.takes, row.signs
            if row.failing_since is not None:
                peer.failing_since = peer.failing_since or row.failing_since
                peer.failures = max(peer.failures, row.failures)
            if row.is_closed(at) and not peer.is_closed(at):
                peer.failures = max(peer.failures, row.failures)
                peer.closed_until = row.closed_until

    def save(self, *, at: datetime) -> None:
        """Write what changed; what waits for a host that was closed is put off until it opens."""
        changed = [host for host in list(self.known.values()) if host.changed]
        for host in changed:
            host.changed = False
            Peer.objects.update_or_create(
                host=host.host,
                defaults={
                    "takes": host.takes,
                    "failures": host.failures,
                    "closed_until": host.closed_until,
                    "failing_since": host.failing_since,
                    **({} if host.failures else {"answered_at": at}),
                },
            )
            if host.closed_until is not None and host.is_closed(at):
                inbox_deliveries.put_off(host.host, until=host.closed_until)
        if len(self.known) > MOST_KNOWN:
            self.known = {
                name: host for name, host in self.known.items() if host.flying or host.failures
            }
