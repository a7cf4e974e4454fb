"""Addresses to put in what we send."""

from __future__ import annotations

from django.conf import settings

from torget.people.models import Municipality


def absolute(municipality: Municipality, path: str) -> str:
    """The whole address of a path at a municipality's square."""
    scheme = "https" if settings.HTTPS else "http"
    port = f":{settings.PUBLIC_PORT}" if settings.PUBLIC_PORT else ""
    return f"{scheme}://{municipality.host}{port}{path}"
