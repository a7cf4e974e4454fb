"""Feeds of what is public, as RSS, Atom and JSON: those the rooms' manifests name."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from torget import rooms
from torget.design.ready import ready
from torget.people import menus
from torget.people.links import absolute
from torget.protocols.feeds import Feed, atom, json_feed, rss

FORMS = {
    "rss": (rss, "application/rss+xml"),
    "atom": (atom, "application/atom+xml"),
    "json": (json_feed, "application/feed+json"),
}


@require_safe
def feed(request: Any, what: str, form: str) -> HttpResponse:
    """`/feed/<what>.<form>`."""
    municipality = request.municipality
    source = menus.feeds().get(what)
    if source is None or form not in FORMS:
        raise Http404
    write, media_type = FORMS[form]
    whole = Feed(
        url=absolute(municipality, request.get_full_path()),
        home=absolute(municipality, "/"),
        title=str(source.title) % {"name": municipality.name},
        language=municipality.default_language,
        entries=tuple(rooms.load(source.entries)(municipality, request.GET.dict())),
        changed_at=timezone.now(),
    )
    return ready(HttpResponse(write(whole), content_type=f"{media_type}; charset=utf-8"))


@require_safe
def feeds(request: Any) -> HttpResponse:
    """`/feed/`: which feeds there are."""
    return ready(render(request, "square/feeds.html", {"forms": list(FORMS)}))
