"""What a rule asks of a conversation: a field, an operator and a value, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext_lazy as _

from torget.conversations.models import Conversation, Message
from torget.history.models import Entry
from torget.people.hours import Hours
from torget.people.models import Unit

OPERATORS = {
    "is": _("er"),
    "is_not": _("er ikke"),
    "contains": _("inneholder"),
    "lacks": _("inneholder ikke"),
    "more": _("er mer enn"),
}
# Field → what it is called, and what kind of value it is compared with.
FIELDS = {
    "unit": (_("Enhet (og de under)"), "unit"),
    "kind": (_("Slags sak"), "kind"),
    "network": (_("Kanal"), "network"),
    "visibility": (_("Offentlig eller privat"), "visibility"),
    "language": (_("Språk (nb, nn, en)"), "text"),
    "tag": (_("Merke"), "tag"),
    "words": (_("Ord i emnet eller meldingen"), "text"),
    "assignee": (_("Tatt av noen (ja/nei)"), "yesno"),
    "open": (_("I åpningstiden (ja/nei)"), "yesno"),
    "waited": (_("Timer ventet"), "number"),
}


class Facts:
    """What is true of a conversation when an event is met; looked up only when asked for."""

    def __init__(self, row: Conversation, entry: Entry, at: datetime) -> None:
        self.row, self.entry, self.at = row, entry, at

    @cached_property
    def words(self) -> str:
        """The subject and what was said in the event, or else last, in lower case."""
        text = self.row.preview
        if self.entry.subject_type == "conversations.message":
            message = Message.objects.filter(pk=self.entry.subject_id).first()
            text = message.body if message else text
        return f"{self.row.subject} {text}".lower()

    @cached_property
    def is_open(self) -> bool:
        """Whether the unit was open when it happened."""
        return Hours(self.row.unit).is_open(self.entry.at)

    @property
    def hours_waited(self) -> float:
        """How long the resident has waited."""
        since = self.row.waiting_since
        return (self.at - since).total_seconds() / 3600 if since else 0.0


@dataclass(frozen=True, slots=True)
class Reading:
    """How a field is held against a value: equal, and containing."""

    equal: Callable[[Facts, str], bool]
    holds: Callable[[Facts, str], bool]


def _yes(value: str) -> bool:
    return value.strip().lower() in {"ja", "yes", "true", "1"}


def _in_unit(facts: Facts, value: str) -> bool:
    unit: Unit | None = facts.row.unit
    while unit is not None:
        if unit.slug == value:
            return True
        unit = unit.parent
    return False


_READINGS: dict[str, Reading] = {
    "unit": Reading(_in_unit, _in_unit),
    "kind": Reading(lambda f, v: f.row.kind == v, lambda f, v: f.row.kind == v),
    "network": Reading(lambda f, v: f.row.network == v, lambda f, v: v in f.row.network),
    "visibility": Reading(lambda f, v: f.row.visibility == v, lambda f, v: f.row.visibility == v),
    "language": Reading(lambda f, v: f.row.language == v, lambda f, v: f.row.language == v),
    "tag": Reading(lambda f, v: v in f.row.tags, lambda f, v: v in f.row.tags),
    "words": Reading(lambda f, v: f.words == v.lower(), lambda f, v: v.lower() in f.words),
    "assignee": Reading(
        lambda f, v: bool(f.row.assignee_id) == _yes(v),
        lambda f, v: bool(f.row.assignee_id) == _yes(v),
    ),
    "open": Reading(lambda f, v: f.is_open == _yes(v), lambda f, v: f.is_open == _yes(v)),
    "waited": Reading(
        lambda f, v: int(f.hours_waited) == _number(v), lambda f, v: f.hours_waited > _number(v)
    ),
}


def _number(value: str) -> float:
    try:
        return float(value.replace(",", "."))
    except ValueError:
        return float("inf")


def holds(condition: dict[str, str], facts: Facts) -> bool:
    """Whether one condition holds; one that cannot be read never does."""
    reading = _READINGS.get(condition.get("field", ""))
    operator, value = condition.get("operator", ""), condition.get("value", "")
    if reading is None or operator not in OPERATORS:
        return False
    if operator == "more":
        return facts.hours_waited > _number(value) if condition["field"] == "waited" else False
    compare = reading.equal if operator in {"is", "is_not"} else reading.holds
    return compare(facts, value) != (operator in {"is_not", "lacks"})


def first_unmet(conditions: Sequence[dict[str, str]], facts: Facts) -> dict[str, str] | None:
    """The first condition that does not hold; None when all do."""
    return next((condition for condition in conditions if not holds(condition, facts)), None)
