"""The one page of the Meta channels: a picture on its way out."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from torget.adapters.meta import pictures


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """A picture that is being published, for Meta to fetch."""
    try:
        content = pictures.jpeg(name)
    except LookupError as fault:
        raise Http404 from fault
    headers = {"X-Robots-Tag": "noindex", "Cache-Control": "private, max-age=3600"}
    return HttpResponse(content, content_type="image/jpeg", headers=headers)
