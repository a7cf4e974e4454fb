"""Round-robin assignment of a unit's conversations to those on duty: fewest open first, nobody above what they can carry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from torget.casework.models import AssignmentPolicy, Preference
from torget.conversations.models import Conversation
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.hours import OSLO
from torget.people.models import Absence, Duty, Staff, Unit
from torget.transitions import transition

MOST_A_ROUND = 50


def set_policy(
    unit: Unit, *, active: bool, most_open: int, by: Actor, at: datetime
) -> AssignmentPolicy:
    """Decide whether a unit's conversations are assigned round-robin, and how many one person may have open (0: any number).

    Raises:
        NotAllowed: no role that arranges the desk there.
    """
    check(by, "desk.arrange", unit)
    with transaction.atomic():
        row, _new = AssignmentPolicy.objects.update_or_create(
            unit=unit, defaults={"active": active, "most_open": most_open}
        )
        record("dealing.set", row, by=by, at=at, active=active, most=most_open)
    return row


def _candidates(unit: Unit, policy: AssignmentPolicy, *, at: datetime) -> list[Staff]:
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

    def most(colleague: Any) -> int:
        limits = [limit for limit in (policy.most_open, own.get(colleague.pk, 0)) if limit]
        return min(limits, default=1_000_000)

    def turn(colleague: Any) -> tuple[int, bool, int]:
        # Among equals the one after the last who got something; round and round.
        return colleague.open_now, colleague.pk <= (policy.last_staff_id or 0), colleague.pk

    able = [
        colleague
        for colleague in staff
        if colleague.open_now < most(colleague)
        and Actor.of_staff(colleague).may("conversations.take", unit)
    ]
    return sorted(able, key=turn)


def assign_next(conversation: Conversation, *, by: Actor, at: datetime) -> Staff | None:
    """Give a conversation that is nobody's to who is next in its unit; None when nobody has room.

    The row of the unit's policy is the queue: two who assign at once never fill one person above the limit.

    Raises:
        NotAllowed: no role that assigns there.
        Refused: somebody has it already.
    """
    check(by, "conversations.assign", conversation.unit)
    with transaction.atomic():
        AssignmentPolicy.objects.get_or_create(unit=conversation.unit)
        policy = AssignmentPolicy.objects.select_for_update().get(unit=conversation.unit)
        row = Conversation.objects.select_for_update().get(pk=conversation.pk)
        if row.assignee_id is not None or row.unit_id != policy.unit_id:
            raise Refused(_("Noen har allerede tatt saken."), "taken")
        able = _candidates(conversation.unit, policy, at=at)
        if not able:
            return None
        row.assignee = policy.last_staff = able[0]
        if row.state == Conversation.State.NEW:
            transition(row, Conversation.State.OPEN)
        row.save(update_fields=["assignee", "state"])
        policy.save(update_fields=["last_staff"])
        record("conversation.dealt", row, by=by, at=at, to=able[0].pk)
    return able[0]


def assign_waiting(*, at: datetime) -> int:
    """Assign what is nobody's in every unit that does so, who waited longest first; how many found somebody."""
    count = 0
    for policy in AssignmentPolicy.objects.filter(active=True, unit__active=True).select_related(
        "unit"
    ):
        free = Conversation.objects.filter(
            unit=policy.unit, assignee=None, state__in=Conversation.OPEN
        ).order_by("waiting_since", "id")
        if not free.exists() or not _candidates(policy.unit, policy, at=at):
            continue
        by = Actor.system(policy.unit.municipality_id)
        for row in free.select_related("unit")[:MOST_A_ROUND]:
            try:
                if assign_next(row, by=by, at=at) is None:
                    break
            except Refused:
                continue  # somebody took it meanwhile
            count += 1
    return count
