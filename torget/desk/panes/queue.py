"""What the queue shows, and the numbers in the rail."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from torget.channels.models import Alarm
from torget.conversations.models import Conversation
from torget.conversations.rules.mentioning import unseen
from torget.desk.rules.holding import waiting_for
from torget.intake.models import Envelope
from torget.people.models import Unit

QUEUE = 50
VIEWS = ("waiting", "mine", "free", "answered", "closed")


def counts(request: Any) -> dict[str, int]:
    """The numbers in the rail."""
    return {
        "inbox": Conversation.objects.visible_to(request.actor)
        .filter(waiting_since__isnull=False)
        .count(),
        "quarantine": Envelope.objects.visible_to(request.actor).quarantined().count(),
        "mentions": unseen(by=request.actor).count(),
        "approvals": waiting_for(request.actor).count(),
    }


def alarms(request: Any) -> list[Alarm]:
    """What stands still here, or for the whole installation."""
    ours = Q(municipality=request.municipality) | Q(municipality=None)
    return list(Alarm.objects.filter(ours, closed_at=None).order_by("opened_at"))


def queue(request: Any) -> dict[str, Any]:
    """The queue as chosen in the address, oldest waiting first."""
    chosen = request.GET.get("vis", "waiting")
    chosen = chosen if chosen in VIEWS else "waiting"
    rows = Conversation.objects.visible_to(request.actor).select_related("assignee", "unit")
    if unit := request.GET.get("enhet", ""):
        rows = rows.filter(unit__slug=unit)
    if chosen == "waiting":
        rows = rows.waiting()
    elif chosen == "mine":
        rows = rows.waiting().filter(assignee=request.actor.id)
    elif chosen == "free":
        rows = rows.waiting().filter(assignee=None)
    else:
        rows = rows.filter(state=chosen).order_by("-last_message_at")
    return {
        "queue": list(rows[:QUEUE]),
        "chosen": chosen,
        "unit_chosen": unit,
        "queue_query": request.GET.urlencode(),
        "units": Unit.objects.filter(municipality=request.municipality, active=True),
        "desk_counts": counts(request),
        "alarms": alarms(request),
    }
