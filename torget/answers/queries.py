"""What the pages show: published answers; for editors, what looks personal, what must be looked at, what is asked without an answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from torget.answers import personal
from torget.answers.models import Answer, AnswerQuerySet, Policy, Rating
from torget.answers.rules.asking import most_asked
from torget.conversations.models import Conversation
from torget.people.models import Municipality

SHOWN = 100
VIEWS = ("look", "no", "asked", "all", "gone")
LANGUAGES = ("nb", "nn", "en")


def advice(kind: str) -> tuple[str, str]:
    """What a finding is called, and what to do with it."""
    return {
        personal.NATIONAL_ID: (_("Fødselsnummer"), _("Må bort. Det kan ikke publiseres.")),
        personal.NAME: (_("Navnet til den som spurte"), _("Ta det bort. Skriv «en innbygger».")),
        personal.EMAIL: (_("E-postadresse"), _("Ta den bort hvis den ikke er kommunens.")),
        personal.PHONE: (_("Telefonnummer"), _("Ta det bort hvis det ikke er kommunens.")),
        personal.ADDRESS: (
            _("Adresse"),
            _("Ta bort adressen der noen bor. Skriv bydel eller gate."),
        ),
        personal.BIRTH: (_("Fødselsdato"), _("Ta den bort, eller skriv omtrent hvor gammel.")),
        personal.PLATE: (_("Bilnummer"), _("Ta det bort.")),
        personal.BANK: (_("Kontonummer"), _("Ta det bort hvis det ikke er kommunens.")),
    }[kind]


def review(
    question: str, body: str, names: Sequence[str], confirmed: Sequence[str]
) -> dict[str, Any]:
    """What looks personal in the text, marked where it stands, and what to do with each."""
    in_question, in_body = personal.find(question, names), personal.find(body, names)
    lines: dict[str, dict[str, Any]] = {}
    for finding in [*in_question, *in_body]:
        what, do = advice(finding.kind)
        lines.setdefault(
            finding.text,
            {
                "text": finding.text,
                "what": what,
                "do": do,
                "refused": finding.refused,
                "confirmed": finding.text in confirmed,
            },
        )
    return {
        "findings": list(lines.values()),
        "question_pieces": personal.pieces(question, in_question),
        "body_pieces": personal.pieces(body, in_body),
    }


def _rows(request: Any) -> Any:
    unread = Rating.objects.filter(useful=False).order_by("-at")
    return (
        Answer.objects.filter(municipality=request.municipality)
        .select_related("unit")
        .annotate(
            unhelpful=Count("ratings", filter=Q(ratings__useful=False), distinct=True),
            unread=Count(
                "ratings", filter=Q(ratings__useful=False, ratings__seen_at=None), distinct=True
            ),
            newest_no=Max("ratings__at", filter=Q(ratings__useful=False)),
        )
        .prefetch_related(Prefetch("ratings", queryset=unread, to_attr="noes"), "topics")
    )


def remind_days(request: Any) -> int:
    """How many days before it expires an answer must be looked at."""
    policy = Policy.objects.filter(municipality=request.municipality).first() or Policy()
    return policy.remind_days


def answers(request: Any, *, at: datetime) -> dict[str, Any]:
    """The editors' list as chosen in the address."""
    chosen = request.GET.get("vis", "look")
    chosen = chosen if chosen in VIEWS else "look"
    rows, groups = _rows(request), []
    until = at + timedelta(days=remind_days(request))
    live = rows.filter(withdrawn_at=None)
    soon = live.filter(valid_until__lte=until).order_by("valid_until")
    seen = Conversation.objects.visible_to(request.actor)
    shown: Any = []
    if chosen == "look":
        shown = soon
    elif chosen == "no":
        shown = live.filter(unhelpful__gt=0).order_by("-unread", "-newest_no")
    elif chosen == "asked":
        groups = most_asked(request.municipality, seen, at=at)
    elif chosen == "gone":
        shown = rows.exclude(withdrawn_at=None).order_by("-withdrawn_at")
    else:
        shown = live.order_by("-changed_at")
    return {
        "answers": list(shown[:SHOWN]),
        "groups": groups,
        "chosen": chosen,
        "at": at,
        "soon": soon.count(),
        "unread": Rating.objects.filter(
            answer__municipality=request.municipality,
            answer__withdrawn_at=None,
            useful=False,
            seen_at=None,
        )
        .values("answer")
        .distinct()
        .count(),
    }


def languages_lacking(answer: Answer) -> list[str]:
    """The municipality's languages the answer is not in yet."""
    source = answer.translation_of or answer
    there = {source.language, *source.translations.values_list("language", flat=True)}
    return [language for language in answer.municipality.languages if language not in there]


def chosen(municipality: Municipality, unit: str, topic: str) -> AnswerQuerySet:
    """The published answers of a unit and a topic (slugs; empty for all), newest first."""
    rows = Answer.objects.filter(municipality=municipality).published(at=timezone.now())
    if unit:
        rows = rows.filter(unit__slug=unit)
    if topic:
        rows = rows.filter(topics__slug=topic)
    return rows.select_related("unit").order_by("-changed_at", "-pk")
