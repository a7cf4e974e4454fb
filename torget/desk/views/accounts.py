"""Our accounts on networks: connecting, testing, deciding about them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from torget.channels import account_health, connecting
from torget.channels.adapter import Adapter
from torget.channels.base import Base
from torget.channels.models import Account
from torget.channels.registry import adapters
from torget.channels.rules import snapshot
from torget.design.acting import done
from torget.desk.forms.accounts import ArrangeForm, ConnectForm, UseForm
from torget.errors import Refused
from torget.people.actor import requires
from torget.people.links import absolute

KEPT = "connecting"


def _own(request: Any, pk: int) -> Account:
    account: Account = get_object_or_404(
        Account.objects.active().with_place().select_related("unit", "paused_by"),
        pk=pk,
        municipality=request.municipality,
    )
    return account


def _takes_deliveries(adapter: Adapter) -> bool:
    """Whether its network may deliver to us; others are only asked."""
    own: object = type(adapter).verify
    return own is not Base.verify


def _page(request: Any, account: Account, status: int = 200, **forms: Any) -> HttpResponse:
    adapter = adapters().get(account.network)
    here = {"name": account.name, "listed": account.listed, "on_square": account.on_square}
    context = {
        "account": account,
        "adapter": adapter,
        "profile_url": adapter.profile_url(snapshot(account)) if adapter else "",
        "hook_url": absolute(account.municipality, f"/hooks/{account.hook}")
        if adapter and _takes_deliveries(adapter)
        else "",
        "manage_path": adapter.manage_path(snapshot(account)) if adapter else "",
        "decisions": account.use_decisions.select_related("noted_by"),
        "use_form": forms.get("use") or UseForm(account, prefix="bruk"),
        "arrange_form": forms.get("arrange") or ArrangeForm(initial=here, prefix="vis"),
        "may_administer": request.actor.may("people.administer", account.unit),
    }
    return render(request, "desk/account.html", context, status=status)


@requires("channels.pause")
@require_safe
@never_cache
def account(request: Any, pk: int) -> HttpResponse:
    """`/desk/innstillinger/kanal/<pk>`: one account, how it is, and what was decided about it."""
    return _page(request, _own(request, pk))


@requires("channels.pause")
@require_POST
def test(request: Any, pk: int) -> HttpResponse:
    """Ask the network now how the account is."""
    row = _own(request, pk)
    health = account_health.examine(row, at=timezone.now())
    if health.ok:
        messages.success(request, _("Kontoen virker."))
    else:
        messages.error(request, _("Kontoen virker ikke: %(why)s") % {"why": health.detail})
    return redirect("desk:account", pk=row.pk)


@requires("people.administer")
@require_POST
def decide(request: Any, pk: int) -> HttpResponse:
    """The municipality uses the account, or does not."""
    row = _own(request, pk)
    form = UseForm(row, request.POST, prefix="bruk")

    def do(data: dict[str, Any]) -> None:
        account_health.decide_use(
            row,
            in_use=data["in_use"] == "ja",
            note=data["note"],
            decided_on=data["decided_on"],
            decided_by=data["decided_by"],
            by=request.actor,
            at=timezone.now(),
        )

    if done(request, form, do, _("Beslutningen er lagret.")):
        return redirect("desk:account", pk=row.pk)
    return _page(request, row, 422, use=form)


@requires("people.administer")
@require_POST
def arrange(request: Any, pk: int) -> HttpResponse:
    """What the account is called and where it is shown."""
    row = _own(request, pk)
    form = ArrangeForm(request.POST, prefix="vis")

    def do(data: dict[str, Any]) -> None:
        account_health.arrange(row, **data, by=request.actor, at=timezone.now())

    if done(request, form, do, _("Endringen er lagret.")):
        return redirect("desk:account", pk=row.pk)
    return _page(request, row, 422, arrange=form)


@requires("people.administer")
@require_safe
@never_cache
def choose(request: Any) -> HttpResponse:
    """`/desk/innstillinger/ny`: which network?"""
    context = {"networks": connecting.connectable()}
    return render(request, "desk/connect_choose.html", context)


@requires("people.administer")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def connect(request: Any, network: str) -> HttpResponse:
    """`/desk/innstillinger/ny/<network>`: fill in what it asks for; some send the owner to say yes there."""
    adapter = adapters().get(network)
    if adapter is None or not adapter.fields:
        raise Http404
    form = ConnectForm(request.municipality, adapter, request.POST or None)
    opened: list[Account] = []
    sent_to: list[str] = []

    def do(data: dict[str, Any]) -> None:
        filled = connecting.Filled(data["unit"], network, data["name"], form.values())
        if adapter.oauth:
            url, kept = connecting.ask_owner(filled, _return_to(request), by=request.actor)
            request.session[KEPT] = kept
            sent_to.append(url)
        else:
            opened.append(connecting.connect(filled, by=request.actor, at=timezone.now()))

    if done(request, form, do, "" if adapter.oauth else _("Kontoen er koblet til.")):
        if sent_to:
            return HttpResponseRedirect(sent_to[0])
        return redirect("desk:account", pk=opened[0].pk)
    context = {"form": form, "adapter": adapter}
    return render(request, "desk/connect.html", context, status=422 if form.is_bound else 200)


def _return_to(request: Any) -> str:
    return absolute(request.municipality, reverse("desk:connected"))


@requires("people.administer")
@require_safe
@never_cache
def connected(request: Any) -> HttpResponse:
    """`/desk/innstillinger/tilkoblet`: the network sends the owner back here."""
    kept = request.session.pop(KEPT, "")
    code, state = request.GET.get("code", ""), request.GET.get("state", "")
    if not kept or not code:
        messages.error(request, _("Tilkoblingen ble avbrutt. Begynn på nytt."))
        return redirect("desk:connect_choose")
    try:
        row = connecting.owner_said_yes(
            kept, state, code, _return_to(request), by=request.actor, at=timezone.now()
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
        return redirect("desk:connect_choose")
    messages.success(request, _("Kontoen er koblet til."))
    return redirect("desk:account", pk=row.pk)
