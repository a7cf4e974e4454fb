"""A choice of filters: read from the address, held against the queue, written back as an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from torget.conversations.deadlines import LONGEST_WARNING
from torget.conversations.models import Conversation, ConversationQuerySet
from torget.design import querytext
from torget.rooms import kinds

VIEWS = {
    "waiting": _("Venter på svar"),
    "mine": _("Mine"),
    "free": _("Ikke tatt"),
    "late": _("Forsinket eller snart"),
    "snoozed": _("På vent"),
    "answered": _("Besvart"),
    "closed": _("Avsluttet"),
}
# Name in the address → field of the choice.
KEYS = {
    "vis": "view",
    "enhet": "unit",
    "slag": "kind",
    "kanal": "network",
    "merke": "tag",
    "hos": "owner",
    "synlig": "visibility",
}
MOST_CHARS = 60


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen. `owner` is "meg", "ingen" or the id of a colleague."""

    view: str = "waiting"
    unit: str = ""
    kind: str = ""
    network: str = ""
    tag: str = ""
    owner: str = ""
    visibility: str = ""
    unit_id: int | None = None  # what the slug stands for, when somebody has looked it up

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Choice:
        """Read from an address; what is unknown is left out."""
        fields: dict[str, Any] = {
            field: str(query.get(key, "")).replace("\x00", "")[:MOST_CHARS]
            for key, field in KEYS.items()
        }
        if fields["view"] not in VIEWS:
            fields["view"] = "waiting"
        if fields["visibility"] not in Conversation.Visibility.values:
            fields["visibility"] = ""
        if fields["kind"] not in kinds():
            fields["kind"] = ""
        if fields["owner"] not in {"meg", "ingen"} and querytext.number(fields["owner"]) is None:
            fields["owner"] = ""
        return cls(**fields)

    @property
    def query(self) -> str:
        """As in the address, without what is not chosen."""
        chosen = {key: getattr(self, field) for key, field in KEYS.items() if getattr(self, field)}
        return urlencode(chosen)

    @property
    def narrowed(self) -> bool:
        """Whether more than a view is chosen."""
        return self.query != Choice(view=self.view).query

    def within(self, view: str) -> Choice:
        """The same filters in another view."""
        return replace(self, view=view)

    def held_against(
        self, rows: ConversationQuerySet, *, staff_id: int | None, at: datetime
    ) -> ConversationQuerySet:
        """Those the choice lets through, in no order."""
        rows = self._in_view(rows.filter(merged_into=None), staff_id, at)
        if self.unit_id is not None:
            rows = rows.filter(unit_id=self.unit_id)
        elif self.unit:
            rows = rows.filter(unit__slug=self.unit)
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.network:
            rows = rows.filter(network=self.network)
        if self.tag:
            rows = rows.filter(tags__contains=[self.tag])
        if self.visibility:
            rows = rows.filter(visibility=self.visibility)
        if self.owner == "ingen":
            rows = rows.filter(assignee=None)
        elif self.owner:
            rows = rows.filter(assignee=staff_id if self.owner == "meg" else int(self.owner))
        return rows

    def _in_view(
        self, rows: ConversationQuerySet, staff_id: int | None, at: datetime
    ) -> ConversationQuerySet:
        if self.view == "late":
            near = Q(due_at__lte=at) | Q(warned_of=F("due_at"))
            return rows.filter(near, due_at__lte=at + LONGEST_WARNING)
        if self.view in {"snoozed", "answered", "closed"}:
            return rows.filter(state=self.view)
        rows = rows.filter(state__in=Conversation.OPEN)
        if self.view == "mine":
            return rows.filter(assignee=staff_id)
        return rows.filter(assignee=None) if self.view == "free" else rows
