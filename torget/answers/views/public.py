"""Public pages of the answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from torget.answers.models import Answer, Rating, Topic
from torget.answers.queries import chosen
from torget.answers.rules import rate as say_useful
from torget.answers.rules.ratings import visitor_of
from torget.answers.search import in_language, suggest
from torget.channels.pages import PublicPage, asked_as, head_of
from torget.design.ready import ready
from torget.design.text import markdown
from torget.people.limits import gated
from torget.people.links import absolute
from torget.people.models import Unit

PAGE = 100


@require_safe
def index(request: Any) -> HttpResponse:
    """`/svar/`: every answer, newest first, by unit and topic, each in the reader's language where it can be."""
    municipality, now = request.municipality, timezone.now()
    unit, topic = request.GET.get("enhet", "")[:60], request.GET.get("emne", "")[:60]
    rows = list(chosen(municipality, unit, topic)[:PAGE])
    published = Answer.objects.filter(municipality=municipality).published(at=now)
    context = {
        "answers": in_language(rows, request.LANGUAGE_CODE, at=now),
        "units": Unit.objects.filter(answers__in=published).distinct().order_by("name"),
        "topics": Topic.objects.filter(
            municipality=municipality, closed_at=None, answers__in=published
        ).distinct(),
        "topic": Topic.objects.filter(municipality=municipality, slug=topic).first()
        if topic
        else None,
        "chosen": unit,
    }
    return ready(render(request, "answers/index.html", context))


def _published(request: Any, slug: str) -> Answer:
    answer: Answer = get_object_or_404(
        Answer.objects.published(at=timezone.now()).select_related("unit"),
        municipality=request.municipality,
        slug=slug,
    )
    return answer


@require_safe
def detail(request: Any, slug: str) -> HttpResponse:
    """`/svar/<slug>`: one answer; 410 when it has been withdrawn or is no longer valid."""
    now, municipality = timezone.now(), request.municipality
    answer = get_object_or_404(
        Answer.objects.select_related("unit", "municipality"), municipality=municipality, slug=slug
    )
    published = Answer.objects.published(at=now)
    if not published.filter(pk=answer.pk).exists():
        return render(request, "answers/gone.html", {"answer": answer}, status=410)
    page = _page(answer)
    if reply := asked_as(request, page):
        return reply
    source = answer.translation_of_id or answer.pk
    also = published.filter(pk=source) | published.filter(translation_of=source)
    near = suggest(municipality, answer.question, at=now, limit=6, language=request.LANGUAGE_CODE)
    context = {
        "answer": answer,
        "editions": answer.editions.order_by("-number"),
        "topics": answer.topics.filter(closed_at=None),
        "also": also.exclude(pk=answer.pk).order_by("language"),
        "related": [
            other
            for other in near
            if source not in {other.pk, other.translation_of_id} and other.pk != answer.pk
        ][:3],
        **head_of(page),
    }
    return ready(render(request, "answers/detail.html", context))


def _page(answer: Answer) -> PublicPage:
    """The answer as other servers may ask for it: something the municipality says."""
    return PublicPage(
        municipality=answer.municipality,
        url=absolute(answer.municipality, reverse("answers:detail", args=[answer.slug])),
        title=answer.question,
        text=answer.body,
        html=str(markdown(answer.body)),
        language=answer.language,
        published_at=answer.published_at,
        changed_at=answer.changed_at if answer.edition > 1 else None,
        ours=True,
    )


@require_POST
@gated
def rate(request: Any, slug: str) -> HttpResponse:
    """`/svar/<slug>/nyttig`: yes or no, and afterwards a word. No account; once a visitor."""
    answer = _published(request, slug)
    useful = request.POST.get("nyttig") == "ja"
    word = request.POST.get("ord", "").replace("\x00", "").strip()
    now = timezone.now()
    say_useful(answer, useful, visitor=visitor(request), place=Rating.Place.PAGE, at=now, word=word)
    return render(
        request, "answers/rated.html", {"answer": answer, "useful": useful, "worded": bool(word)}
    )


def visitor(request: Any) -> str:
    """This visitor's name for the day."""
    browser = request.META.get("HTTP_USER_AGENT", "")[:300]
    return visitor_of(request.META.get("REMOTE_ADDR", ""), browser, at=timezone.now())
