"""The error pages that Django asks for by name."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 when the form's secret is missing or too old, in words that say what to do."""
    return _page(
        request,
        403,
        _("Skjemaet var for gammelt"),
        _(
            "Gå tilbake, last siden på nytt og send igjen. Kopier teksten din først, så mister du den ikke."
        ),
    )


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
