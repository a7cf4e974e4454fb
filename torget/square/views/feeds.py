"""Feeds of what is public: answers and the wall, as RSS, Atom and JSON."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from torget.answers.rules import answer_path
from torget.answers.views import chosen
from torget.conversations.models import Conversation
from torget.design.ready import ready
from torget.people.links import absolute
from torget.protocols.feeds import Entry, Feed, atom, json_feed, rss

FORMS = {
    "rss": (rss, "application/rss+xml"),
    "atom": (atom, "application/atom+xml"),
    "json": (json_feed, "application/feed+json"),
}
LENGTH = 50


def _answers(request: Any) -> list[Entry]:
    municipality = request.municipality
    rows = chosen(municipality, request.GET.get("enhet", "")[:60], request.GET.get("emne", "")[:60])
    return [
        Entry(
            id=f"urn:uuid:{row.public_id}",
            url=absolute(municipality, answer_path(row)),
            title=row.question,
            text=row.body,
            author=row.unit.local_name,
            published_at=row.published_at,
            changed_at=row.changed_at,
        )
        for row in rows[:LENGTH]
    ]


def _wall(request: Any) -> list[Entry]:
    municipality = request.municipality
    rows = Conversation.objects.filter(municipality=municipality).on_wall().select_related("unit")
    return [
        Entry(
            id=absolute(municipality, row.public_path),
            url=absolute(municipality, row.public_path),
            title=row.subject,
            text=row.preview,
            author=row.unit.local_name if row.person_id is None else row.public_name,
            published_at=row.opened_at,
            changed_at=row.last_message_at,
        )
        for row in rows.order_by("-opened_at")[:LENGTH]
    ]


@require_safe
def feed(request: Any, what: str, form: str) -> HttpResponse:
    """`/feed/<what>.<form>`."""
    municipality = request.municipality
    sources = {
        "svar": (_("Svar fra %(name)s kommune"), _answers),
        "vegg": (_("Veggen i %(name)s"), _wall),
    }
    if what not in sources or form not in FORMS:
        raise Http404
    title, entries = sources[what]
    write, media_type = FORMS[form]
    whole = Feed(
        url=absolute(municipality, request.get_full_path()),
        home=absolute(municipality, "/"),
        title=title % {"name": municipality.name},
        language=municipality.default_language,
        entries=tuple(entries(request)),
        changed_at=timezone.now(),
    )
    return ready(HttpResponse(write(whole), content_type=f"{media_type}; charset=utf-8"))


@require_safe
def feeds(request: Any) -> HttpResponse:
    """`/feed/`: which feeds there are."""
    return ready(
        render(request, "square/feeds.html", {"forms": list(FORMS), "sources": ["svar", "vegg"]})
    )
