"""Forms are taken from our own pages only: told by the browser, or by a secret in the form where a session is at stake."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseForbidden
from django.middleware.csrf import CsrfViewMiddleware

_SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}


def has_session(request: HttpRequest) -> bool:
    """Whether the request bears a session that a forged form could misuse."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def comes_from_here(request: HttpRequest) -> bool | None:
    """Whether a page of ours sent the form, as every browser since 2023 tells; None when nothing is told.

    Source: Fetch Metadata §2.4, RFC 6454 §7.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is not None:
        return urlsplit(origin).netloc == str(request.META.get("HTTP_HOST", ""))
    return None


class FormMiddleware(CsrfViewMiddleware):
    """As Django's own, but pages for everyone need no secret of their own, so that they can be the same bytes for all.

    A form another site sent is refused. Where the browser says nothing, a session needs the secret in the form.
    """

    def process_view(
        self, request: HttpRequest, callback: Any, args: Any, kwargs: Any
    ) -> HttpResponseForbidden | None:
        if request.method in _SAFE or getattr(callback, "csrf_exempt", False):
            return None
        if getattr(request, "_dont_enforce_csrf_checks", False):  # Django's own test client
            return None
        from_here = comes_from_here(request)
        if from_here is False:
            return self._reject(request, "The form was sent by another site.")  # type: ignore[attr-defined,no-any-return]
        if from_here or not has_session(request):
            return None
        return super().process_view(request, callback, args, kwargs)


def context(request: HttpRequest) -> dict[str, Any]:
    """No secret in the forms of who has no session: it would make every page another."""
    return {} if has_session(request) else {"csrf_token": ""}
