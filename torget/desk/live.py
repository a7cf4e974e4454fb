"""Who may listen to the desk's live events."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.db import close_old_connections
from django.http import HttpRequest

from torget.people.actor import Actor, staff_of
from torget.people.tenancy import municipality_at


def municipality_of(headers: Mapping[str, str]) -> int | None:
    """The municipality whose desk the bearer of these headers (lower-case names) may listen to; None for nobody."""
    close_old_connections()
    municipality = municipality_at(headers.get("host", ""))
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(settings.SESSION_COOKIE_NAME)
    except CookieError:
        return None
    if municipality is None or cookie is None:
        return None
    request = HttpRequest()
    request.session = SessionStore(cookie.value)
    request.user = get_user(request)
    staff = staff_of(request, municipality)
    if staff is None or not Actor.of_staff(staff).may("conversations.read"):
        return None
    return municipality.pk
