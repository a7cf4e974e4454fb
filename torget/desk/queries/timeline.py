"""What happened to a conversation, in words, from history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from torget.casework.models import AutomationRule, PendingReply
from torget.channels.models import Account
from torget.conversations.models import Conversation, Message, Tag
from torget.design import times
from torget.history.models import Entry
from torget.people.models import Staff, Unit
from torget.rooms import verbs

# What history calls them; pending replies were conversations' before they were casework's, and history is not rewritten.
NAMES_IN_HISTORY: dict[type[Model], tuple[str, ...]] = {
    Message: ("conversations.message",),
    PendingReply: ("casework.pendingreply", "conversations.held"),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, in words."""

    at: datetime
    verb: str
    words: str
    why: str = ""


class _Names:
    """The names of what history holds only ids of, each kind asked for once."""

    def __init__(self, conversation: Conversation, entries: Sequence[Entry]) -> None:
        town = conversation.municipality_id
        self.staff = {row.pk: row for row in Staff.objects.filter(municipality=town)}
        self.units = {row.pk: row for row in Unit.objects.filter(municipality=town)}
        data = [entry.data for entry in entries]
        self.tags = self._of(Tag, town, data, "tag")
        self.rules = self._of(AutomationRule, town, data, "rule")
        self.accounts = self._of(Account, town, data, "account")
        self.others = self._of(Conversation, town, data, "other")

    @staticmethod
    def _of(model: Any, town: int, data: Sequence[dict[str, Any]], key: str) -> dict[int, Any]:
        ids = {entry_data[key] for entry_data in data if isinstance(entry_data.get(key), int)}
        rows = model.objects.filter(municipality=town, pk__in=ids) if ids else []
        return {row.pk: row for row in rows}

    def who(self, entry: Entry) -> str:
        """Who acted, as colleagues call them."""
        if entry.actor_kind == "staff":
            colleague = self.staff.get(entry.actor_id or 0)
            return colleague.first_name if colleague else _("En ansatt")
        return _("Innbyggeren") if entry.actor_kind == "resident" else _("Systemet")

    def fill(self, entry: Entry) -> dict[str, str]:
        """What the sentence is filled with."""
        data = entry.data
        to, unit = self.staff.get(data.get("to") or 0), self.units.get(data.get("unit") or 0)
        until = parse_datetime(str(data["until"])) if data.get("until") else None
        return {
            "who": self.who(entry),
            "to": to.first_name if to else _("ingen"),
            "unit": unit.local_name if unit else "–",
            "tag": str(self.tags.get(data.get("tag") or 0, "–")),
            "account": str(self.accounts.get(data.get("account") or 0, "–")),
            "other": str(self.others.get(data.get("other") or 0, "–")),
            "until": times.weekday_moment(until, now=entry.at)
            if until
            else _("innbyggeren skriver"),
        }

    def why(self, entry: Entry) -> str:
        """Which rule, macro or batch it was part of."""
        if rule := entry.data.get("rule"):
            return _("regelen «%(name)s»") % {"name": self.rules.get(rule, "–")}
        if entry.data.get("macro"):
            return _("en makro")
        return _("flere saker samlet") if entry.data.get("batch") else ""


def events(conversation: Conversation) -> list[Event]:
    """Everything that happened to it, oldest first; a verb without words of its own is shown plainly, never hidden."""
    known = verbs()
    # Told by the message or the pending reply itself, which stands in the thread.
    shown_elsewhere = [name for name, verb in known.items() if not verb.on_timeline]
    entries = list(
        Entry.objects.filter(
            subject_type="conversations.conversation", subject_id=conversation.pk
        ).order_by("id")
    )
    for model in (Message, PendingReply):
        of_it = model.objects.filter(conversation=conversation).values_list("pk", flat=True)
        entries += Entry.objects.filter(
            subject_type__in=NAMES_IN_HISTORY[model], subject_id__in=list(of_it)
        ).exclude(verb__in=shown_elsewhere)
    names = _Names(conversation, entries)
    shown = []
    for entry in entries:
        verb = entry.verb
        if verb == "conversation.assigned" and not entry.data.get("to"):
            verb = "conversation.released"
        fill = names.fill(entry)
        sentence = known[verb].words if verb in known else ""
        words = (
            str(sentence) % fill
            if sentence
            else _("%(who)s: %(verb)s") % {"who": fill["who"], "verb": verb}
        )
        shown.append(Event(entry.at, entry.verb, words, names.why(entry)))
    return sorted(shown, key=lambda event: event.at)
