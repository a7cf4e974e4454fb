"""Searching in everything one may see."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from torget.desk.panes.found import found
from torget.people.actor import requires


@requires("conversations.read")
@require_safe
@never_cache
def search(request: Any) -> HttpResponse:
    """`/desk/sok?q=`: by words and filters; with `del=treff` only the hits, for searching as one types."""
    page = "desk/_found.html" if request.GET.get("del") == "treff" else "desk/search.html"
    return render(request, page, found(request, at=timezone.now()))
