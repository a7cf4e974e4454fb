"""The shared inbox: the queue."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from torget.desk.queries.queue import queue
from torget.people.actor import requires

# Where a role begins its day: the first of these its holder may.
BEGINNINGS = (
    ("conversations.read", "desk:inbox"),
    ("people.administer", "desk:settings"),
    ("wall.post", "desk:post"),
    ("figures.read", "desk:figures"),
    ("replies.approve", "desk:approvals"),
)


@require_safe
@never_cache
def start(request: Any) -> HttpResponse:
    """`/desk/start`: after sign-in, to the page one's roles are for; residents to their own."""
    if request.municipality.opened_at is None and request.actor.may("people.administer"):
        return redirect("desk:getting_started")
    for act_of, page in BEGINNINGS:
        if request.actor.may(act_of):
            return redirect(page)
    return redirect("square:mine")


@requires("conversations.read")
@require_safe
@never_cache
def inbox(request: Any) -> HttpResponse:
    """`/desk/`: the queue."""
    if request.GET.get("del") == "ko":
        return render(request, "desk/_queue.html", queue(request))
    return render(request, "desk/inbox.html", queue(request))
