"""Keeping watch: quarantine, deliveries in doubt, channels, the duty roster."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from torget.channels import rules as channels
from torget.channels.models import Account
from torget.design.acting import done
from torget.desk.forms.watch import AbsenceForm, DutyForm, HandOverForm, MailAccountForm, ReasonForm
from torget.desk.queries.queue import alarms
from torget.desk.views.files import raw
from torget.errors import Refused
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery
from torget.people import rules as people
from torget.people.actor import requires
from torget.people.models import Absence, Duty
from torget.protocols.plaintext import clean

SHOWN_BYTES = 20_000


@requires("intake.quarantine")
@require_safe
@never_cache
def quarantine(request: Any) -> HttpResponse:
    """`/desk/karantene`: what nobody could understand yet."""
    rows = (
        Envelope.objects.visible_to(request.actor)
        .quarantined()
        .select_related("account")
        .defer("body")
    )
    return render(request, "desk/quarantine.html", {"envelopes": rows[:100]})


def _envelope(request: Any, public_id: str) -> Envelope:
    envelope: Envelope = get_object_or_404(
        Envelope.objects.visible_to(request.actor).select_related("account__unit"),
        public_id=public_id,
    )
    return envelope


@requires("intake.quarantine")
@require_safe
@never_cache
def quarantine_item(request: Any, public_id: str) -> HttpResponse:
    """`/desk/karantene/<id>`: one envelope with its bytes as text."""
    envelope = _envelope(request, public_id)
    shown = clean(bytes(envelope.body[:SHOWN_BYTES]).decode("utf-8", "replace"))
    context = {
        "envelope": envelope,
        "raw_text": shown,
        "cut": envelope.size > SHOWN_BYTES,
        "form": ReasonForm(),
    }
    return render(request, "desk/quarantine_item.html", context)


@requires("intake.quarantine")
@require_safe
def quarantine_raw(request: Any, public_id: str) -> HttpResponse:
    """The bytes themselves."""
    return raw(_envelope(request, public_id))


def _reason(request: Any) -> str:
    """The reason given; empty when it is missing or not a text, which the rules refuse."""
    form = ReasonForm(request.POST)
    return str(form.cleaned_data["reason"]) if form.is_valid() else ""


@requires("intake.quarantine")
@require_POST
def replay(request: Any, public_id: str) -> HttpResponse:
    """Try again, after a mend."""
    intake.replay(_envelope(request, public_id), by=request.actor, at=timezone.now())
    messages.success(request, _("Vi prøver meldingen på nytt nå."))
    return redirect("desk:quarantine")


@requires("intake.quarantine")
@require_POST
def discard(request: Any, public_id: str) -> HttpResponse:
    """Nothing we must handle."""
    try:
        intake.discard(
            _envelope(request, public_id), _reason(request), by=request.actor, at=timezone.now()
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("desk:quarantine_item", public_id=public_id)
    messages.success(request, _("Meldingen er lagt bort. Den er fortsatt lagret."))
    return redirect("desk:quarantine")


@requires("conversations.read")
@require_safe
@never_cache
def deliveries(request: Any) -> HttpResponse:
    """`/desk/sendinger`: what was refused or is in doubt, and what waits."""
    rows = Delivery.objects.visible_to(request.actor).select_related("account")
    doubtful = rows.filter(state__in=[Delivery.State.UNKNOWN, Delivery.State.REFUSED]).order_by(
        "-id"
    )
    waiting = rows.filter(state__in=[Delivery.State.DUE, Delivery.State.SENDING]).order_by(
        "next_attempt_at"
    )
    context = {
        "doubtful": doubtful[:100],
        "waiting": waiting[:100],
        "may_settle": request.actor.may("outbox.settle"),
    }
    return render(request, "desk/deliveries.html", context)


@requires("outbox.settle")
@require_POST
def settle(request: Any, pk: int) -> HttpResponse:
    """A person decides about a delivery in doubt."""
    delivery = get_object_or_404(
        Delivery.objects.visible_to(request.actor).select_related("account__unit"), pk=pk
    )
    outcome = request.POST.get("outcome", "")
    if outcome in {"sent", "again", "cancel"}:
        outbox.settle_by_person(delivery, outcome, by=request.actor, at=timezone.now())
        messages.success(request, _("Sendingen er avgjort."))
    return redirect("desk:deliveries")


@requires("channels.pause")
@require_safe
@never_cache
def settings(request: Any) -> HttpResponse:
    """`/desk/innstillinger`: the channels and how they are."""
    accounts = (
        Account.objects.active()
        .filter(municipality=request.municipality)
        .select_related("unit", "paused_by")
    )
    context = {
        "accounts": accounts.order_by("-in_use", "network", "address"),
        "form": ReasonForm(),
        "may_connect": request.actor.may("people.administer"),
        "alarms": alarms(request),
    }
    return render(request, "desk/settings.html", context)


@requires("channels.pause")
@require_POST
def pause(request: Any, pk: int) -> HttpResponse:
    """Pause an account with a reason, or let it send again."""
    account = get_object_or_404(
        Account.objects.active().select_related("unit"), pk=pk, municipality=request.municipality
    )
    try:
        if account.paused_at:
            channels.resume(account, by=request.actor, at=timezone.now())
        else:
            channels.pause(account, _reason(request), by=request.actor, at=timezone.now())
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("desk:settings")


def _duty_page(request: Any, status: int = 200, **forms: Any) -> HttpResponse:
    now = timezone.now()
    rows = Duty.objects.filter(
        municipality=request.municipality,
        ends_at__gt=now - timedelta(days=1),
        starts_at__lt=now + timedelta(days=14),
    ).select_related("staff__unit", "unit")
    mine = rows.filter(staff=request.actor.staff, ends_at__gt=now).order_by("starts_at").first()
    context = {
        "duties": rows.order_by("starts_at"),
        "now": now,
        "mine": mine,
        "duty_form": forms.get("duty") or DutyForm(request.municipality),
        "absence_form": forms.get("absence")
        or AbsenceForm(request.municipality, initial={"staff": request.actor.staff}),
        "handover_form": HandOverForm(initial={"handover": mine.handover if mine else ""}),
        "absences": Absence.objects.filter(
            staff__municipality=request.municipality, to_on__gte=now.date()
        )
        .select_related("staff")
        .order_by("from_on"),
        "may_roster": request.actor.may("people.roster"),
    }
    return render(request, "desk/duty.html", context, status=status)


@requires("people.administer")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def connect_mail(request: Any) -> HttpResponse:
    """`/desk/innstillinger/epost`: a new mailbox, tried before it is saved."""
    form = MailAccountForm(request.municipality, request.POST or None)

    def do(data: dict[str, Any]) -> None:
        details, secrets = form.account()
        channels.try_account(channels.letter_network(), data["address"], details, secrets)
        channels.open_account(
            data["unit"],
            network=channels.letter_network(),
            address=data["address"],
            name=data["name"],
            settings=details,
            secrets=secrets,
            by=request.actor,
            at=timezone.now(),
        )

    if done(request, form, do, _("E-postkassen er koblet til. Nye meldinger kommer i innboksen.")):
        return redirect("desk:settings")
    context = {"form": form}
    return render(request, "desk/connect_mail.html", context, status=422 if form.is_bound else 200)


@requires("conversations.read")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def duty(request: Any) -> HttpResponse:
    """`/desk/vakt`: who is on, who comes, and what is handed over."""
    form = DutyForm(request.municipality, request.POST or None)

    def do(data: dict[str, Any]) -> None:
        people.roster(
            data["staff"],
            data["unit"],
            starts_at=data["starts_at"],
            ends_at=data["ends_at"],
            by=request.actor,
            at=timezone.now(),
        )

    if done(request, form, do, _("Vakten er satt opp.")):
        return redirect("desk:duty")
    return _duty_page(request, 422, duty=form) if form.is_bound else _duty_page(request)


@requires("conversations.read")
@require_POST
def absence(request: Any) -> HttpResponse:
    """Somebody is away."""
    form = AbsenceForm(request.municipality, request.POST)

    def do(data: dict[str, Any]) -> None:
        people.report_absence(
            data["staff"],
            from_on=data["from_on"],
            to_on=data["to_on"],
            by=request.actor,
            at=timezone.now(),
        )

    if done(request, form, do, _("Fraværet er lagret.")):
        return redirect("desk:duty")
    return _duty_page(request, 422, absence=form)


@requires("conversations.read")
@require_POST
def hand_over(request: Any, pk: int) -> HttpResponse:
    """Leave a note for whoever takes over."""
    row = get_object_or_404(
        Duty.objects.select_related("unit"), pk=pk, municipality=request.municipality
    )
    form = HandOverForm(request.POST)
    if form.is_valid():
        people.hand_over(row, form.cleaned_data["handover"], by=request.actor, at=timezone.now())
        messages.success(request, _("Beskjeden er lagret for den som tar over."))
    else:
        messages.error(request, _("Beskjeden er for lang. Kort den ned til 4000 tegn."))
    return redirect("desk:duty")
