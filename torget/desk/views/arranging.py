"""How the desk is arranged: one's own preferences; tags, deadlines, macros, rules and dealing for all."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from torget.casework.models import (
    AssignmentPolicy,
    AutomationRule,
    AutomationRun,
    Macro,
    Preference,
)
from torget.casework.rules import assignment, automation
from torget.casework.rules.actions import describe
from torget.casework.rules.automation import events
from torget.casework.rules.conditions import FIELDS, OPERATORS
from torget.casework.rules.macros import save_macro
from torget.casework.rules.preferences import set_preference
from torget.conversations.deadlines import defaults
from torget.conversations.models import Conversation, Deadline, Tag
from torget.conversations.rules import tagging, terms
from torget.conversations.tasks import reckon_municipality
from torget.design.acting import done
from torget.desk.forms.arranging import (
    DeadlineForm,
    DealingForm,
    PreferenceForm,
    RuleForm,
    StepsForm,
    TagForm,
    Words,
)
from torget.errors import Refused
from torget.people.actor import requires
from torget.people.models import Unit

PAGE = ["GET", "HEAD", "POST"]


def _page(request: Any, template: str, form: Any, **context: Any) -> HttpResponse:
    shown = {"form": form, **context}
    return render(request, f"desk/{template}.html", shown, status=422 if form.errors else 200)


@requires("conversations.read")
@require_http_methods(PAGE)
@never_cache
def preferences(request: Any) -> HttpResponse:
    """`/desk/meg`: how one wants the desk oneself."""
    preference = Preference.objects.filter(staff=request.actor.id).first() or Preference()
    initial = {name: getattr(preference, name) for name in PreferenceForm.base_fields}
    form = PreferenceForm(request.POST or None, initial=initial)

    def do(data: dict[str, Any]) -> None:
        set_preference(**data, by=request.actor, at=timezone.now())

    if done(request, form, do, _("Valgene dine er lagret.")):
        return redirect("desk:preferences")
    return _page(request, "preferences", form)


@requires("desk.arrange")
@require_http_methods(PAGE)
@never_cache
def tags(request: Any) -> HttpResponse:
    """`/desk/innstillinger/merker`: the words conversations are sorted by."""
    form = TagForm(request.POST or None)

    def do(data: dict[str, Any]) -> None:
        tagging.make_tag(request.municipality, data["name"], by=request.actor, at=timezone.now())

    if done(request, form, do, _("Merket er laget."), at="name"):
        return redirect("desk:tags")
    return _page(request, "tags", form, tags=Tag.objects.filter(municipality=request.municipality))


@requires("desk.arrange")
@require_POST
def change_tag(request: Any, pk: int) -> HttpResponse:
    """Call a tag something else, retire it, or take it into use again."""
    row = get_object_or_404(Tag, pk=pk, municipality=request.municipality)
    form = TagForm(request.POST)
    name = form.cleaned_data["name"] if form.is_valid() else ""
    active = {"retire": False, "use": True}.get(request.POST.get("act", ""), row.active)
    try:
        tagging.change_tag(row, name, active=active, by=request.actor, at=timezone.now())
        messages.success(request, _("Merket er lagret."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("desk:tags")


@requires("desk.arrange")
@require_http_methods(PAGE)
@never_cache
def deadlines(request: Any) -> HttpResponse:
    """`/desk/innstillinger/frister`: how soon we answer."""
    form = DeadlineForm(request.municipality, request.POST or None)

    def do(data: dict[str, Any]) -> None:
        what = data.pop("what")
        terms.set_deadline(request.municipality, what, **data, by=request.actor, at=timezone.now())
        reckon_municipality.defer(municipality_id=request.municipality.pk)

    if done(
        request, form, do, _("Fristen er lagret. Sakene som venter, regnes om nå."), at="amount"
    ):
        return redirect("desk:deadlines")
    own = list(
        Deadline.objects.filter(municipality=request.municipality)
        .select_related("unit")
        .order_by("what", "pk")
    )
    usual = defaults(request.municipality)
    for row in [*own, *usual]:
        row.words = _how_long(row)  # type: ignore[attr-defined]  # shown beside it
    return _page(request, "deadlines", form, own=own, usual=usual)


def _how_long(row: Deadline) -> str:
    n, measure = row.amount, Deadline.Measure
    if not n:
        return _("Ingen frist")
    words = {
        measure.OPEN_HOURS: ngettext("%(n)s time i åpningstiden", "%(n)s timer i åpningstiden", n),
        measure.OPEN_DAYS: ngettext("%(n)s virkedag", "%(n)s virkedager", n),
        measure.DAYS: ngettext("%(n)s dag", "%(n)s dager", n),
        measure.MONTHS: ngettext("%(n)s måned", "%(n)s måneder", n),
    }
    return words[measure(row.measure)] % {"n": n}


@requires("desk.arrange")
@require_POST
def drop_deadline(request: Any, pk: int) -> HttpResponse:
    """Take a decided deadline away."""
    row = get_object_or_404(Deadline, pk=pk, municipality=request.municipality)
    terms.drop_deadline(row, by=request.actor, at=timezone.now())
    reckon_municipality.defer(municipality_id=request.municipality.pk)
    messages.success(request, _("Fristen er tatt bort."))
    return redirect("desk:deadlines")


def _names(words: Words) -> dict[tuple[str, str], str]:
    return {
        (kind, value): name for kind, group in words.named.items() for name, value in group.items()
    }


def conditions_in_words(conditions: list[dict[str, str]], words: Words) -> list[str]:
    """Conditions as they are read: "Kanal er email"."""
    return [
        f"{FIELDS[condition['field']][0]} {OPERATORS.get(condition.get('operator', ''), '')} "
        f"«{words.shown(FIELDS[condition['field']][1], condition.get('value', ''))}»"
        for condition in conditions
        if condition.get("field") in FIELDS
    ]


@requires("desk.arrange")
@require_http_methods(PAGE)
@never_cache
def macros(request: Any, pk: int = 0) -> HttpResponse:
    """`/desk/innstillinger/makroer`: several acts with one press; with a number, changing one."""
    macro = get_object_or_404(Macro, pk=pk, municipality=request.municipality) if pk else None
    words = Words(request.municipality)
    initial = {"name": macro.name, **StepsForm.initial_of(words, macro.actions)} if macro else {}
    form = StepsForm(request.municipality, request.POST or None, initial=initial)

    def do(data: dict[str, Any]) -> None:
        save_macro(
            macro,
            request.municipality,
            name=data["name"],
            actions=data["actions"],
            active=request.POST.get("act") != "retire",
            by=request.actor,
            at=timezone.now(),
        )

    if done(request, form, do, _("Makroen er lagret."), at="name"):
        return redirect("desk:macros")
    rows = list(Macro.objects.filter(municipality=request.municipality))
    names = _names(words)
    for row in rows:
        row.words = describe(row.actions, names)  # type: ignore[attr-defined]  # shown beside it
    return _page(request, "macros", form, macros=rows, held=macro, offered=form.words.offered)


@requires("desk.arrange")
@require_http_methods(PAGE)
@never_cache
def rules(request: Any, pk: int = 0) -> HttpResponse:
    """`/desk/innstillinger/regler`: when this happens, do that; with a number, changing one."""
    rule = (
        get_object_or_404(AutomationRule, pk=pk, municipality=request.municipality) if pk else None
    )
    words = Words(request.municipality)
    initial: dict[str, Any] = {}
    if rule:
        initial = {name: getattr(rule, name) for name in ("name", "event", "position", "last")}
        initial |= RuleForm.initial_of(words, rule.actions)
        initial |= RuleForm.initial_with_conditions(words, rule.conditions)
    form = RuleForm(request.municipality, request.POST or None, initial=initial)
    saved: list[AutomationRule] = []

    def do(data: dict[str, Any]) -> None:
        names = ("name", "event", "conditions", "actions", "last", "position")
        held_data = {name: data[name] for name in names}
        saved.append(
            automation.save_rule(
                rule, request.municipality, **held_data, by=request.actor, at=timezone.now()
            )
        )

    if done(
        request,
        form,
        do,
        _("Regelen er lagret, men ikke slått på. Se hva den ville gjort."),
        at="name",
    ):
        return redirect("desk:rehearse", pk=saved[0].pk)
    rows = list(AutomationRule.objects.filter(municipality=request.municipality))
    names = _names(words)
    for row in rows:
        row.words = describe(row.actions, names)  # type: ignore[attr-defined]  # shown beside it
        row.when = events().get(row.event, row.event)  # type: ignore[attr-defined]
        row.only = conditions_in_words(row.conditions, words)  # type: ignore[attr-defined]
    return _page(request, "rules", form, rules=rows, held=rule, offered=form.words.offered)


@requires("desk.arrange")
@require_safe
@never_cache
def rehearse(request: Any, pk: int) -> HttpResponse:
    """`/desk/innstillinger/regler/<pk>/prov`: what the rule would have done; nothing is done."""
    rule = get_object_or_404(AutomationRule, pk=pk, municipality=request.municipality)
    words = Words(request.municipality)
    tried = automation.rehearse(rule, by=request.actor, at=timezone.now())
    context = {
        "rule": rule,
        "when": events().get(rule.event, rule.event),
        "only": conditions_in_words(rule.conditions, words),
        "words": describe(rule.actions, _names(words)),
        "hits": [outcome for outcome in tried if outcome.unmet is None],
        "misses": [
            (outcome, conditions_in_words([outcome.unmet], words))
            for outcome in tried
            if outcome.unmet is not None
        ],
        "looked_at": len(tried),
        "runs": AutomationRun.objects.filter(
            rule=rule, conversation__in=Conversation.objects.visible_to(request.actor)
        )
        .select_related("conversation")
        .order_by("-pk")[:10],
    }
    return render(request, "desk/rehearse.html", context)


@requires("desk.arrange")
@require_POST
def switch(request: Any, pk: int) -> HttpResponse:
    """Switch a rule on or off."""
    rule = get_object_or_404(AutomationRule, pk=pk, municipality=request.municipality)
    on = request.POST.get("act") == "on"
    automation.switch(rule, on, by=request.actor, at=timezone.now())
    messages.success(request, _("Regelen er slått på.") if on else _("Regelen er slått av."))
    return redirect("desk:rules")


@requires("desk.arrange")
@require_http_methods(PAGE)
@never_cache
def deal(request: Any, slug: str = "") -> HttpResponse:
    """`/desk/innstillinger/fordeling`: which units deal their conversations out."""
    units = Unit.objects.filter(municipality=request.municipality, active=True)
    unit = get_object_or_404(units, slug=slug) if slug else None
    policies = {row.unit_id: row for row in AssignmentPolicy.objects.filter(unit__in=units)}
    usual = policies.get(unit.pk) if unit else None
    initial = {
        "active": usual.active if usual else False,
        "most_open": usual.most_open if usual else 20,
    }
    form = DealingForm(request.POST if unit and request.method == "POST" else None, initial=initial)

    def do(data: dict[str, Any]) -> None:
        assert unit is not None
        assignment.set_policy(unit, **data, by=request.actor, at=timezone.now())

    if done(request, form, do, _("Fordelingen er lagret."), at="most_open"):
        return redirect("desk:dealing")
    rows = [(row, policies.get(row.pk)) for row in units if request.actor.may("desk.arrange", row)]
    return _page(request, "dealing", form, rows=rows, unit=unit)
