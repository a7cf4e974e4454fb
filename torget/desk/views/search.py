"""Searching in everything one may see."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from torget.desk.queries.found import found
from torget.people.actor import requires


@requires("conversations.read")
@require_safe
@never_cache
def search(request: Any) -> HttpResponse:
    """`/desk/sok?q=`: by words and filters; with `del=treff` only the hits, for searching as one types."""
    context = found(request, at=timezone.now())
    if request.GET.get("del") == "treff":
        return render(request, "desk/_found.html", context)
    return render(request, "desk/search.html", context)
