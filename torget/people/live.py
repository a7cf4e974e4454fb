"""Who may listen to live events: staff to the desk's, anybody to public topics."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.utils import timezone

from torget.people.actor import Actor, staff_of
from torget.people.limits import hang_up, take_line
from torget.people.models import Municipality
from torget.people.tenancy import municipality_at
from torget.protocols.cookies import without_escapes

# A line ends by itself before this; what a killed process held is free again then.
LINE_LIVES = timedelta(minutes=11)


class TooManyLines(Exception):  # noqa: N818 - names what happened
    """The listener, or the address, holds as many lines as one may."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who may listen to what happens in a municipality, and the line taken for it."""

    municipality_id: int
    line: uuid.UUID


def answer_call(headers: Mapping[str, str], peer: str) -> Listener | None:
    """Take a line for the bearer of these headers (lower-case names) to the municipality's desk; None for nobody.

    Raises:
        TooManyLines: see there.
    """
    close_old_connections()
    municipality = municipality_at(headers.get("host", ""))
    cookies = parse_cookie(without_escapes(headers.get("cookie", "")))
    session_key = cookies.get(settings.SESSION_COOKIE_NAME)
    if municipality is None or session_key is None:
        return None
    request = HttpRequest()
    request.session = SessionStore(session_key)
    request.user = get_user(request)
    staff = staff_of(request, municipality)
    if staff is None or not Actor.of_staff(staff).may("conversations.read"):
        return None
    return _listener(municipality, staff.pk, peer)


def answer_visitor(headers: Mapping[str, str], peer: str) -> Listener | None:
    """Take a line for anybody to the municipality's public topics; None where there is no square, or none is open.

    Raises:
        TooManyLines: see there.
    """
    close_old_connections()
    municipality = municipality_at(headers.get("host", ""))
    if municipality is None or municipality.opened_at is None:
        return None
    return _listener(municipality, None, peer)


def _listener(municipality: Municipality, staff_id: int | None, peer: str) -> Listener:
    line = take_line(municipality, staff_id, peer, at=timezone.now(), lives=LINE_LIVES)
    if line is None:
        raise TooManyLines
    return Listener(municipality.pk, line)


def end_call(listener: Listener) -> None:
    """The line is free again."""
    close_old_connections()
    hang_up(listener.line)
