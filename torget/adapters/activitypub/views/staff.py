"""The desk's page for our place in the fediverse: blocked servers, followers, what did not arrive, keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from torget.adapters.activitypub import overview, rules
from torget.adapters.activitypub.forms import BlockForm, KeysForm
from torget.adapters.activitypub.models import DomainBlock
from torget.adapters.activitypub.ours import NETWORK
from torget.channels import accounts
from torget.channels.models import Account
from torget.errors import Refused
from torget.people.actor import requires


def _own(request: Any, pk: int) -> Account:
    account: Account = get_object_or_404(
        accounts.on_network(NETWORK),
        pk=pk,
        municipality=request.municipality,
    )
    return account


def _page(request: Any, account: Account, status: int = 200, **forms: Form) -> HttpResponse:
    context = {
        "account": account,
        "blocks": overview.blocked(account.municipality_id),
        "followers": overview.followers(account),
        "given_up": overview.given_up(account),
        "keys": overview.keys(account, at=timezone.now()),
        "block_form": forms.get("block") or BlockForm(prefix="steng"),
        "keys_form": forms.get("keys") or KeysForm(prefix="nokler"),
        "may_block": rules.may_block(account.municipality, request.actor),
        "may_administer": request.actor.may("people.administer", account.unit),
    }
    return render(request, "activitypub/manage.html", context, status=status)


def _told(request: Any, do: Callable[[], object], words: str) -> bool:
    """Whether the rule let it pass; what came of it is said on the next page."""
    try:
        do()
    except Refused as refusal:
        messages.error(request, refusal.message)
        return False
    messages.success(request, words)
    return True


@requires("channels.pause")
@require_safe
@never_cache
def manage(request: Any, pk: int) -> HttpResponse:
    """`/desk/innstillinger/kanal/<pk>/fodivers`: how our place in the fediverse is."""
    return _page(request, _own(request, pk))


@requires("people.administer")
@require_POST
def block(request: Any, pk: int) -> HttpResponse:
    """Shut a server out, or hold back what comes from it; again about the same server replaces the decision."""
    account = _own(request, pk)
    form = BlockForm(request.POST, prefix="steng")
    if form.is_valid():
        try:
            rules.block_domain(
                account.municipality, **form.cleaned_data, by=request.actor, at=timezone.now()
            )
        except Refused as refusal:
            form.add_error("host" if refusal.code == "bad_host" else None, refusal.message)
        else:
            messages.success(request, _("Beslutningen om tjeneren gjelder fra nå."))
            return redirect("activitypub:manage", pk=account.pk)
    return _page(request, account, 422, block=form)


@requires("people.administer")
@require_POST
def unblock(request: Any, pk: int) -> HttpResponse:
    """Take from a server and send to it again."""
    account = _own(request, pk)
    block = get_object_or_404(
        overview.blocked(account.municipality_id), host=request.POST.get("host", "")
    )
    _told(
        request,
        lambda: rules.unblock_domain(block, by=request.actor, at=timezone.now()),
        _("Tjeneren er sluppet inn igjen. De som fulgte dere derfra, må følge dere på nytt.")
        if block.severity == DomainBlock.Severity.SUSPEND
        else _("Det som kommer fra tjeneren, vises igjen uten å vente."),
    )
    return redirect("activitypub:manage", pk=account.pk)


@requires("people.administer")
@require_POST
def retry(request: Any, pk: int) -> HttpResponse:
    """Send a server again what was given up."""
    account = _own(request, pk)
    try:
        count = rules.retry_deliveries(
            account, request.POST.get("host", ""), by=request.actor, at=timezone.now()
        )
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        words = ngettext(
            "%(count)s sending går ut igjen så snart tjeneren svarer.",
            "%(count)s sendinger går ut igjen så snart tjeneren svarer.",
            count,
        )
        messages.success(request, words % {"count": count})
    return redirect("activitypub:manage", pk=account.pk)


@requires("people.administer")
@require_POST
def keys(request: Any, pk: int) -> HttpResponse:
    """Make new keys to sign with, when somebody has confirmed it."""
    account = _own(request, pk)
    form = KeysForm(request.POST, prefix="nokler")
    if not form.is_valid():
        return _page(request, account, 422, keys=form)
    _told(
        request,
        lambda: rules.rotate_keys(
            account, by=request.actor, at=timezone.now(), leaked=form.cleaned_data["leaked"]
        ),
        _("Nye nøkler er laget, og brukes innen et minutt."),
    )
    return redirect("activitypub:manage", pk=account.pk)
