"""One person: all they have said, who they are known as, notes and blocks."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from torget.conversations.models import Block, Person, PersonMerge, PersonNote
from torget.conversations.rules import persons
from torget.design.acting import done
from torget.desk.forms.person import BlockForm, MergeForm, PersonNoteForm
from torget.desk.queries.person import blockable, merges, one, other, page, readable
from torget.errors import Refused
from torget.people.actor import requires


def _show(request: Any, person: Person, status: int = 200, **forms: Any) -> HttpResponse:
    context = page(request, person, at=timezone.now(), **forms)
    return render(request, "desk/person.html", context, status=status)


@requires("conversations.read")
@require_safe
@never_cache
def person(request: Any, pk: int) -> HttpResponse:
    """`/desk/person/<id>`: everything of one person that the reader may see."""
    shown = one(request, pk)
    return redirect("desk:person", pk=shown.pk) if shown.pk != pk else _show(request, shown)


@requires("persons.merge")
@require_POST
def merge(request: Any, pk: int) -> HttpResponse:
    """This person and another are one."""
    kept = one(request, pk)
    form = MergeForm(request.POST, prefix="samme")

    def do(data: dict[str, Any]) -> None:
        joined = other(request, data["other"])
        if joined is None:
            raise Refused(_("Vi fant ingen du kan se med den adressen eller det saksnummeret."))
        persons.merge(kept, joined, reason=data["reason"], by=request.actor, at=timezone.now())

    if done(request, form, do, _("Slått sammen. Du kan angre det her på siden."), at="other"):
        return redirect("desk:person", pk=kept.pk)
    return _show(request, kept, 422, merge=form)


@requires("persons.merge")
@require_POST
def unmerge(request: Any, pk: int) -> HttpResponse:
    """They were two after all."""
    row = get_object_or_404(
        PersonMerge.objects.select_related("kept", "joined"),
        pk=pk,
        kept__municipality=request.municipality,
    )
    kept = one(request, row.kept_id)
    if row.undone_at is None and not merges(request.actor, kept).filter(pk=pk).exists():
        raise Http404
    try:
        persons.unmerge(row, by=request.actor, at=timezone.now())
        messages.success(request, _("De er to personer igjen."))
    except Refused as refusal:
        messages.error(request, refusal.message)
    return redirect("desk:person", pk=kept.pk)


@requires("persons.note")
@require_POST
def note(request: Any, pk: int) -> HttpResponse:
    """Note something of a person."""
    about = one(request, pk)
    form = PersonNoteForm(request.POST, prefix="notat")

    def do(data: dict[str, Any]) -> None:
        persons.note_on(
            about,
            data["body"],
            purpose=data["purpose"],
            expires_on=data["expires_on"],
            by=request.actor,
            at=timezone.now(),
        )

    if done(request, form, do, _("Notatet er lagret."), at="expires_on"):
        return redirect("desk:person", pk=about.pk)
    return _show(request, about, 422, note=form)


@requires("persons.note")
@require_POST
def forget_note(request: Any, pk: int) -> HttpResponse:
    """Take a note away."""
    row = get_object_or_404(
        PersonNote.objects.select_related("person"),
        pk=pk,
        person__municipality=request.municipality,
    )
    about = one(request, row.person_id)
    if not readable(request.actor, [row.person_id]):
        raise Http404
    persons.forget_note(row, by=request.actor, at=timezone.now())
    messages.success(request, _("Notatet er slettet."))
    return redirect("desk:person", pk=about.pk)


@requires("persons.block")
@require_POST
def block(request: Any, pk: int) -> HttpResponse:
    """Let a sender make nobody wait for a while."""
    about = one(request, pk)
    form = BlockForm(blockable(request.actor, about), request.POST, prefix="blokk")

    def do(data: dict[str, Any]) -> None:
        persons.block(
            data["identity"],
            reason=data["reason"],
            until_on=data["until_on"],
            by=request.actor,
            at=timezone.now(),
        )

    if done(request, form, do, _("Avsenderen er blokkert."), at="until_on"):
        return redirect("desk:person", pk=about.pk)
    return _show(request, about, 422, block=form)


@requires("persons.block")
@require_POST
def lift(request: Any, pk: int) -> HttpResponse:
    """End a block."""
    row = get_object_or_404(
        Block.objects.select_related("identity__person"),
        pk=pk,
        identity__municipality=request.municipality,
    )
    about = one(request, row.identity.person_id)
    if not readable(request.actor, [row.identity.person_id]):
        raise Http404
    persons.lift(row, by=request.actor, at=timezone.now())
    messages.success(request, _("Blokkeringen er opphevet."))
    return redirect("desk:person", pk=about.pk)
