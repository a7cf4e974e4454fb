"""How we sign for a server: the best way it is known to take, and the other ways when it says no."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from torget.adapters.activitypub.inbox_deliveries import Claimed
from torget.adapters.activitypub.ours import Ours
from torget.protocols.activitypub import MEDIA_TYPE
from torget.protocols.http_signatures import Request, cavage, rfc9421

CAVAGE, RFC_RSA, RFC_ED25519 = "cavage-rsa", "rfc9421-rsa", "rfc9421-ed25519"
REFUSED_SIGNATURE = frozenset({400, 401, 403})


def ways(takes: str, signs: str) -> Sequence[str]:
    """The ways to try, best first: what worked last, else what it signs with itself, else what nearly everybody takes."""
    usual = [RFC_ED25519, CAVAGE, RFC_RSA] if signs == RFC_ED25519 else [CAVAGE, RFC_RSA]
    if takes in {CAVAGE, RFC_RSA, RFC_ED25519}:
        return [takes, *(way for way in usual if way != takes)]
    return usual


class Try(NamedTuple):
    """One way to sign for a server. `before`: with the key before the one in force."""

    way: str
    before: bool = False


def tries(mine: Ours, takes: str, signs: str, *, has_new: bool, at: datetime) -> Sequence[Try]:
    """What to try, best first.

    While keys change, a server that has not shown that it has the new one gets the old first, for it may answer 202 to
    a signature it cannot check; whichever it refuses, the other is tried at once.
    """
    tries_left = [Try(way) for way in ways(takes, signs)]
    if not mine.changes_keys(at):
        return tries_left
    old = [Try(tries_left[0].way, before=True)]
    return [*tries_left, *old] if has_new else [*old, *tries_left]


@lru_cache(maxsize=10_000)
def _request(inbox: str) -> Request:
    return Request.of("POST", inbox)


def headers(delivery: Claimed, mine: Ours, way: Try, *, now: float) -> dict[str, str]:
    """The delivery's headers, signed. Safe to call in any thread; an RSA signature takes about a millisecond."""
    request = _request(delivery.inbox)
    kind = "ed25519" if way.way == RFC_ED25519 else "rsa"
    key = mine.key_before(kind) if way.before else mine.key(kind)
    if way.way == CAVAGE:
        digest = f"SHA-256={delivery.digest}"
        made = cavage.sign(request, delivery.body, key, now=now, digest=digest)
        del made["host"]  # the client writes the same one
    else:
        digest = f"sha-256=:{delivery.digest}:"
        made = rfc9421.sign(request, delivery.body, key, now=now, digest=digest)
    made["content-type"] = MEDIA_TYPE
    return made
