"""Those who work here: invited, given roles, moved, and leaving. What they said stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.links import absolute
from torget.people.models import Municipality, RoleGrant, Staff, Unit, User
from torget.people.roles import Role
from torget.people.rules import add_staff, end_grant, grant


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody new, and the link by which they choose a password; empty when they have a sign-in that is theirs."""

    staff: Staff
    link: str


def invite(
    unit: Unit, *, email: str, first_name: str, last_name: str, by: Actor, at: datetime
) -> Invited:
    """Somebody begins in a unit.

    Who serves another municipality too keeps the sign-in they have: nobody here gets a link to it.

    Raises:
        Refused: they are here already, now or before.
        NotAllowed: the unit is not theirs to arrange.
    """
    check(by, "people.administer", unit)
    address = email.strip().lower()
    with transaction.atomic():
        # Two administrators who invite the same person at once make one.
        Municipality.objects.select_for_update().get(pk=unit.municipality_id)
        known = Staff.objects.filter(
            municipality_id=unit.municipality_id, user__email=address
        ).first()
        if known is not None:
            raise Refused(
                _("%(name)s er her allerede.") % {"name": known.display_name}
                if known.active
                else _("%(name)s har sluttet. Ta inn igjen i stedet.")
                % {"name": known.display_name},
                "known",
            )
        staff = add_staff(
            unit,
            email=address,
            password=None,
            first_name=first_name,
            last_name=last_name,
            at=at,
            by=by,
        )
    return Invited(staff, password_link(staff) if is_ours_alone(staff.user) else "")


def is_ours_alone(user: User) -> bool:
    """Whether the sign-in is nobody's yet: never used, without a password, and of one municipality.

    Who signs in at an identity provider has no password either: nobody here gets a way in beside theirs.
    """
    return not user.has_usable_password() and user.last_login is None and user.staff.count() == 1


def _check_over(by: Actor, staff: Staff) -> list[RoleGrant]:
    """See that they may be arranged where they work and wherever they hold a role; the roles they hold.

    Who arranges a part takes nothing from, and gets no way in as, somebody who holds more than that part.
    """
    check(by, "people.administer", staff.unit)
    current = list(RoleGrant.objects.filter(staff=staff, ended_at=None).select_related("unit"))
    for grant_held in current:
        check(by, "people.administer", grant_held.unit)
    return current


def password_link(staff: Staff) -> str:
    """Where somebody chooses a password: worthless once used, or after PASSWORD_RESET_TIMEOUT."""
    key = {
        "uidb36": user_pk_to_url_str(staff.user),
        "key": default_token_generator.make_token(staff.user),
    }
    return absolute(staff.municipality, reverse("account_reset_password_from_key", kwargs=key))


def invite_again(staff: Staff, *, by: Actor, at: datetime) -> str:
    """A new link for somebody who has not chosen a password yet.

    Raises:
        Refused: they have one, or serve another municipality too.
        NotAllowed: they, or a role they hold, are not theirs to arrange.
    """
    _check_over(by, staff)
    if not (staff.active and is_ours_alone(staff.user)):
        raise Refused(
            _("%(name)s har en innlogging allerede.") % {"name": staff.first_name}, "has_one"
        )
    with transaction.atomic():
        record("staff.invited_again", staff, by=by, at=at)
    return password_link(staff)


def change_colleague(
    staff: Staff, *, first_name: str, last_name: str, unit: Unit, by: Actor, at: datetime
) -> list[str]:
    """Another name or unit; the names of what was changed. Answers given before keep the name they were signed with.

    Raises:
        NotAllowed: they, a role they hold, or where they go, are not theirs to arrange.
    """
    _check_over(by, staff)
    check(by, "people.administer", unit)
    changes = {"first_name": first_name, "last_name": last_name, "unit": unit}
    changed = [name for name, value in changes.items() if getattr(staff, name) != value]
    if changed:
        for name in changed:
            setattr(staff, name, changes[name])
        with transaction.atomic():
            staff.save(update_fields=changed)
            record("staff.changed", staff, by=by, at=at, fields=changed, unit=unit.pk)
    return changed


def give_role(staff: Staff, role: Role, unit: Unit, *, by: Actor, at: datetime) -> RoleGrant:
    """A role in a unit and those below it.

    Raises:
        Refused: they have left.
        NotAllowed: the unit is not theirs to arrange.
    """
    check(by, "people.administer", unit)
    if not staff.active:
        raise Refused(_("%(name)s har sluttet.") % {"name": staff.first_name}, "left")
    return grant(staff, role, unit, at=at, by=by)


def take_role(grant: RoleGrant, *, by: Actor, at: datetime) -> None:
    """Take a role back.

    Raises:
        Refused: nobody would be left to arrange the municipality.
        NotAllowed: the unit is not theirs to arrange.
    """
    check(by, "people.administer", grant.unit)
    with transaction.atomic():
        if grant.role == Role.ADMINISTRATOR:
            _keep_one(grant.staff.municipality_id, without=[grant.pk])
        end_grant(grant, at=at, by=by)


def leave(staff: Staff, *, by: Actor, at: datetime) -> None:
    """They work here no more: roles end, and their next request is a stranger's. What they said stays theirs.

    Raises:
        Refused: nobody would be left to arrange the municipality.
        NotAllowed: they, or a role they hold, are not theirs to arrange.
    """
    with transaction.atomic():
        grants = _check_over(by, staff)
        _keep_one(staff.municipality_id, without=[grant.pk for grant in grants])
        for grant in grants:
            end_grant(grant, at=at, by=by)
        gone, _each = staff.duties.filter(starts_at__gt=at).delete()
        staff.duties.filter(starts_at__lte=at, ends_at__gt=at).update(ends_at=at)
        staff.active = False
        staff.save(update_fields=["active"])
        record("staff.left", staff, by=by, at=at, duties=gone)


def come_back(staff: Staff, *, by: Actor, at: datetime) -> None:
    """Somebody who left works here again, without any role yet.

    Raises:
        NotAllowed: not theirs to arrange.
    """
    check(by, "people.administer", staff.unit)
    with transaction.atomic():
        staff.active = True
        staff.save(update_fields=["active"])
        record("staff.came_back", staff, by=by, at=at)


def _keep_one(municipality_id: int, *, without: list[int]) -> None:
    """See that somebody may still arrange the whole municipality when these roles have ended."""
    # Two who take each other's role at once would both see the other's.
    Municipality.objects.select_for_update().get(pk=municipality_id)
    left = RoleGrant.objects.filter(
        staff__municipality_id=municipality_id,
        staff__active=True,
        staff__user__is_active=True,
        unit__parent=None,
        role=Role.ADMINISTRATOR,
        ended_at=None,
    ).exclude(pk__in=without)
    if not left.exists():
        raise Refused(
            _("Noen må kunne styre hele kommunen. Gi en annen rollen Administrator først."),
            "last_administrator",
        )
