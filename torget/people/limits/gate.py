"""The gate before every public form: through, by the slow lane, or not now; nothing typed is lost."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from torget.design.unsent import give_back
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
from torget.people.models import Municipality

P = ParamSpec("P")
TICKET, NONCE = "ventebillett", "regnestykke"
TRY_AGAIN_SECONDS = 300


def gate(request: Any) -> HttpResponse | None:
    """Let a sent form through (None), or answer with the page of the slow lane and everything typed given back.

    Every form is counted, valid or not: what is wrong with it is only seen after work. Staff signed in pass.
    """
    if request.method != "POST" or request.actor.staff is not None:
        return None
    at, peer = timezone.now(), address_of(request.META.get("REMOTE_ADDR", ""))
    ticket = tickets.read(request.POST.get(TICKET, ""), request.path, peer, at=at)
    if ticket is not None:
        if not tickets.opens(ticket, request.POST.get(NONCE, ""), at=at):
            return _slow(request, ticket)
        if tickets.use(ticket, at=at):
            return None
    municipality = request.municipality
    levels = _count(municipality, request.META.get("REMOTE_ADDR", ""), at=at)
    full = max(levels, key=lambda level: level.share)
    if walls(levels):
        note_met(full.name, municipality, refused=True, at=at)
        return _wall(request)
    if full.share <= 1:
        return None
    note_met(full.name, municipality, refused=False, at=at)
    ticket = tickets.issue(
        request.path, peer, share=full.share, ahead_seconds=_ahead(levels), at=at
    )
    return _slow(request, ticket)


def gated(
    view: Callable[Concatenate[Any, P], HttpResponse],
) -> Callable[Concatenate[Any, P], HttpResponse]:
    """A view whose POSTs pass the gate first."""

    @wraps(view)
    def guarded(request: Any, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        answer = gate(request)
        return view(request, *args, **kwargs) if answer is None else answer

    return guarded


def _count(municipality: Municipality, peer: str, *, at: datetime) -> list[Level]:
    """Count a form, from the narrowest limit outwards.

    What one address is slowed for fills neither its network's nor everybody's: nobody slows others alone.
    """
    levels: list[Level] = []
    for name, about in (
        ("forms_address", (address_of(peer),)),
        ("forms_network", (network_of(peer),)),
        ("forms_square", ()),
    ):
        levels.append(at_most(name, municipality, *about, at=at, top=top_of(name, municipality)))
        if levels[-1].share > 1:
            break
    return levels


def _ahead(levels: Sequence[Level]) -> float:
    """Seconds until what was counted before has run out of every bucket down to its value."""
    return max(
        max(0.0, level.level - level.value - 1) * BY_NAME[level.name].seconds / level.value
        for level in levels
    )


def _slow(request: Any, ticket: Ticket) -> HttpResponse:
    left = (ticket.opens_at - timezone.now()).total_seconds() if ticket.opens_at else None
    wait = None if left is None else max(1, math.ceil(left))
    more = render_to_string("design/slow_lane.html", {"ticket": ticket, "wait_seconds": wait})
    return give_back(
        request,
        title=_("Ett steg til før det sendes"),
        advice=_(
            "Det kommer uvanlig mye fra stedet du sender fra, så vi sjekker at det ikke er et program. "
            "Du trenger ikke skrive noe på nytt."
        ),
        status=429,
        retry_after_seconds=wait or TRY_AGAIN_SECONDS,
        more=more,
    )


def _wall(request: Any) -> HttpResponse:
    return give_back(
        request,
        advice=_(
            "Det kommer så mye fra stedet du sender fra at vi ikke kan ta imot mer akkurat nå. "
            "Vent noen minutter, og send på nytt."
        ),
        status=429,
        retry_after_seconds=TRY_AGAIN_SECONDS,
    )
