"""A shift hands over: what is open, to whom, and the word that goes with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from torget.casework.models import Handover
from torget.casework.rules import handover
from torget.conversations.models import Conversation
from torget.desk.forms.handling import ShiftForm, chosen_rows
from torget.desk.queries.filters import Choice
from torget.desk.queries.queue import due_words
from torget.errors import Refused
from torget.people.actor import requires
from torget.people.models import Duty

SHOWN = 30
LATE_TO_HAND_ON = timedelta(hours=12)


def _duty_of(request: Any, at: Any) -> Duty | None:
    """The duty to hand over: the one that runs, or the last that ended not long ago."""
    mine = Duty.objects.filter(
        staff=request.actor.id, municipality=request.municipality, ends_at__gt=at - LATE_TO_HAND_ON
    )
    return mine.filter(starts_at__lte=at).select_related("unit").order_by("-starts_at").first()


def open_groups(request: Any, duty: Duty | None, next_begins: Any, at: Any) -> list[dict[str, Any]]:
    """What is open as the next will meet it: one's own, nobody's, late, and what wakes in the next shift."""
    rows = Conversation.objects.visible_to(request.actor).select_related("unit", "assignee")
    me = request.actor.id
    ours = Q(assignee=None) | Q(assignee=me)
    groups = [
        ("mine", _("Sakene dine"), Choice(view="mine").held_against(rows, staff_id=me, at=at)),
        ("late", _("Forsinket"), rows.filter(ours, due_at__lt=at)),
        (
            "snoozed",
            _("På vent til neste vakt"),
            rows.filter(ours, state="snoozed", snoozed_until__lte=next_begins or at),
        ),
    ]
    if duty is not None:
        free = Choice(view="free").held_against(rows, staff_id=me, at=at)
        groups.append(("free", _("Ikke tatt"), free.filter(unit__path__startswith=duty.unit.path)))
    seen: set[int] = set()
    shown = []
    for code, label, conversations in groups:
        fresh = [
            row
            for row in conversations.order_by("waiting_since", "pk")[:SHOWN]
            if row.pk not in seen
        ]
        seen |= {row.pk for row in fresh}
        for row in fresh:
            row.deadline = due_words(row, at=at)  # type: ignore[attr-defined]  # shown beside it
        shown.append({"code": code, "label": label, "rows": fresh})
    return shown


@requires("conversations.handle")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def hand_on(request: Any) -> HttpResponse:
    """`/desk/vakt/overlever`: choose what goes to the next on duty, with a word."""
    now = timezone.now()
    duty = _duty_of(request, now)
    following = handover.next_on(duty, at=now) if duty else None
    form = ShiftForm(
        request.municipality,
        request.POST or None,
        initial={"to": following.staff_id if following else None},
    )
    if form.is_bound and form.is_valid():
        try:
            return _handed(request, duty, form)
        except Refused as refusal:
            form.add_error(None, refusal.message)
    context = {
        "form": form,
        "own_duty": duty,
        "following": following,
        "groups": open_groups(request, duty, following.ends_at if following else None, now),
    }
    return render(request, "desk/hand_on.html", context, status=422 if form.is_bound else 200)


def _handed(request: Any, duty: Duty | None, form: ShiftForm) -> HttpResponse:
    if duty is None:
        raise Refused(_("Du har ingen vakt å overlevere. Gi saken til en kollega i stedet."))
    data = form.cleaned_data
    handed = handover.hand_over(
        duty,
        chosen_rows(request, handover.MOST),
        data["note"],
        to=data["to"],
        by=request.actor,
        at=timezone.now(),
    )
    for ref, why in handed.refused:
        messages.warning(request, f"{ref}: {why}")
    words = ngettext(
        "%(n)s sak er overlevert til %(name)s.",
        "%(n)s saker er overlevert til %(name)s.",
        handed.done,
    )
    messages.success(request, words % {"n": handed.done, "name": data["to"].first_name})
    return redirect("desk:duty")


@requires("conversations.read")
@require_POST
def acknowledge(request: Any, pk: int) -> HttpResponse:
    """The one who took over has read it."""
    row = get_object_or_404(Handover, pk=pk, to_staff=request.actor.id)
    handover.acknowledge(row, by=request.actor, at=timezone.now())
    messages.success(request, _("Du har tatt over."))
    return redirect("desk:inbox")
