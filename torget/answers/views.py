"""Public pages of the answers."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from torget.answers.models import Answer
from torget.answers.search import suggest

PAGE = 100


@require_safe
def index(request: Any) -> HttpResponse:
    """`/svar/`: every answer, newest first, by unit."""
    published = (
        Answer.objects.filter(municipality=request.municipality)
        .published(at=timezone.now())
        .select_related("unit")
    )
    unit = request.GET.get("enhet", "")
    rows = published.filter(unit__slug=unit) if unit else published
    units = sorted({answer.unit for answer in published}, key=lambda one: one.local_name)
    context = {"answers": rows.order_by("-changed_at")[:PAGE], "units": units, "chosen": unit}
    return render(request, "answers/index.html", context)


@require_safe
def detail(request: Any, slug: str) -> HttpResponse:
    """`/svar/<slug>`: one answer; 410 when it has been withdrawn or is no longer valid."""
    now = timezone.now()
    answer = get_object_or_404(
        Answer.objects.select_related("unit"), municipality=request.municipality, slug=slug
    )
    if not Answer.objects.published(at=now).filter(pk=answer.pk).exists():
        return render(request, "answers/gone.html", {"answer": answer}, status=410)
    near = suggest(request.municipality, answer.question, at=now, limit=4)
    context = {
        "answer": answer,
        "editions": answer.editions.order_by("-number"),
        "related": [one for one in near if one.pk != answer.pk][:3],
    }
    return render(request, "answers/detail.html", context)
