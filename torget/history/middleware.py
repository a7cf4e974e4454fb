"""An answer to a form says by itself whether anything everybody reads may look otherwise now."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from torget.design.ready import unchanged
from torget.history.rules import watched

SAFE = {"GET", "HEAD", "OPTIONS"}


class PublicChangeMiddleware:
    """Marks what changed nothing public, so that the front keeps its ready pages (`torget.config.front`)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in SAFE:
            return self.get_response(request)
        with watched() as changes:
            response = self.get_response(request)
        return response if changes else unchanged(response)
