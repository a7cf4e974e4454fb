"""Counters that all processes share: leaky buckets in one table, each moved by one statement.

A bucket fills by one for each thing counted and empties evenly, as many as the limit's value in the limit's time. What a
counter is about is kept as a keyed hash, and the row is worthless, and removed, once the bucket is empty.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from torget.people.limits.declared import BY_NAME, WALL
from torget.people.limits.values import value_of
from torget.people.models import Counter, Municipality

FORGET_AT_ONCE = 5_000

_COUNT = """
INSERT INTO people_counter AS c (key, level, at, counted, forget_at)
VALUES (%(key)s, 1, %(at)s, true, %(at)s + make_interval(secs => 1 / %(leak)s::float8))
ON CONFLICT (key) DO UPDATE SET (level, at, counted, forget_at) = (
  SELECT held.level + step.up, greatest(c.at, excluded.at), step.up > 0,
         greatest(c.at, excluded.at) + make_interval(secs => (held.level + step.up) / %(leak)s::float8)
  FROM (SELECT greatest(0, c.level - %(leak)s::float8
               * greatest(0, extract(epoch FROM excluded.at - c.at))) AS level) held,
       LATERAL (SELECT CASE WHEN held.level + 1 <= %(top)s::float8 THEN 1 ELSE 0 END AS up) step)
RETURNING level, counted
"""


@dataclass(frozen=True, slots=True)
class Level:
    """How full a bucket is after something was counted; `counted` is false when it would have run over."""

    name: str
    value: int
    level: float
    counted: bool

    @property
    def share(self) -> float:
        """The level in parts of the limit's value."""
        return self.level / self.value


@lru_cache(maxsize=4)
def _secret(secret_key: str) -> bytes:
    return hashlib.sha256(b"torget counters 1" + secret_key.encode()).digest()


def key_of(*parts: object) -> bytes:
    """What a counter is about, as a keyed hash."""
    text = "\x00".join(str(part) for part in parts)
    return hmac.digest(_secret(settings.SECRET_KEY), text.encode(), "sha256")


def address_of(peer: str) -> str:
    """The address one household, library or town hall has: IPv4 as it is, IPv6 its /64."""
    return _cut(peer, 32, 64)


def network_of(peer: str) -> str:
    """The network around an address: IPv4 /24, IPv6 /48."""
    return _cut(peer, 24, 48)


def _cut(peer: str, four: int, six: int) -> str:
    try:
        address = ipaddress.ip_address(peer.partition("%")[0])
    except ValueError:
        return peer  # a proxy's own word, such as "unknown": one bucket for all of them
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    prefix = four if address.version == 4 else six
    return str(ipaddress.ip_network((address, prefix), strict=False))


def at_most(
    name: str, municipality: Municipality | None, *about: object, at: datetime, top: float = 0
) -> Level:
    """Count one thing against a limit. What would lift the bucket above `top` (usually the value) is not counted.

    One statement, committed at once or with the caller's transaction.
    """
    value = value_of(name, municipality)
    leak = value / BY_NAME[name].seconds
    own = municipality.pk if municipality else None
    values: dict[str, Any] = {
        "key": key_of(name, own, *about),
        "at": at,
        "leak": leak,
        "top": top or value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        level, counted = cursor.fetchone()
    return Level(name, value, level, counted)


def spend(*about: object, at: datetime, lives: timedelta) -> bool:
    """Whether this is used for the first time; remembered for as long as it lives."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO people_counter (key, level, at, counted, forget_at) VALUES (%s, 1, %s, true, %s)"
            " ON CONFLICT (key) DO NOTHING",
            [key_of("spent", *about), at, at + lives],
        )
        return bool(cursor.rowcount == 1)


def level_now(name: str, municipality: Municipality, *about: object, at: datetime) -> float:
    """How full a bucket is, counting nothing."""
    row = Counter.objects.filter(key=key_of(name, municipality.pk, *about)).first()
    if row is None:
        return 0.0
    leak = value_of(name, municipality) / BY_NAME[name].seconds
    return max(0.0, row.level - leak * max(0.0, (at - row.at).total_seconds()))


def flooded(municipality: Municipality, *, at: datetime) -> bool:
    """Whether so much is sent to the square that everybody is slowed."""
    name = "forms_square"
    return level_now(name, municipality, at=at) > value_of(name, municipality)


def walls(levels: Sequence[Level]) -> bool:
    """Whether one of them has reached the wall, where nothing more is taken."""
    return any(not level.counted and BY_NAME[level.name].walled for level in levels)


def top_of(name: str, municipality: Municipality) -> float:
    """How far a bucket with a slow lane may fill: to the wall."""
    return float(value_of(name, municipality) * WALL)


def forget_past(*, at: datetime | None = None) -> int:
    """Remove the counters and lines whose time is over, some thousand at a time; how many."""
    at, gone = at or timezone.now(), 0
    for table, column in (("people_counter", "forget_at"), ("people_line", "until")):
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {table} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {table}"  # noqa: S608 - named above
                f" WHERE {column} <= %s LIMIT %s))",
                [at, FORGET_AT_ONCE],
            )
            gone += cursor.rowcount
    return gone
