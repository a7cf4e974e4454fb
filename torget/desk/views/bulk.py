"""Several conversations at once, undoing it, and views that are kept."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from torget.casework.models import BulkAct, Macro, SavedView
from torget.casework.rules import bulk_acts, preferences
from torget.design import querytext
from torget.desk.forms.handling import BatchForm, SaveViewForm, chosen_rows
from torget.desk.queries.filters import Choice
from torget.errors import Refused
from torget.people.actor import requires

SHOWN_REFUSALS = 5


def _back(request: Any) -> HttpResponse:
    """To the queue as it was chosen."""
    choice = Choice.of(dict(parse_qsl(request.POST.get("tilbake", "")[:500])))
    return redirect(f"{reverse('desk:inbox')}?{choice.query}")


def _tell(request: Any, outcome: bulk_acts.Outcome, words: str) -> None:
    if outcome.refused:
        shown = "; ".join(f"{ref}: {why}" for ref, why in outcome.refused[:SHOWN_REFUSALS])
        beyond = len(outcome.refused) - SHOWN_REFUSALS
        more = _(" … og %(n)s til") % {"n": beyond} if beyond > 0 else ""
        messages.warning(
            request,
            ngettext(
                "%(n)s sak ble ikke endret. %(why)s",
                "%(n)s saker ble ikke endret. %(why)s",
                len(outcome.refused),
            )
            % {"n": len(outcome.refused), "why": shown + more},
        )
    if outcome.done:
        messages.success(request, words)


@requires("conversations.handle")
@require_POST
def batch(request: Any) -> HttpResponse:
    """Do one act, or a macro, to those chosen."""
    form = BatchForm(request.POST)
    try:
        if not form.is_valid():
            raise Refused(_("Velg hva som skal gjøres."))
        outcome = _do(request, form)
    except Refused as refusal:
        messages.error(request, refusal.message)
        return _back(request)
    words = ngettext("%(n)s sak er endret.", "%(n)s saker er endret.", outcome.done) % {
        "n": outcome.done
    }
    if outcome.batch is not None:
        # The undo stands beside the word that it was done; a form, for it changes something.
        request.session["undo_batch"] = outcome.batch.pk
    _tell(request, outcome, words)
    return _back(request)


def _do(request: Any, form: BatchForm) -> bulk_acts.Outcome:
    rows, at = chosen_rows(request, bulk_acts.MOST), timezone.now()
    act = form.cleaned_data["act"]
    if not act.startswith("macro-"):
        return bulk_acts.run(rows, act, form.value, by=request.actor, at=at)
    pk = act.removeprefix("macro-")
    macro = Macro.objects.filter(
        municipality=request.municipality, pk=querytext.number(pk) or 0
    ).first()
    if macro is None:
        raise Refused(_("Velg en makro i listen."))
    return bulk_acts.run_macro(macro, rows, by=request.actor, at=at)


@requires("conversations.handle")
@require_POST
def undo(request: Any, pk: int) -> HttpResponse:
    """Undo what was done to several."""
    row = get_object_or_404(BulkAct, pk=pk, staff=request.actor.id)
    request.session.pop("undo_batch", None)
    try:
        outcome = bulk_acts.undo(row, by=request.actor, at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
        return _back(request)
    words = ngettext(
        "Angret: %(n)s sak er som før.", "Angret: %(n)s saker er som før.", outcome.done
    )
    _tell(request, outcome, words % {"n": outcome.done})
    return _back(request)


@requires("conversations.read")
@require_POST
def save_view(request: Any) -> HttpResponse:
    """Keep what is chosen under a name."""
    form = SaveViewForm(request.municipality, request.POST)
    if not form.is_valid():
        messages.error(request, _("Gi visningen et navn."))
        return _back(request)
    data = form.cleaned_data
    choice = Choice.of(dict(parse_qsl(request.POST.get("tilbake", "")[:500])))
    try:
        preferences.save_view(
            request.municipality,
            data["name"],
            choice.query,
            unit=data["unit"],
            by=request.actor,
            at=timezone.now(),
        )
        messages.success(request, _("Visningen er lagret."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return _back(request)


@requires("conversations.read")
@require_POST
def drop_view(request: Any, pk: int) -> HttpResponse:
    """Take a saved view away."""
    view = get_object_or_404(
        SavedView.objects.select_related("unit"), pk=pk, municipality=request.municipality
    )
    try:
        preferences.drop_view(view, by=request.actor, at=timezone.now())
        messages.success(request, _("Visningen er tatt bort."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return _back(request)
