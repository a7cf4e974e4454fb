"""Dealing a unit's conversations round to those on duty: fewest open first, nobody above what they can carry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from torget.conversations.models import Conversation
from torget.desk.models import Dealing, Preference
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.hours import OSLO
from torget.people.models import Absence, Duty, Staff, Unit

MOST_A_ROUND = 50


def set_dealing(unit: Unit, *, active: bool, most_open: int, by: Actor, at: datetime) -> Dealing:
    """Decide whether a unit's conversations are dealt out, and how many one person may have open (0: any number).

    Raises:
        NotAllowed: no role that arranges the desk there.
    """
    check(by, "desk.arrange", unit)
    with transaction.atomic():
        row, _new = Dealing.objects.update_or_create(
            unit=unit, defaults={"active": active, "most_open": most_open}
        )
        record("dealing.set", row, by=by, at=at, active=active, most=most_open)
    return row


def _candidates(unit: Unit, dealing: Dealing, *, at: datetime) -> list[Staff]:
    """Those on duty in the unit who are here, may take, and have room; who is next first."""
    today = at.astimezone(OSLO).date()
    away = Absence.objects.filter(from_on__lte=today, to_on__gte=today).values("staff_id")
    on_duty = Duty.objects.on_at(at).filter(unit=unit).exclude(staff_id__in=away)
    carries = Q(conversations__state__in=Conversation.OPEN)
    staff: list[Any] = list(
        Staff.objects.filter(pk__in=on_duty.values("staff_id"), active=True, user__is_active=True)
        .select_related("municipality")
        .annotate(open_now=Count("conversations", filter=carries))
        .order_by("pk")
    )
    own = dict(
        Preference.objects.filter(staff__in=staff, most_open__gt=0).values_list(
            "staff_id", "most_open"
        )
    )

    def most(one: Any) -> int:
        limits = [limit for limit in (dealing.most_open, own.get(one.pk, 0)) if limit]
        return min(limits, default=1_000_000)

    def turn(one: Any) -> tuple[int, bool, int]:
        # Among equals the one after the last who got something; round and round.
        return one.open_now, one.pk <= (dealing.last_staff_id or 0), one.pk

    able = [
        one
        for one in staff
        if one.open_now < most(one) and Actor.of_staff(one).may("conversations.take", unit)
    ]
    return sorted(able, key=turn)


def deal(conversation: Conversation, *, by: Actor, at: datetime) -> Staff | None:
    """Give one conversation that is nobody's to who is next in its unit; None when nobody has room.

    The row of the unit's dealing is the queue: two who deal at once never fill one person above the limit.

    Raises:
        NotAllowed: no role that assigns there.
        Refused: somebody has it already.
    """
    check(by, "conversations.assign", conversation.unit)
    with transaction.atomic():
        Dealing.objects.get_or_create(unit=conversation.unit)
        dealing = Dealing.objects.select_for_update().get(unit=conversation.unit)
        row = Conversation.objects.select_for_update().get(pk=conversation.pk)
        if row.assignee_id is not None or row.unit_id != dealing.unit_id:
            raise Refused(_("Noen har allerede tatt saken."), "taken")
        able = _candidates(conversation.unit, dealing, at=at)
        if not able:
            return None
        row.assignee = dealing.last_staff = able[0]
        row.state = Conversation.State.OPEN if row.state == Conversation.State.NEW else row.state
        row.save(update_fields=["assignee", "state"])
        dealing.save(update_fields=["last_staff"])
        record("conversation.dealt", row, by=by, at=at, to=able[0].pk)
    return able[0]


def deal_waiting(*, at: datetime) -> int:
    """Deal what is nobody's in every unit that deals, who waited longest first; how many found somebody."""
    count = 0
    for dealing in Dealing.objects.filter(active=True, unit__active=True).select_related("unit"):
        free = Conversation.objects.filter(
            unit=dealing.unit, assignee=None, state__in=Conversation.OPEN
        ).order_by("waiting_since", "id")
        if not free.exists() or not _candidates(dealing.unit, dealing, at=at):
            continue
        by = Actor.system(dealing.unit.municipality_id)
        for row in free.select_related("unit")[:MOST_A_ROUND]:
            try:
                if deal(row, by=by, at=at) is None:
                    break
            except Refused:
                continue  # somebody took it meanwhile
            count += 1
    return count
