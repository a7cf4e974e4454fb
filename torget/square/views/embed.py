"""What may stand in a frame on the municipality's own website: answers to search in. No cookies, no scripts."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from torget.answers.queries import chosen
from torget.answers.rules.topics import frame_ancestors
from torget.answers.search import in_language, suggest

LENGTH = 10


@require_safe
def answers(request: Any) -> HttpResponse:
    """`/embed/svar?q=&enhet=&emne=&sprak=`: a search box and answers. Only sites the municipality named may frame it."""
    municipality, now = request.municipality, timezone.now()
    query = request.GET.get("q", "").replace("\x00", "")[:300].strip()
    kept = {name: request.GET.get(name, "")[:60] for name in ("enhet", "emne", "sprak")}
    language = kept["sprak"] if kept["sprak"] in municipality.languages else request.LANGUAGE_CODE
    with translation.override(language):
        if query:
            answers = suggest(municipality, query, at=now, limit=LENGTH, language=language)
        else:
            rows = chosen(municipality, kept["enhet"], kept["emne"])[:LENGTH]
            answers = in_language(list(rows), language, at=now)
        context = {"answers": answers, "query": query, "kept": kept, "LANGUAGE_CODE": language}
        response = render(request, "square/embed_answers.html", context)
    response.xframe_options_exempt = True
    response._csp_replace = {"frame-ancestors": frame_ancestors(municipality)}  # type: ignore[attr-defined]  # by django-csp
    response["Content-Language"] = language
    return response
