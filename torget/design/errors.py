"""The error pages that Django asks for by name."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.translation import gettext as _

from torget.design.crossorigin import comes_from_here
from torget.design.unsent import give_back


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 when another site sent a form, or its secret is missing or too old: what is in it is given back."""
    if comes_from_here(request) is False:
        return _page(
            request,
            403,
            _("Skjemaet kom fra et annet nettsted"),
            _("Vi tar bare imot skjemaer fra våre egne sider. Åpne siden hos oss og skriv der."),
        )
    advice = _("Siden hadde stått åpen for lenge. Her er alt du skrev. Trykk for å sende på nytt.")
    more = format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}">', get_token(request)
    )
    return give_back(request, advice=advice, status=403, more=more)


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 400."""
    return _page(
        request,
        400,
        _("Vi forsto ikke det du sendte"),
        _("Gå tilbake og prøv igjen. Ring oss hvis det ikke hjelper."),
    )


def forbidden(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 403."""
    return _page(
        request,
        403,
        _("Du har ikke tilgang til denne siden"),
        _("Logg inn med en konto som har tilgang, eller gå til forsiden."),
    )


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 404."""
    return _page(
        request,
        404,
        _("Vi fant ikke siden"),
        _("Den kan være flyttet eller fjernet. Søk, eller gå til forsiden."),
    )


def too_large(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 413."""
    return _page(
        request,
        413,
        _("Det du sendte, er for stort"),
        _("Send færre eller mindre bilder. Et bilde kan være opptil 20 MB."),
    )


def too_many(request: HttpRequest, exception: Any = None) -> HttpResponse:
    """Answer 429."""
    return _page(
        request,
        429,
        _("Du har prøvd for mange ganger"),
        _("Vent noen minutter før du prøver igjen. Det hindrer at noen gjetter passord."),
    )


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    context = {"status": status, "title": title, "advice": advice}
    return render(request, "error.html", context, status=status)
