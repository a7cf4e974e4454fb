"""What an administrator changes: the municipality, its units and hours, and those who work here."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from torget.casework.rules import offboarding
from torget.design.acting import done
from torget.desk.forms.administering import (
    ClosedDayForm,
    ColleagueForm,
    HoursForm,
    InviteForm,
    LeaveForm,
    MoveForm,
    NewUnitForm,
    ProfileForm,
    RoleForm,
    TableForm,
    UnitForm,
)
from torget.desk.queries.getting_started import steps
from torget.errors import Refused
from torget.people import colleagues, importing, profile, units
from torget.people.actor import requires
from torget.people.hours import next_holidays
from torget.people.models import ClosedDay, RoleGrant, Staff, Unit
from torget.people.roles import Role
from torget.protocols import encodings

PAGE = ["GET", "HEAD", "POST"]
ACT = "gjor"
# A link that lets somebody choose a password is shown once, on the page that follows, and beside nobody else's name.
LINK, LINKS = "invitation_link", "invitation_links"


def _page(request: Any, template: str, forms: dict[str, Any], **context: Any) -> HttpResponse:
    refused = next((form for form in forms.values() if form.errors), None)
    shown = {**forms, **context, "form": refused or next(iter(forms.values()))}
    return render(request, f"desk/{template}.html", shown, status=422 if refused else 200)


def _sent(request: Any, act: str) -> Any:
    """What was filled in, when it is this form of the page that was sent."""
    return request.POST if request.method == "POST" and request.POST.get(ACT, "") == act else None


@requires("people.administer")
@require_http_methods(PAGE)
@never_cache
def getting_started(request: Any) -> HttpResponse:
    """`/desk/kom-i-gang`: what is done and what is left before the square opens, and the button that opens it."""
    now = timezone.now()
    if request.method == "POST":
        profile.open_square(request.municipality, by=request.actor, at=now)
        messages.success(request, _("Torget er åpent for innbyggerne."))
        return redirect("desk:getting_started")
    listed = steps(request.municipality, request.actor, at=now)
    context = {"steps": listed, "left": sum(not step.done for step in listed)}
    return render(request, "desk/getting_started.html", context)


@requires("people.administer")
@require_http_methods(PAGE)
@never_cache
def municipality(request: Any) -> HttpResponse:
    """`/desk/innstillinger/kommunen`: its name, how to reach it, its colour and its promise."""
    initial = {name: getattr(request.municipality, name) for name in profile.FIELDS}
    form = ProfileForm(request.POST or None, initial=initial)

    def do(data: dict[str, Any]) -> None:
        profile.change_profile(request.municipality, data, by=request.actor, at=timezone.now())

    if done(request, form, do, _("Endringene er lagret.")):
        return redirect("desk:municipality")
    return _page(request, "municipality", {"form": form}, hosts=request.municipality.hosts.all())


@requires("people.administer")
@require_http_methods(PAGE)
@never_cache
def all_units(request: Any) -> HttpResponse:
    """`/desk/innstillinger/enheter`: the tree, and a form for a new one."""
    form = NewUnitForm(request.municipality, request.POST or None, initial={"receives": True})

    def do(data: dict[str, Any]) -> None:
        parent = data.pop("parent")
        units.open_unit(request.municipality, parent, data, by=request.actor, at=timezone.now())

    if done(request, form, do, _("Enheten er laget."), at="name"):
        return redirect("desk:units")
    return _page(request, "units", {"form": form}, tree=_tree(request.municipality))


def _tree(municipality: Any) -> list[tuple[Unit, int]]:
    """Every unit below its parent, by name, with its depth."""
    below = defaultdict[int | None, list[Unit]](list)
    for unit in Unit.objects.filter(municipality=municipality).order_by("name"):
        below[unit.parent_id].append(unit)

    def walk(parent: int | None, depth: int) -> list[tuple[Unit, int]]:
        return [row for unit in below[parent] for row in [(unit, depth), *walk(unit.pk, depth + 1)]]

    return walk(None, 0)


@requires("people.administer")
@require_http_methods(PAGE)
@never_cache
def unit(request: Any, slug: str) -> HttpResponse:
    """`/desk/innstillinger/enheter/<slug>`: its names, place, hours and closed days."""
    here = get_object_or_404(Unit, municipality=request.municipality, slug=slug)
    actor_and_time = {"by": request.actor, "at": timezone.now()}
    known = {name: getattr(here, name) for name in units.FIELDS}
    form = UnitForm(
        _sent(request, "endre"), initial={**known, "keywords": ", ".join(here.keywords)}
    )
    move = MoveForm(here, _sent(request, "flytt"))
    hours = HoursForm(_sent(request, "tider"), initial=_hours_of(here))
    closed = ClosedDayForm(_sent(request, "steng"))
    saved = (
        done(
            request,
            form,
            lambda data: units.change_unit(here, data, **actor_and_time),
            _("Enheten er lagret."),
        )
        or done(
            request,
            move,
            lambda data: units.move_unit(here, data["parent"], **actor_and_time),
            _("Enheten er flyttet."),
            at="parent",
        )
        or done(
            request,
            hours,
            lambda _data: units.set_hours(here, hours.spans(), **actor_and_time),
            _("Åpningstidene er lagret."),
        )
        or done(
            request,
            closed,
            lambda data: units.close_on(here, data["on"], data["reason"], **actor_and_time),
            _("Dagen er stengt."),
            at="on",
        )
        or _unit_act(request, here, actor_and_time)
    )
    if saved:
        return redirect("desk:unit", slug=here.slug)
    return _page(
        request,
        "unit",
        {"unit_form": form, "move_form": move, "hours_form": hours, "closed_form": closed},
        unit=here,
        closed_days=ClosedDay.objects.filter(unit=here, on__gte=timezone.localdate()).order_by(
            "on"
        ),
        holidays=next_holidays(timezone.localdate()),
    )


def _unit_act(request: Any, here: Unit, actor_and_time: dict[str, Any]) -> bool:
    """An act without a form: whether it was asked for."""
    act = request.POST.get(ACT, "")
    if act == "forst":
        units.make_front(here, **actor_and_time)
        messages.success(request, _("Enheten tar nå imot det ingen andre skal ha."))
    elif act == "aapne":
        day = get_object_or_404(ClosedDay, unit=here, pk=_number(request.POST.get("dag", "")))
        units.open_again(day, **actor_and_time)
        messages.success(request, _("Dagen er åpen igjen."))
    return act in {"forst", "aapne"}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _hours_of(here: Unit) -> dict[str, Any]:
    return {
        f"{part}_{row.weekday}": getattr(row, part)
        for row in here.opening_hours.all()
        for part in ("opens", "closes")
    }


@requires("people.administer")
@require_http_methods(PAGE)
@never_cache
def all_colleagues(request: Any) -> HttpResponse:
    """`/desk/innstillinger/kollegaer`: who works here with which roles, and a form for somebody new."""
    form = InviteForm(request.municipality, request.POST or None)
    invited: list[colleagues.Invited] = []

    def do(data: dict[str, Any]) -> None:
        actor_and_time = {"by": request.actor, "at": timezone.now()}
        invited.append(colleagues.invite(data.pop("unit"), **data, **actor_and_time))

    if done(request, form, do, "", at="email"):
        request.session[LINK] = [invited[0].staff.pk, invited[0].link]
        return redirect("desk:colleague", pk=invited[0].staff.pk)
    current = RoleGrant.objects.filter(ended_at=None).select_related("unit")
    rows = Staff.objects.filter(municipality=request.municipality).select_related("unit", "user")
    roles = defaultdict[int, list[str]](list)
    for grant in current.filter(staff__municipality=request.municipality).order_by("role"):
        roles[grant.staff_id].append(f"{Role(grant.role).label} ({grant.unit.local_name})")
    return _page(
        request,
        "colleagues",
        {"form": form},
        rows=[
            (staff, roles[staff.pk])
            for staff in rows.order_by("-active", "first_name", "last_name")
        ],
    )


@requires("people.administer")
@require_http_methods(PAGE)
@never_cache
def table(request: Any) -> HttpResponse:
    """`/desk/innstillinger/kollegaer/tabell`: many at once from a table; first each row's fate, then the invitations."""
    form = TableForm(request.POST or None, request.FILES or None)
    rows: list[importing.Row] = []

    def do(_data: dict[str, Any]) -> None:
        content = form.content()
        if request.POST.get(ACT) == "inviter":
            invited = importing.bring_in(
                content, request.municipality, by=request.actor, at=timezone.now()
            )
            request.session[LINKS] = [
                (invitation.staff.display_name, invitation.link) for invitation in invited
            ]
            return
        rows.extend(importing.read(content, request.municipality))
        form.data = {"table": encodings.decode(content, "utf-8")}

    if done(request, form, do, "", at="file") and not rows:
        return redirect("desk:colleagues_table")
    return _page(
        request,
        "colleagues_table",
        {"form": form},
        rows=rows,
        many=sum(not row.refused for row in rows),
        links=request.session.pop(LINKS, []) if request.method == "GET" else [],
    )


@requires("people.administer")
@require_http_methods(PAGE)
@never_cache
def colleague(request: Any, pk: int) -> HttpResponse:
    """`/desk/innstillinger/kollegaer/<pk>`: name, unit, roles; leaving and coming back."""
    staff = get_object_or_404(
        Staff.objects.select_related("unit", "user"), municipality=request.municipality, pk=pk
    )
    actor_and_time = {"by": request.actor, "at": timezone.now()}
    initial = {"first_name": staff.first_name, "last_name": staff.last_name, "unit": staff.unit}
    form = ColleagueForm(request.municipality, _sent(request, "endre"), initial=initial)
    role = RoleForm(request.municipality, _sent(request, "rolle"))
    leave = LeaveForm(staff, _sent(request, "slutt"))
    saved = (
        done(
            request,
            form,
            lambda data: colleagues.change_colleague(staff, **data, **actor_and_time),
            _("Endringene er lagret."),
        )
        or done(
            request,
            role,
            lambda data: colleagues.give_role(
                staff, Role(data["role"]), data["unit"], **actor_and_time
            ),
            _("Rollen er gitt."),
        )
        or done(request, leave, lambda data: _leave(request, staff, data["to"], actor_and_time), "")
        or _colleague_act(request, staff, actor_and_time)
    )
    if saved:
        return redirect("desk:colleague", pk=staff.pk)
    return _page(
        request,
        "colleague",
        {"colleague_form": form, "role_form": role, "leave_form": leave},
        colleague=staff,
        grants=RoleGrant.objects.filter(staff=staff, ended_at=None).select_related("unit"),
        link=_link_of(request, staff),
        may_invite=staff.active and colleagues.is_ours_alone(staff.user),
    )


def _link_of(request: Any, staff: Staff) -> str:
    """The link that waits to be shown, when it is theirs."""
    pk, link = request.session.get(LINK, (0, ""))
    if pk != staff.pk:
        return ""
    del request.session[LINK]
    return str(link)


def _leave(request: Any, staff: Staff, to: Staff | None, actor_and_time: dict[str, Any]) -> None:
    many = offboarding.leave(staff, to=to, **actor_and_time)
    words = ngettext(
        "%(name)s har sluttet. %(n)s sak er gitt videre.",
        "%(name)s har sluttet. %(n)s saker er gitt videre.",
        many,
    )
    messages.success(request, words % {"name": staff.display_name, "n": many})


def _colleague_act(request: Any, staff: Staff, actor_and_time: dict[str, Any]) -> bool:
    """An act without a form: whether it was asked for."""
    act = request.POST.get(ACT, "")
    try:
        if act == "ta":
            pk = _number(request.POST.get("gitt", ""))
            grant = get_object_or_404(RoleGrant, staff=staff, pk=pk, ended_at=None)
            colleagues.take_role(grant, **actor_and_time)
            messages.success(request, _("Rollen er tatt tilbake."))
        elif act == "tilbake":
            colleagues.come_back(staff, **actor_and_time)
            messages.success(
                request, _("%(name)s er her igjen, uten roller.") % {"name": staff.first_name}
            )
        elif act == "lenke":
            request.session[LINK] = [staff.pk, colleagues.invite_again(staff, **actor_and_time)]
    except Refused as refusal:
        messages.error(request, refusal.message)
    return act in {"ta", "tilbake", "lenke"}
