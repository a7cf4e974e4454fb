"""What bulk acts, macros and rules are made of: one act on one conversation, named by a code, with one value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.casework.rules.assignment import assign_next
from torget.conversations import rules as conversations
from torget.conversations.models import Conversation
from torget.conversations.rules import snoozing, tagging
from torget.design import querytext
from torget.errors import Refused
from torget.people.actor import Actor
from torget.people.hours import OSLO
from torget.people.models import Staff, Unit

LATER_HOURS = 3
DAY_BEGINS = time(8)
SNOOZES = {
    "later": gettext_lazy("Senere i dag (om tre timer)"),
    "tomorrow": gettext_lazy("I morgen kl. 08.00"),
    "monday": gettext_lazy("Mandag kl. 08.00"),
    "reply": gettext_lazy("Til innbyggeren skriver"),
}
Do = Callable[[Conversation, str, Actor, datetime], None]


def snooze_until(choice: str, *, at: datetime) -> datetime | None:
    """The moment a choice stands for, in Norwegian time; None for "until the resident writes".

    Raises:
        Refused: neither one of the choices nor a time.
    """
    local = at.astimezone(OSLO)
    if choice == "reply":
        return None
    if choice == "later":
        return at + timedelta(hours=LATER_HOURS)
    if choice in {"tomorrow", "monday"}:
        days = 1 if choice == "tomorrow" else 7 - local.weekday()
        return datetime.combine(local.date() + timedelta(days=days), DAY_BEGINS, OSLO)
    try:
        moment = parse_datetime(choice)
    except ValueError:
        moment = None
    if moment is None:
        raise Refused(_("Velg når saken skal tilbake i køen."), "no_time")
    return moment if moment.tzinfo else moment.replace(tzinfo=OSLO)


def _staff(conversation: Conversation, value: str) -> Staff:
    staff = Staff.objects.filter(
        municipality_id=conversation.municipality_id, pk=querytext.number(value) or 0
    ).first()
    if staff is None:
        raise Refused(_("Velg en kollega i listen."), "no_staff")
    return staff


def _unit(conversation: Conversation, value: str) -> Unit:
    unit = Unit.objects.filter(municipality_id=conversation.municipality_id, slug=value).first()
    if unit is None:
        raise Refused(_("Velg en enhet i listen."), "no_unit")
    return unit


def _take(row: Conversation, value: str, by: Actor, at: datetime) -> None:
    conversations.take(row, by=by, at=at)


def _assign(row: Conversation, value: str, by: Actor, at: datetime) -> None:
    conversations.assign(row, _staff(row, value), by=by, at=at)


def _forward(row: Conversation, value: str, by: Actor, at: datetime) -> None:
    conversations.forward(row, _unit(row, value), by=by, at=at)


def _deal(row: Conversation, value: str, by: Actor, at: datetime) -> None:
    if assign_next(row, by=by, at=at) is None:
        raise Refused(_("Ingen på vakt har plass til flere saker nå."), "nobody")


def _tag(row: Conversation, value: str, by: Actor, at: datetime) -> None:
    tagging.add_tag(row, value, by=by, at=at)


def _untag(row: Conversation, value: str, by: Actor, at: datetime) -> None:
    tagging.remove_tag(row, value, by=by, at=at)


def _snooze(row: Conversation, value: str, by: Actor, at: datetime) -> None:
    snoozing.snooze(row, snooze_until(value, at=at), by=by, at=at)


def _close(row: Conversation, value: str, by: Actor, at: datetime) -> None:
    conversations.close(row, by=by, at=at)


def _note(row: Conversation, value: str, by: Actor, at: datetime) -> None:
    conversations.note(row, value, by=by, at=at)


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done. `value` says what it needs: tag, unit, staff, snooze, text, or nothing."""

    label: str | Promise
    do: Do
    value: str = ""
    people_only: bool = False


ACTS: dict[str, Act] = {
    "take": Act(gettext_lazy("Ta saken selv"), _take, people_only=True),
    "assign": Act(gettext_lazy("Gi til kollega"), _assign, "staff"),
    "forward": Act(gettext_lazy("Send til enhet"), _forward, "unit"),
    "deal": Act(gettext_lazy("Fordel til en på vakt"), _deal),
    "tag": Act(gettext_lazy("Sett på merke"), _tag, "tag"),
    "untag": Act(gettext_lazy("Ta av merke"), _untag, "tag"),
    "snooze": Act(gettext_lazy("Legg på vent"), _snooze, "snooze"),
    "close": Act(gettext_lazy("Avslutt"), _close),
    "note": Act(gettext_lazy("Skriv internt notat"), _note, "text"),
}


def perform(conversation: Conversation, act: str, value: str, *, by: Actor, at: datetime) -> None:
    """Do one act.

    Raises:
        Refused: as the act's own rule does; an act nobody knows.
    """
    if act not in ACTS:
        raise Refused(_("Velg hva som skal gjøres."), "no_act")
    ACTS[act].do(conversation, value, by, at)


def describe(steps: Sequence[dict[str, str]], names: dict[tuple[str, str], str]) -> list[str]:
    """Acts in words: "Send til enhet: Teknisk drift". `names` are the names of what values stand for."""
    words = []
    for step in steps:
        act = ACTS.get(step.get("act", ""))
        if act is None:
            continue
        value = step.get("value", "")
        shown = SNOOZES.get(value) or names.get((act.value, value), value)
        words.append(f"{act.label}: {shown}" if value else str(act.label))
    return words
