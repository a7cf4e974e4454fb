"""The host name picks the municipality; the session says who acts; a Refused becomes a page."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from torget.design import cookies
from torget.design.ready import STAFF
from torget.design.unsent import give_back
from torget.errors import Busy, NotAllowed, Refused
from torget.people.actor import Actor, staff_of
from torget.people.models import Host, Municipality
from torget.people.rules import answer_expected_at, front_unit, on_duty
from torget.protocols.hosts import BadHost, host_and_port

GetResponse = Callable[[HttpRequest], HttpResponse]
REMEMBER_SECONDS = 5.0
PLAIN = "text/plain; charset=utf-8"
NOT_OPEN_SECONDS = 86_400
# What answers before the square is open: signing in, looks and languages, and what other servers deliver.
WHILE_SET_UP = (
    "/desk",
    "/konto/",
    "/farger.css",
    "/vaapen.svg",
    "/spraak",
    "/utseende",
    "/static/",
    "/.well-known/",
    "/nodeinfo",
    "/ap/",
    "/healthz",
    "/readyz",
)
WITHOUT_MUNICIPALITY = ("/healthz", "/readyz", "/static/")

_hosts: dict[str, tuple[float, Municipality | None]] = {}


def municipality_at(host: str) -> Municipality | None:
    """The municipality that answers on a host name (port ignored); remembered for a few seconds.

    None too for what is no host: a user in front, a port that is none, letters that do not belong in a name.
    """
    try:
        name = host_and_port(host)[0].strip("[]")
    except BadHost:
        return None
    known = _hosts.get(name)
    if known and known[0] > time.monotonic():
        return known[1]
    try:
        row = Host.objects.select_related("municipality").filter(host=name).first()
    except DatabaseError:
        if known is None:
            raise
        return known[1]  # no municipality moves while the database is away
    here = row.municipality if row else None
    if len(_hosts) > 1000:
        _hosts.clear()  # somebody is making up host names
    _hosts[name] = (time.monotonic() + REMEMBER_SECONDS, here)
    return here


def forget_hosts() -> None:
    """Ask the database again at once; for tests and after a municipality changed."""
    _hosts.clear()


class MunicipalityMiddleware:
    """Sets request.municipality, request.actor (lazy); 400 for a host no municipality has."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        municipality = None
        if "\x00" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            # No text of ours can hold it, the database least of all.
            return HttpResponse("Adressen har et ugyldig tegn.\n", status=400, content_type=PLAIN)
        if not request.path.startswith(WITHOUT_MUNICIPALITY):
            municipality = municipality_at(
                request.META.get("HTTP_HOST", request.META["SERVER_NAME"])
            )
            if municipality is None:
                return HttpResponse(
                    "Ingen kommune svarer på denne adressen.\n", status=400, content_type=PLAIN
                )
        request.municipality = municipality  # type: ignore[attr-defined]  # our own attribute
        asked: list[Actor] = []  # who it is, once a page has asked for it

        def ask() -> Actor:
            asked.append(actor_of(request))
            return asked[0]

        request.actor = SimpleLazyObject(ask)  # type: ignore[attr-defined]
        response = self.get_response(request)
        if asked and asked[0].staff is not None:
            response[STAFF] = "1"
        return response


def actor_of(request: Any) -> Actor:
    """Who acts in this request: staff of this municipality, a resident signed in, or somebody anonymous."""
    if staff := staff_of(request, request.municipality):
        return Actor.of_staff(staff)
    signed_in = request.session.get("resident", {})
    if signed_in.get("municipality") != request.municipality.pk:
        return Actor.resident(request.municipality.pk)
    # Of a session from before this was kept we only know that it was one of the ways.
    proof = signed_in.get("proof") or "unknown"
    return Actor.resident(request.municipality.pk, signed_in.get("person"), proof=proof)


class OpeningMiddleware:
    """While a municipality is being set up, only its staff see the square; everybody else is told that it is not open yet."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        municipality = request.municipality
        if (
            municipality is None
            or municipality.opened_at is not None
            or request.path.startswith(WHILE_SET_UP)
            or request.actor.staff is not None
        ):
            return self.get_response(request)
        response = render(request, "not_open.html", status=503)
        response["Retry-After"] = str(NOT_OPEN_SECONDS)
        return response


class LanguageMiddleware:
    """The reader's chosen language, else the municipality's own. We do not guess from the browser."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: Any) -> HttpResponse:
        municipality = request.municipality
        allowed = set(municipality.languages) if municipality else {"nb"}
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = (
            chosen
            if chosen in allowed
            else (municipality.default_language if municipality else "nb")
        )
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class RefusalMiddleware:
    """A rule's no becomes a page that says so: 403 when it is about roles, 409 otherwise."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        if isinstance(exception, Busy):
            return give_back(
                request,
                advice=exception.message,
                retry_after_seconds=exception.retry_after_seconds,
            )
        status = 403 if isinstance(exception, NotAllowed) else 409
        return render(request, "refused.html", {"message": exception.message}, status=status)


def context(request: Any) -> dict[str, Any]:
    """What every page shows: municipality, who is on duty, when an answer can be expected, theme."""
    municipality = getattr(request, "municipality", None)
    if municipality is None:
        return {}
    now = timezone.now()
    theme = request.COOKIES.get(cookies.THEME, "auto")
    return {
        "municipality": municipality,
        "actor": request.actor,
        # Functions, which templates call where they show it: the desk does not, and asks for nothing.
        "duty": partial(on_duty, municipality, at=now),
        "next_answer_at": partial(answer_expected_at, municipality, at=now),
        "front_unit": partial(front_unit, municipality),
        "theme": theme if theme in {"light", "dark"} else "auto",
    }
