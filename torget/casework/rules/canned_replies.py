"""Ready-made replies: writing them, filling in their variables, and finding those that fit what the resident asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.search import (
    SearchQuery,
    SearchRank,
    TrigramWordSimilarity,
)
from django.db import IntegrityError, transaction
from django.db.models import F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.casework.models import CannedReply
from torget.conversations.models import Conversation
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Municipality, Staff, Unit

VARIABLES = {
    "fornavn": gettext_lazy("innbyggerens fornavn"),
    "saksnummer": gettext_lazy("sakens nummer"),
    "emne": gettext_lazy("sakens overskrift"),
    "enhet": gettext_lazy("enheten saken er hos"),
    "avsender": gettext_lazy("fornavnet ditt"),
    "signatur": gettext_lazy("slik du signerer svar"),
    "telefon": gettext_lazy("kommunens telefonnummer"),
    "kommune": gettext_lazy("kommunens navn"),
}
LANGUAGES = ("nb", "nn", "en")
_VARIABLE = re.compile(r"\{([^{}\n]{0,40})\}")
_WORD = re.compile(r"\w{3,}")
OFFERED = 3
# Below this a reply has nothing to do with what was asked. PostgreSQL divides a rank by the length of the question;
# it is multiplied back, so that a chatty question finds as much as a curt one.
LEAST_RANK, LEAST_LIKENESS, LEAST_OF_BEST = 0.1, 0.6, 0.5


@dataclass(frozen=True, slots=True)
class Text:
    """A ready-made reply as it is written."""

    name: str
    shortcut: str
    bodies: Mapping[str, str]
    unit: Unit | None = None
    active: bool = True


def usable(conversation: Conversation) -> QuerySet[CannedReply]:
    """The ready-made replies of the conversation's unit, of those above it, and those for all."""
    path = conversation.unit.path
    above = [
        unit.pk
        for unit in Unit.objects.filter(municipality=conversation.municipality_id)
        if path.startswith(unit.path)
    ]
    return CannedReply.objects.filter(
        Q(unit=None) | Q(unit__in=above), municipality=conversation.municipality_id, active=True
    )


def offered(conversation: Conversation, question: str) -> list[CannedReply]:
    """The three that fit best what the resident said last: Norwegian stems first, then likeness of the name."""
    words = list(dict.fromkeys(_WORD.findall(question.lower())))[:40]
    if not words:
        return []
    query = SearchQuery(
        " | ".join(f"'{word}'" for word in words), config="norwegian", search_type="raw"
    )
    likeness = TrigramWordSimilarity(" ".join(words)[:500], "name")
    fitting = list(
        usable(conversation)
        .annotate(
            rank=Cast(SearchRank(F("search"), query), FloatField()) * Value(float(len(words))),
            likeness=Cast(likeness, FloatField()),
        )
        .filter(Q(search=query, rank__gte=LEAST_RANK) | Q(likeness__gte=LEAST_LIKENESS))
        .annotate(fit=F("rank") + F("likeness") * 0.1)
        .order_by("-fit", "-used", "name")[:OFFERED]
    )
    return [canned for canned in fitting if canned.fit >= fitting[0].fit * LEAST_OF_BEST]


def search(conversation: Conversation, query: str, *, limit: int = 20) -> list[CannedReply]:
    """Those whose name, shortcut or words hold the query; most used first."""
    rows = usable(conversation)
    if query := query.strip()[:80]:
        words = SearchQuery(query, config="norwegian", search_type="websearch")
        rows = rows.filter(
            Q(search=words) | Q(name__icontains=query) | Q(shortcut__istartswith=query)
        )
    return list(rows.order_by("-used", "name")[:limit])


def fill(canned: CannedReply, conversation: Conversation, staff: Staff | None) -> str:
    """The text in the conversation's language with its variables filled in; what is not known leaves no gap."""
    body = getattr(canned, f"body_{conversation.language}", "") or canned.body_nb
    # In public nobody is called by a name they did not want shown.
    hidden = (
        conversation.visibility == Conversation.Visibility.PUBLIC and not conversation.show_name
    )
    with translation.override(conversation.language):
        values = {
            "fornavn": "" if hidden else (conversation.person_name.split() or [""])[0],
            "saksnummer": conversation.ref,
            "emne": conversation.subject,
            "enhet": conversation.unit.local_name,
            "avsender": staff.first_name if staff else "",
            "signatur": staff.signature if staff else "",
            "telefon": conversation.municipality.phone,
            "kommune": conversation.municipality.name,
        }
    return filled(body, values)


def filled(body: str, values: Mapping[str, str]) -> str:
    """A text with its variables replaced; an empty value takes the space before it along."""
    for name in _VARIABLE.findall(body):
        value = values.get(name.strip().lower())
        if value == "":
            body = re.sub(rf"[ \t]*\{{{re.escape(name)}\}}", "", body)
        elif value is not None:
            body = body.replace(f"{{{name}}}", value)
    return body


def example(body: str, municipality: Municipality, staff: Staff | None, language: str) -> str:
    """The text as it would look in an invented case."""
    with translation.override(language):
        unit = staff.unit.local_name if staff else municipality.name
        return filled(
            body,
            {
                "fornavn": "Kari",
                "saksnummer": f"{municipality.ref_prefix}-2026-17",
                "emne": _("Når blir gata vår brøytet?"),
                "enhet": unit,
                "avsender": staff.first_name if staff else "",
                "signatur": staff.signature if staff else "",
                "telefon": municipality.phone,
                "kommune": municipality.name,
            },
        )


def unknown(text: Text) -> list[str]:
    """Variables in the text that are none."""
    return sorted(
        {
            name
            for body in text.bodies.values()
            for name in _VARIABLE.findall(body)
            if name.strip().lower() not in VARIABLES
        }
    )


def write(
    municipality: Municipality,
    text: Text,
    *,
    by: Actor,
    at: datetime,
    of: CannedReply | None = None,
) -> CannedReply:
    """Make a ready-made reply, or change one.

    Raises:
        NotAllowed: no role for it (for all: anywhere; for a unit: there).
        Refused: no text in bokmål, an unknown variable, or a shortcut already taken.
    """
    for unit in {text.unit, of.unit if of else None}:
        check(by, "canned.edit", unit)
    if not text.bodies.get("nb", "").strip():
        raise Refused(_("Skriv teksten på bokmål. De andre språkene er valgfrie."), "no_text")
    if wrong := unknown(text):
        raise Refused(
            _("Vi kjenner ikke {%(name)s}. Bruk bare feltene i listen.") % {"name": wrong[0]},
            "unknown_variable",
        )
    canned = of or CannedReply(municipality=municipality)
    canned.name, canned.shortcut, canned.unit = text.name.strip(), text.shortcut, text.unit
    canned.active = text.active
    for language in LANGUAGES:
        setattr(canned, f"body_{language}", text.bodies.get(language, "").strip())
    try:
        with transaction.atomic():
            canned.save()
            record("canned.changed" if of else "canned.made", canned, by=by, at=at)
    except IntegrityError as fault:
        raise Refused(
            _("Kortnavnet er i bruk på en annen svarmal. Velg et annet."), "shortcut_taken"
        ) from fault
    return canned
