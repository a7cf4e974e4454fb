"""The page of the limits: what they are, what they stopped, and how to change them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from torget.design.acting import done
from torget.desk.forms.limits import LimitForm
from torget.people.actor import requires
from torget.people.limits import figures, flooded, set_value


@requires("people.administer")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def limits(request: Any) -> HttpResponse:
    """`/desk/innstillinger/grenser`: every limit with its figures."""
    now = timezone.now()
    form = LimitForm(request.POST or None)

    def do(data: dict[str, Any]) -> None:
        set_value(request.municipality, data["name"], data["value"], by=request.actor, at=now)

    if done(request, form, do, _("Grensen er endret."), at="value"):
        return redirect("desk:limits")
    context = {
        "form": form,
        "rows": figures(request.municipality, at=now),
        "refused": form.data.get("name") if form.errors else "",
        "flooded": flooded(request.municipality, at=now),
    }
    return render(request, "desk/limits.html", context, status=422 if form.is_bound else 200)
