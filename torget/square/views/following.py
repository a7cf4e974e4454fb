"""Following something by letter: one page for everything the rooms let be followed."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from torget import rooms
from torget.people.limits import gated
from torget.square.forms import AddressForm
from torget.subscriptions import rules as subscriptions
from torget.subscriptions.tasks import follow_by_letter


@require_POST
@gated
def follow(request: Any, topic: str, ref: str = "", slug: str = "") -> HttpResponse:
    """Follow one of the things of a topic, found by its number or name; 404 for what not everybody may follow."""
    sort = rooms.topics().get(topic)
    row = rooms.load(sort.find)(request.municipality, ref or slug) if sort else None
    if sort is None or row is None:
        raise Http404
    form, title = AddressForm(request.POST), rooms.load(sort.title)(row)
    if not form.is_valid():
        return render(request, "square/follow.html", {"form": form, "title": title}, status=422)
    follow_by_letter(row, form.cleaned_data["email"], title, request.LANGUAGE_CODE)
    return render(request, "square/follow_sent.html", {"title": title})


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@gated
def confirm_follow(request: Any, token: str) -> HttpResponse:
    """`/folg/<token>`: confirm that one wants to follow."""
    done = None
    if request.method == "POST":
        done = subscriptions.confirm(token, at=timezone.now())
    return render(
        request, "square/follow_confirm.html", {"token": token, "done": done, "ending": False}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@gated
def end_follow(request: Any, token: str) -> HttpResponse:
    """`/folg/<token>/slutt`: stop following."""
    if request.method == "POST":
        subscriptions.end(token, at=timezone.now())
    context = {"token": token, "done": request.method == "POST", "ending": True}
    return render(request, "square/follow_confirm.html", context)
