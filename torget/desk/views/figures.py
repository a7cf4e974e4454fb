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
    counted = measures.figures(request.actor, since=until - timedelta(days=days - 1), until=until)
    context = {
        "figures": counted,
        "days": days,
        "periods": PERIODS,
        "flow": [(_label(row, now), row.opened, row.answered) for row in counted.days],
        "most_waiting": max((row.count for row in counted.waiting), default=0),
        "speeds": [
            ("unit", counted.by_unit, _slowest(counted.by_unit)),
            ("network", _named(counted.by_network), _slowest(counted.by_network)),
        ],
        "most_helped": max((count for _answer, count in counted.most_helpful), default=0),
    }
    return render(request, "desk/figures.html", context)


def _label(row: measures.Day, now: Any) -> str:
    return day(now.replace(year=row.on.year, month=row.on.month, day=row.on.day), now=now)


def _slowest(speeds: list[measures.Speed]) -> float:
    return max((row.median_seconds for row in speeds), default=0.0)


def _named(speeds: list[measures.Speed]) -> list[measures.Speed]:
    return [
        measures.Speed(
            channel_name(row.name),
            row.answered,
            row.median_seconds,
            row.slow_seconds,
            row.in_time_percent,
        )
        for row in speeds
    ]
