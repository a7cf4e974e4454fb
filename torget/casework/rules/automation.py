"""Rules: when this happens and these conditions hold, do that. Once for each event, whatever dies; never on their own acts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from torget.casework.models import AutomationCursor, AutomationRule, AutomationRun
from torget.casework.rules.actions import perform
from torget.casework.rules.conditions import Facts, first_unmet
from torget.conversations.models import Conversation
from torget.errors import Refused
from torget.history.models import Entry
from torget.history.rules import because, record
from torget.people.actor import Actor, check_everywhere
from torget.people.models import Municipality
from torget.rooms import Text, verbs

log = logging.getLogger(__name__)

# What a blocked sender did sets nothing going.
BLOCKED = {"blocked": True}
REHEARSED = 100
BATCH = 200

# What this process has looked at beyond the stored cursor, and how far is safe to store: see `_advance`.
_seen: dict[int, set[int]] = {}
_noted: dict[int, tuple[int, int]] = {}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a rule would have done with one event: `unmet` is the first condition that did not hold, None when all did."""

    entry: Entry
    conversation: Conversation
    unmet: dict[str, str] | None


def save_rule(
    rule: AutomationRule | None,
    municipality: Municipality,
    *,
    name: str,
    event: str,
    conditions: Sequence[dict[str, str]],
    actions: Sequence[dict[str, str]],
    last: bool,
    position: int,
    by: Actor,
    at: datetime,
) -> AutomationRule:
    """Write a rule down, new or changed. It is switched off by that: what changed is to be tried first.

    Raises:
        NotAllowed: no role that arranges the desk for all: a rule acts in every unit.
        Refused: no name, an event nobody knows, or nothing to do.
    """
    check_everywhere(by, "desk.arrange", municipality)
    if by.staff is None or by.municipality_id != municipality.pk:
        raise Refused(_("Bare ansatte kan gjøre dette."), "no_staff")
    if not name.strip() or event not in events() or not actions:
        raise Refused(_("Gi regelen et navn og minst én handling."), "incomplete")
    with transaction.atomic():
        row = rule or AutomationRule(municipality=municipality)
        row.name, row.event, row.last, row.position = name.strip()[:120], event, last, position
        row.conditions, row.actions, row.active = list(conditions), list(actions), False
        row.changed_by, row.changed_at = by.staff, at
        row.save()
        record("rule.saved", row, by=by, at=at, event=event)
    return row


def switch(rule: AutomationRule, active: bool, *, by: Actor, at: datetime) -> None:
    """Switch a rule on or off. It answers to what happens from now on, never to what was.

    Raises:
        NotAllowed: no role that arranges the desk for all: a rule acts in every unit.
    """
    check_everywhere(by, "desk.arrange", rule.municipality)
    if by.municipality_id != rule.municipality_id:
        raise Refused(_("Velg en regel i listen."), "stranger")
    with transaction.atomic():
        row = AutomationRule.objects.select_for_update().get(pk=rule.pk)
        if active and not row.active:
            row.from_entry_id = Entry.objects.aggregate(last=Max("pk"))["last"] or 0
        row.active = active
        row.save(update_fields=["active", "from_entry_id"])
        record("rule.switched", row, by=by, at=at, active=active)


def events() -> dict[str, Text]:
    """What a rule may follow, and what it is called."""
    return {name: verb.triggers for name, verb in verbs().items() if verb.triggers}


def rehearse(rule: AutomationRule, *, by: Actor, at: datetime) -> list[Rehearsal]:
    """What the rule would have done with the last hundred such events; nothing is done.

    Conditions are held against the conversation as it is now. Only conversations the actor may read are shown.
    """
    entries = list(
        Entry.objects.filter(municipality_id=rule.municipality_id, verb=rule.event)
        .exclude(data__has_key="rule")
        .exclude(data__contains=BLOCKED)
        .order_by("-id")[:REHEARSED]
    )
    readable = (
        Conversation.objects.visible_to(by)
        .select_related("unit", "assignee", "municipality")
        .in_bulk([entry.conversation_id for entry in entries if entry.conversation_id])
    )
    return [
        Rehearsal(entry, row, first_unmet(rule.conditions, Facts(row, entry, at)))
        for entry in entries
        if (row := readable.get(entry.conversation_id or 0)) is not None
    ]


def follow(*, at: datetime) -> int:
    """Let the active rules answer to what is new in history; how many rows were looked at."""
    count = 0
    towns = (
        AutomationRule.objects.filter(active=True)
        .values_list("municipality_id", flat=True)
        .distinct()
    )
    for municipality_id in list(towns):
        count += _follow(municipality_id, at)
    return count


def _follow(municipality_id: int, at: datetime) -> int:
    rules = list(AutomationRule.objects.filter(municipality_id=municipality_id, active=True))
    cursor, _new = AutomationCursor.objects.get_or_create(municipality_id=municipality_id)
    begins = max(cursor.last_entry_id, min(rule.from_entry_id for rule in rules))
    seen = _seen.setdefault(municipality_id, set())
    safe = _safe_id(municipality_id)
    entries = list(
        Entry.objects.filter(
            municipality_id=municipality_id,
            pk__gt=begins,
            verb__in={rule.event for rule in rules},
        )
        .exclude(pk__in=seen)
        .order_by("pk")[:BATCH]
    )
    answered = [entry.pk for entry in entries if _answer(entry, rules, at)]
    seen.update(answered)
    # What another worker kept us from is still ahead of us: it may die before it has answered.
    if safe and len(answered) == len(entries) < BATCH:
        AutomationCursor.objects.filter(pk=cursor.pk, last_entry_id__lt=safe).update(
            last_entry_id=safe
        )
        seen -= {pk for pk in seen if pk <= safe}
    return len(entries)


def _safe_id(municipality_id: int) -> int:
    """Up to which row everything was committed and seen.

    Ids are given before the commit, so a lower one may appear after a higher. What was the highest at an earlier look
    is safe once every transaction that ran then has ended.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,"
            " pg_snapshot_xmax(pg_current_snapshot())::text::bigint,"
            " (SELECT max(id) FROM history_entry)"
        )
        oldest, next_one, highest = cursor.fetchone()
    noted = _noted.get(municipality_id)
    if noted and oldest < noted[0]:
        return 0
    _noted[municipality_id] = (next_one, highest or 0)
    return noted[1] if noted else 0


def _answer(entry: Entry, rules: Sequence[AutomationRule], at: datetime) -> bool:
    """Let the rules meet one event, in one transaction; False when another worker is at it."""
    pk = entry.conversation_id
    silent = "rule" in entry.data or BLOCKED.items() <= entry.data.items()
    if silent or pk is None or entry.municipality_id is None:
        return True
    try:
        with transaction.atomic():
            AutomationCursor.objects.select_for_update(nowait=True).get(
                municipality_id=entry.municipality_id
            )
            for rule in rules:
                if rule.event != entry.verb or entry.pk <= rule.from_entry_id:
                    continue
                if _meet(rule, entry, pk, at) and rule.last:
                    break
    except OperationalError as fault:
        if "could not obtain lock" in str(fault):
            return False
        raise
    return True


def _meet(rule: AutomationRule, entry: Entry, conversation_id: int, at: datetime) -> bool:
    """Whether the rule ran, now or already before something died."""
    if AutomationRun.objects.filter(rule=rule, entry_id=entry.pk).exists():
        return True
    row = (
        Conversation.objects.select_related("unit", "assignee", "municipality")
        .filter(pk=conversation_id, municipality_id=rule.municipality_id, merged_into=None)
        .first()
    )
    if row is None or first_unmet(rule.conditions, Facts(row, entry, at)) is not None:
        return False
    fault = ""
    try:
        with transaction.atomic(), because(rule=rule.pk):
            _perform_all(rule, row, at)
    except Refused as refusal:
        fault = refusal.message[:300]
    except (OperationalError, KeyError, TypeError, ValueError) as broken:
        if isinstance(broken, OperationalError):
            raise
        log.error("Rule %s could not run: %s", rule.pk, type(broken).__name__)
        fault = type(broken).__name__
    AutomationRun.objects.create(
        rule=rule, entry_id=entry.pk, conversation=row, ran_at=at, fault=fault
    )
    return True


def _perform_all(rule: AutomationRule, row: Conversation, at: datetime) -> None:
    system: Any = Actor.system(rule.municipality_id)
    for step in rule.actions:
        row = Conversation.objects.select_related("unit", "municipality").get(pk=row.pk)
        # A note has an author: the one who made the rule, with the rights they have today.
        by = Actor.of_staff(rule.changed_by) if step["act"] == "note" else system
        perform(row, step["act"], step.get("value", ""), by=by, at=at)
