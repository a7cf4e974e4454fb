"""A first look at the figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from torget.channels.templatetags.channels import channel_name
from torget.design import querytext
from torget.design.times import day
from torget.insight import measures
from torget.people.actor import requires
from torget.people.hours import OSLO

PERIODS = (7, 30, 90, 365)
USUAL = 30


@requires("figures.read")
@require_safe
@never_cache
def figures(request: Any) -> HttpResponse:
    """`/desk/tall?dager=30`: what waits, how soon we answer, what residents found by themselves."""
    now = timezone.now()
    wanted = querytext.number(request.GET.get("dager", ""))
    days = wanted if wanted in PERIODS else USUAL
    until = now.astimezone(OSLO).date()
    found = measures.figures(request.actor, since=until - timedelta(days=days - 1), until=until)
    context = {
        "figures": found,
        "days": days,
        "periods": PERIODS,
        "flow": [(_label(one, now), one.opened, one.answered) for one in found.days],
        "most_waiting": max((one.count for one in found.waiting), default=0),
        "speeds": [
            ("unit", found.by_unit, _slowest(found.by_unit)),
            ("network", _named(found.by_network), _slowest(found.by_network)),
        ],
        "most_helped": max((count for _answer, count in found.most_helpful), default=0),
    }
    return render(request, "desk/figures.html", context)


def _label(one: measures.Day, now: Any) -> str:
    return day(now.replace(year=one.on.year, month=one.on.month, day=one.on.day), now=now)


def _slowest(speeds: list[measures.Speed]) -> float:
    return max((one.median_seconds for one in speeds), default=0.0)


def _named(speeds: list[measures.Speed]) -> list[measures.Speed]:
    return [
        measures.Speed(
            channel_name(one.name),
            one.answered,
            one.median_seconds,
            one.slow_seconds,
            one.in_time_percent,
        )
        for one in speeds
    ]
