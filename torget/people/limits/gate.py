"""The gate before every public form: through, by the slow lane, or not now; nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from torget.people.limits import tickets
from torget.people.limits.counting import (
    Level,
    address_of,
    at_most,
    network_of,
    top_of,
    walls,
)
from torget.people.limits.declared import BY_NAME
from torget.people.limits.tickets import Ticket
from torget.people.limits.values import note_met

P = ParamSpec("P")
TICKET, NONCE = "ventebillett", "regnestykke"
# Ours, or the browser's own: not what somebody typed.
_NOT_TYPED = {TICKET, NONCE, "csrfmiddlewaretoken"}
TRY_AGAIN_SECONDS = 300


def gate(request: Any, **look: Any) -> HttpResponse | None:
    """Let a sent form through (None), or answer with the page of the slow lane and everything typed given back.

    Every form is counted, valid or not: what is wrong with it is only seen after work. Staff signed in pass.
    `look` goes to the page: `base_template` for one that stands in a frame.
    """
    if request.method != "POST" or request.actor.staff is not None:
        return None
    at, peer = timezone.now(), address_of(request.META.get("REMOTE_ADDR", ""))
    ticket = tickets.read(request.POST.get(TICKET, ""), request.path, peer, at=at)
    if ticket is not None:
        if not tickets.opens(ticket, request.POST.get(NONCE, ""), at=at):
            return _slow(request, ticket, look)
        if tickets.use(ticket, at=at):
            return None
    municipality = request.municipality
    wanted = (
        ("forms_address", peer),
        ("forms_network", network_of(request.META.get("REMOTE_ADDR", ""))),
        ("forms_square", ""),
    )
    levels = [
        at_most(
            name,
            municipality,
            *([about] if about else []),
            at=at,
            top=top_of(name, municipality),
        )
        for name, about in wanted
    ]
    full = max(levels, key=lambda one: one.share)
    if walls(levels):
        note_met(full.name, municipality, refused=True, at=at)
        return _page(request, {"ticket": None, **look}, TRY_AGAIN_SECONDS)
    if full.share <= 1:
        return None
    note_met(full.name, municipality, refused=False, at=at)
    ticket = tickets.issue(
        request.path, peer, share=full.share, ahead_seconds=_ahead(levels), at=at
    )
    return _slow(request, ticket, look)


def gated(
    view: Callable[Concatenate[Any, P], HttpResponse],
) -> Callable[Concatenate[Any, P], HttpResponse]:
    """A view whose POSTs pass the gate first."""

    @wraps(view)
    def guarded(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        answer = gate(request)
        return view(request, *args, **kwargs) if answer is None else answer

    return guarded


def _ahead(levels: Sequence[Level]) -> float:
    """Seconds until what was counted before has run out of every bucket down to its value."""
    return max(
        max(0.0, one.level - one.value - 1) * BY_NAME[one.name].seconds / one.value
        for one in levels
    )


def _slow(request: Any, ticket: Ticket, look: dict[str, Any]) -> HttpResponse:
    at = timezone.now()
    wait = max(0, round((ticket.opens_at - at).total_seconds())) if ticket.opens_at else None
    context = {"ticket": ticket, "wait_seconds": wait, "bits": ticket.bits, **look}
    return _page(request, context, wait or TRY_AGAIN_SECONDS)


def _page(request: Any, context: dict[str, Any], retry_after_seconds: int) -> HttpResponse:
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _NOT_TYPED
        for value in values
    ]
    files = sorted(request.FILES)
    context |= {"typed": typed, "files": files, "body": request.POST.get("body", "")}
    context["path"] = request.get_full_path()
    response = render(request, "design/slow_lane.html", context, status=429)
    response["Retry-After"] = str(retry_after_seconds)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex"
    return response
