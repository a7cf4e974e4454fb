"""Delays after wrong passwords and codes: they grow, know devices that have been let in before, and lock nobody out.

Each attempt is counted before the password is looked at, so that many at once are many, and taken back when it was right.
An attempt that must wait is not looked at and not counted: hammering makes no delay longer. The same is done for an
address nobody has.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core import signing
from django.db import connection
from django.http import HttpRequest, HttpResponse

from torget.people.limits.counting import address_of, key_of
from torget.people.limits.declared import BY_NAME
from torget.people.limits.values import note_met, value_of
from torget.people.models import Municipality, User

DEVICE_COOKIE = "torget_enhet"
DEVICE_SALT = "torget.people.limits.device"
DEVICE_LIVES = timedelta(days=365)
MOST_USERS_A_DEVICE = 5
FIRST_SECONDS, LONGEST_SECONDS = 15, 900

# The delay after the failure counted last doubles from the limit's value on; failures are forgotten one by one.
_TRY = """
INSERT INTO people_counter AS c (key, level, at, counted, forget_at)
VALUES (%(key)s, 1, %(at)s, true, %(at)s + make_interval(secs => %(each)s::float8))
ON CONFLICT (key) DO UPDATE SET (level, at, counted, forget_at) = (
  SELECT CASE WHEN waits THEN c.level ELSE held.level + 1 END,
         CASE WHEN waits THEN c.at ELSE excluded.at END,
         NOT waits,
         CASE WHEN waits THEN c.forget_at
              ELSE excluded.at + make_interval(secs => (held.level + 1) * %(each)s::float8) END
  FROM (SELECT greatest(0, c.level - greatest(0, extract(epoch FROM excluded.at - c.at))
               / %(each)s::float8) AS level) held,
       LATERAL (SELECT c.level >= %(free)s AND excluded.at < c.at + make_interval(secs => least(
         %(longest)s::float8, %(first)s * power(2, least(20, floor(c.level) - %(free)s))))
         AS waits) step)
RETURNING counted, extract(epoch FROM at - %(at)s) + least(
  %(longest)s::float8, %(first)s * power(2, least(20, greatest(0, floor(level) - %(free)s))))
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt that was counted, or must wait so many seconds."""

    keys: tuple[bytes, ...]
    wait_seconds: int = 0


def attempt_password(
    municipality: Municipality | None, email: str, request: HttpRequest, *, at: datetime
) -> Attempt:
    """Count an attempt to sign in to the account of an address, whether or not there is one."""
    account = email.strip().lower()
    peer = address_of(request.META.get("REMOTE_ADDR", ""))
    if device := known_device(request, account):
        return _attempt(municipality, [("signin_device", (account, device))], at=at)
    wanted = [
        ("signin_pair", (account, peer)),
        ("signin_account", (account,)),
        ("signin_address", (peer,)),
    ]
    return _attempt(municipality, wanted, at=at)


def attempt_code(user: User, request: Any, *, at: datetime, what: str = "code") -> Attempt:
    """Count an attempt with a code of a second factor, or another proof of who is let in already.

    Apart from passwords at the door, and apart for each known device.
    """
    device = known_device(request, user.email)
    about = [("signin_code", (what, user.pk, device))]
    return _attempt(getattr(request, "municipality", None), about, at=at)


def take_back(attempt: Attempt) -> None:
    """It was right: it is not counted among the wrong ones. What was wrong before stays counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE people_counter SET level = greatest(0, level - 1) WHERE key = ANY(%s)",
            [list(attempt.keys)],
        )


def _attempt(
    municipality: Municipality | None,
    wanted: Sequence[tuple[str, tuple[object, ...]]],
    *,
    at: datetime,
) -> Attempt:
    taken: list[bytes] = []
    for name, about in wanted:
        key, value = key_of(name, *about), value_of(name, municipality)
        values: dict[str, Any] = {
            "key": key,
            "at": at,
            "free": value,
            "each": BY_NAME[name].seconds / value,
            "first": FIRST_SECONDS,
            "longest": LONGEST_SECONDS,
        }
        with connection.cursor() as cursor:
            cursor.execute(_TRY, values)
            counted, wait = cursor.fetchone()
        if not counted:
            take_back(Attempt(tuple(taken)))
            note_met(name, municipality, refused=True, at=at)
            return Attempt((), max(1, round(wait)))
        taken.append(key)
    return Attempt(tuple(taken))


def known_device(request: HttpRequest, email: str) -> str:
    """The name of a device that was let in as this user before, since they last changed their password; else empty."""
    remembered = _devices(request).get(_name(email))
    if remembered is None:
        return ""
    device, proof = remembered
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    return device if user is not None and secrets.compare_digest(proof, _proof(user)) else ""


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Remember on the device, for a year, that this user was let in on it; the newest few users."""
    devices = _devices(request)
    device = devices.pop(_name(user.email), ("", ""))[0] or secrets.token_urlsafe(9)
    devices[_name(user.email)] = (device, _proof(user))
    newest = dict(list(devices.items())[-MOST_USERS_A_DEVICE:])
    response.set_cookie(
        DEVICE_COOKIE,
        signing.dumps(newest, salt=DEVICE_SALT, compress=True),
        max_age=DEVICE_LIVES,
        httponly=True,
        secure=settings.HTTPS,
        samesite="Lax",
        path="/konto/",
    )


def _name(email: str) -> str:
    return key_of("device", email.strip().lower()).hex()[:16]


def _proof(user: User) -> str:
    return user.get_session_auth_hash()[:16]


def _devices(request: HttpRequest) -> dict[str, Any]:
    try:
        devices: dict[str, Any] = signing.loads(
            request.COOKIES.get(DEVICE_COOKIE, "")[:4000],
            salt=DEVICE_SALT,
            max_age=DEVICE_LIVES,
        )
    except (signing.BadSignature, ValueError):
        return {}
    return devices
