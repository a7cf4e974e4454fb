"""The square itself: home, search, colours, language, and the pages that say who we are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from torget import rooms
from torget.answers.models import Answer
from torget.conversations.models import Conversation
from torget.design import cookies
from torget.design.colours import tokens
from torget.design.ready import ready
from torget.people.actor import Actor
from torget.people.menus import buttons
from torget.people.models import Municipality, Unit
from torget.people.rules import front_unit

MOST_HITS = 20
YEAR_SECONDS = 365 * 24 * 3600


@require_safe
def home(request: Any) -> HttpResponse:
    """`/`: what happens in the municipality."""
    now = timezone.now()
    municipality = request.municipality
    public = Conversation.objects.filter(municipality=municipality).on_wall().select_related("unit")
    published = (
        Answer.objects.filter(municipality=municipality).published(at=now).select_related("unit")
    )
    context = {
        "buttons": buttons(municipality),
        "posts": public.order_by("-opened_at", "-id")[:6],
        "answers": published.order_by("-changed_at")[:5],
        "most_helpful": published.filter(helped__gt=0).order_by("-helped", "-changed_at")[:5],
    }
    return ready(render(request, "square/home.html", context))


def answered_within(municipality: Municipality) -> str:
    """What the tile for asking promises."""
    days = municipality.answer_days
    promise = ngettext(
        "Vi svarer innen %(days)s virkedag", "Vi svarer innen %(days)s virkedager", days
    )
    return promise % {"days": days}


@require_safe
def search(request: Any) -> HttpResponse:
    """`/sok?q=`: everything public that the rooms let be searched."""
    query = request.GET.get("q", "").replace("\x00", "")[:300].strip()
    now = timezone.now()
    context: dict[str, Any] = {"query": query}
    if query:
        # As a stranger, whoever asks: what one may read beyond that stands on pages of its own.
        stranger = Actor.resident(request.municipality.pk)
        sources = sorted(rooms.gather("search"), key=lambda source: source.position)
        searched = [
            (
                source,
                rooms.load(source.find)(stranger, query, request.LANGUAGE_CODE, MOST_HITS, now),
            )
            for source in sources
        ]
        context["sources"] = [(source, hits) for source, hits in searched if hits]
        context["many"] = sum(len(hits) for _source, hits in searched)
    return render(request, "square/search.html", context)


@require_GET
@cache_control(public=True, max_age=300)
def colours(request: Any) -> HttpResponse:
    """`/farger.css`: the municipality's colour as custom properties."""
    context = {"c": tokens(request.municipality.colour)}
    return ready(
        render(request, "design/colours.css", context, content_type="text/css; charset=utf-8")
    )


@require_GET
@cache_control(public=True, max_age=3600)
def coat_of_arms(request: Any) -> HttpResponse:
    """`/vaapen.svg`: the coat of arms; shown as an image, so nothing in it can run."""
    if not request.municipality.coat_of_arms:
        raise Http404
    response = HttpResponse(request.municipality.coat_of_arms, content_type="image/svg+xml")
    response["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    return response


def _back(request: Any) -> HttpResponseRedirect:
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None) or urlsplit(target).netloc:
        target = "/"
    return HttpResponseRedirect(target)


# The forms for language and looks stand on pages whose bytes are the same for everyone, so they hold no secret; all a
# forger could do is choose another language for somebody.
@csrf_exempt
@require_POST
def set_language(request: Any) -> HttpResponse:
    """Remember the language the reader chose."""
    response = _back(request)
    language = request.POST.get("language", "")
    if language in request.municipality.languages:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=YEAR_SECONDS,
            samesite="Lax",
            secure=settings.HTTPS,
            httponly=True,
        )
    return response


@csrf_exempt
@require_POST
def set_theme(request: Any) -> HttpResponse:
    """Remember light, dark or as the machine has it."""
    response = _back(request)
    theme = request.POST.get("theme", "")
    if theme in {"auto", "light", "dark"}:
        response.set_cookie(
            cookies.THEME,
            theme,
            max_age=YEAR_SECONDS,
            samesite="Lax",
            secure=settings.HTTPS,
            httponly=True,
        )
    return response


def _front_hours(request: Any) -> list[Any]:
    unit: Unit | None = front_unit(request.municipality)
    return list(unit.opening_hours.all()) if unit else []


@require_safe
def page(request: Any, name: str) -> HttpResponse:
    """Privacy, accessibility, house rules: pages of text."""
    return ready(render(request, f"square/{name}.html", {"hours": _front_hours(request)}))


@require_safe
def security_txt(request: Any) -> HttpResponse:
    """`/.well-known/security.txt`: where to report a hole (RFC 9116)."""
    municipality = request.municipality
    contact = (
        f"mailto:{municipality.email}"
        if municipality.email
        else f"tel:{municipality.phone.replace(' ', '')}"
    )
    expires = (timezone.now() + timedelta(days=90)).replace(microsecond=0)
    text = f"Contact: {contact}\nExpires: {expires.isoformat()}\nPreferred-Languages: nb, nn, en\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
