"""Ready-made replies: the list, and one to write or change with a look at how it will be."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from torget.casework.models import CannedReply
from torget.casework.rules import canned_replies as rules
from torget.design.acting import done
from torget.desk.forms.writing import CannedForm
from torget.people.actor import requires

LANGUAGES = (
    ("nb", gettext_lazy("Bokmål")),
    ("nn", gettext_lazy("Nynorsk")),
    ("en", gettext_lazy("Engelsk")),
)


@requires("canned.edit")
@require_safe
@never_cache
def canned(request: Any) -> HttpResponse:
    """`/desk/svarmaler`: every ready-made reply, those in use first."""
    rows = CannedReply.objects.filter(municipality=request.municipality).select_related("unit")
    return render(
        request,
        "desk/canned.html",
        {"rows": rows.order_by("-active", "name")},
    )


@requires("canned.edit")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def canned_one(request: Any, pk: int = 0) -> HttpResponse:
    """`/desk/svarmaler/<id>`: write or change one; "Forhåndsvis" shows it and saves nothing."""
    known = get_object_or_404(CannedReply, pk=pk, municipality=request.municipality) if pk else None
    form = CannedForm(request.municipality, request.POST or None, initial=CannedForm.start(known))
    preview: list[dict[str, Any]] = []
    looking = request.method == "POST" and "vis" in request.POST
    if looking and form.is_valid():
        preview = [
            {
                "language": name,
                "code": code,
                "text": rules.example(
                    form.cleaned_data[f"body_{code}"],
                    request.municipality,
                    request.actor.staff,
                    code,
                ),
            }
            for code, name in LANGUAGES
            if form.cleaned_data[f"body_{code}"].strip()
        ]

    def do(data: dict[str, Any]) -> None:
        text = rules.Text(
            data["name"],
            data["shortcut"],
            {code: data[f"body_{code}"] for code in rules.LANGUAGES},
            data["unit"],
            data["active"],
        )
        rules.write(request.municipality, text, by=request.actor, at=timezone.now(), of=known)

    if not looking and done(request, form, do, _("Svarmalen er lagret.")):
        return redirect("desk:canned")
    return render(
        request,
        "desk/canned_one.html",
        {
            "form": form,
            "known": known,
            "preview": preview,
            "variables": rules.VARIABLES.items(),
        },
        status=422 if request.method == "POST" and form.errors else 200,
    )
