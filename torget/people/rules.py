"""Changing who does what: municipalities, units, staff, roles, duties, absence, sign-in links."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from cryptography.fernet import InvalidToken
from django.contrib.sessions.backends.db import SessionStore
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.hours import Hours
from torget.people.models import (
    Absence,
    Duty,
    Municipality,
    RoleGrant,
    SignInLink,
    SignInSession,
    Staff,
    Unit,
    User,
)
from torget.people.roles import Role

LINK_LIVES = timedelta(minutes=30)
BINDING_LIVES = timedelta(days=1)  # longer than any session of ours


@dataclass(frozen=True, slots=True)
class OnDuty:
    """Who is on duty now, as the public may know: first name, unit, until when."""

    first_name: str
    unit: str
    until: datetime


def next_ref(municipality: Municipality, *, at: datetime) -> str:
    """The next case number, "NV-2026-17": what people read aloud. Gapless within a year; the row lock is the queue."""
    Municipality.objects.filter(pk=municipality.pk).exclude(ref_year=at.year).update(
        ref_year=at.year, ref_count=0
    )
    Municipality.objects.filter(pk=municipality.pk).update(ref_count=F("ref_count") + 1)
    count = Municipality.objects.values_list("ref_count", flat=True).get(pk=municipality.pk)
    return f"{municipality.ref_prefix}-{at.year}-{count}"


def add_unit(
    municipality: Municipality,
    *,
    name: str,
    slug: str,
    parent: Unit | None = None,
    **fields: object,
) -> Unit:
    """A new unit below `parent` (or at the root)."""
    with transaction.atomic():
        unit = Unit(
            municipality=municipality, name=name, slug=slug, parent=parent, path="", **fields
        )
        unit.save()
        unit.path = f"{parent.path if parent else '/'}{unit.pk}/"
        unit.save(update_fields=["path"])
    return unit


def add_staff(
    unit: Unit,
    *,
    email: str,
    password: str | None,
    first_name: str,
    last_name: str,
    at: datetime,
    by: Actor,
) -> Staff:
    """A new member of staff; an existing sign-in with that address is used (one person may serve two municipalities)."""
    with transaction.atomic():
        user = User.objects.filter(email=email.lower()).first() or User.objects.create_user(
            email, password
        )
        staff = Staff.objects.create(
            user=user,
            municipality_id=unit.municipality_id,
            unit=unit,
            first_name=first_name,
            last_name=last_name,
        )
        record("staff.added", staff, by=by, at=at, unit=unit.pk)
    return staff


def grant(staff: Staff, role: Role, unit: Unit, *, at: datetime, by: Actor) -> RoleGrant:
    """Give a role in a unit; giving it again changes nothing."""
    with transaction.atomic():
        grant, new = RoleGrant.objects.get_or_create(
            staff=staff, unit=unit, role=role, ended_at=None, defaults={"granted_at": at}
        )
        if new:
            record("role.granted", staff, by=by, at=at, role=str(role), unit=unit.pk)
    return grant


def end_grant(grant: RoleGrant, *, at: datetime, by: Actor) -> None:
    """Take a role back; it stays on record that it was held."""
    with transaction.atomic():
        if RoleGrant.objects.filter(pk=grant.pk, ended_at=None).update(ended_at=at):
            record("role.ended", grant.staff, by=by, at=at, role=grant.role, unit=grant.unit_id)


def roster(
    staff: Staff, unit: Unit, *, starts_at: datetime, ends_at: datetime, by: Actor, at: datetime
) -> Duty:
    """Put somebody on duty.

    Raises:
        Refused: they are on duty already then, are away, or it ends before it starts.
    """
    check(by, "people.roster", unit)
    if ends_at <= starts_at:
        raise Refused(
            _("Vakten må slutte etter at den begynner. Rett tidspunktet."), "ends_before_start"
        )
    if Absence.objects.filter(
        staff=staff, from_on__lte=ends_at.date(), to_on__gte=starts_at.date()
    ).exists():
        raise Refused(
            _("%(name)s er borte da. Velg en annen.") % {"name": staff.first_name}, "absent"
        )
    try:
        with transaction.atomic():
            duty = Duty.objects.create(
                municipality_id=unit.municipality_id,
                unit=unit,
                staff=staff,
                starts_at=starts_at,
                ends_at=ends_at,
            )
            record("duty.rostered", duty, by=by, at=at, staff=staff.pk, unit=unit.pk)
    except IntegrityError as clash:
        if "duty_one_at_a_time" not in str(clash):
            raise
        raise Refused(
            _("%(name)s har allerede vakt da. Velg et annet tidspunkt.")
            % {"name": staff.first_name},
            "overlap",
        ) from clash
    return duty


def hand_over(duty: Duty, note: str, *, by: Actor, at: datetime) -> None:
    """Leave a note for whoever takes over; the duty's own holder or a duty lead may.

    Raises:
        NotAllowed: somebody else's duty.
    """
    if by.id != duty.staff_id:
        check(by, "people.roster", duty.unit)
    with transaction.atomic():
        duty.handover, duty.handed_over_at = note.strip()[:4000], at
        duty.save(update_fields=["handover", "handed_over_at"])
        record("duty.handed_over", duty, by=by, at=at)


def report_absence(staff: Staff, *, from_on: date, to_on: date, by: Actor, at: datetime) -> Absence:
    """Somebody is away; duties in that time are shown as uncovered.

    Raises:
        Refused: it ends before it starts.
        NotAllowed: neither one's own nor a duty lead's to report.
    """
    if by.id != staff.pk:
        check(by, "people.roster", staff.unit)
    if to_on < from_on:
        raise Refused(_("Siste dag må komme etter første dag. Rett datoene."), "ends_before_start")
    with transaction.atomic():
        absence = Absence.objects.create(staff=staff, from_on=from_on, to_on=to_on)
        record("absence.reported", absence, by=by, at=at)
    return absence


def on_duty(municipality: Municipality, *, at: datetime) -> list[OnDuty]:
    """Who is on duty at a moment and not away, one line a person."""
    today = at.date()
    away = Absence.objects.filter(from_on__lte=today, to_on__gte=today).values("staff_id")
    running = (
        Duty.objects.on_at(at)
        .filter(municipality=municipality, staff__active=True)
        .exclude(staff_id__in=away)
        .select_related("staff", "unit")
    )
    return [OnDuty(duty.staff.first_name, duty.unit.local_name, duty.ends_at) for duty in running]


def front_unit(municipality: Municipality) -> Unit | None:
    """The unit that takes what nobody else was meant to."""
    return (
        Unit.objects.filter(municipality=municipality, is_front=True)
        .select_related("parent")
        .first()
    )


def answer_expected_at(municipality: Municipality, *, at: datetime) -> datetime | None:
    """When somebody is back: now if open, the next opening otherwise."""
    unit = front_unit(municipality)
    return Hours(unit).next_opening(at) if unit else None


def make_signin_link(municipality: Municipality, address: str, *, at: datetime) -> str:
    """A token for one sign-in by e-mail link; valid half an hour, once."""
    token = secrets.token_urlsafe(24)
    SignInLink.objects.create(
        municipality=municipality,
        token_sha256=hashlib.sha256(token.encode()).digest(),
        address=address.strip().lower(),
        sent_at=at,
    )
    return token


def use_signin_link(municipality: Municipality, token: str, *, at: datetime) -> str:
    """The address the link was sent to; the link is spent.

    Raises:
        Refused: unknown, spent or too old.
    """
    digest = hashlib.sha256(token.encode()).digest()
    fresh = SignInLink.objects.filter(
        municipality=municipality, token_sha256=digest, used_at=None, sent_at__gt=at - LINK_LIVES
    )
    if not fresh.update(used_at=at):
        raise Refused(_("Lenken er brukt eller for gammel. Be om en ny."), "link_spent")
    return SignInLink.objects.values_list("address", flat=True).get(token_sha256=digest)


def user_to_connect(address: str, *, issuer: str) -> User | None:
    """Whose sign-in an identity with that verified address is: active staff, with no other identity at the issuer.

    An address that passes from one employee to the next must not carry the first one's rights along.
    """
    user = User.objects.filter(email=address, is_active=True, staff__active=True).first()
    taken = SocialAccount.objects.filter(user=user, extra_data__iss=issuer).exists()
    return None if taken else user


def note_connected(user: User, *, at: datetime) -> None:
    """Write that an identity was connected to somebody's sign-in, in each municipality they serve."""
    for staff in Staff.objects.filter(user=user):
        record("signin.connected", staff, by=Actor.of_staff(staff), at=at)


def unreadable_factors() -> list[User]:
    """Whose second factors cannot be read with the installation's key."""
    lost = set()
    for factor in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN):
        names = {"secret", "seed"} & set(factor.data)
        try:
            for name in names:
                get_mfa_adapter().decrypt(factor.data[name])
        except InvalidToken:
            lost.add(factor.user_id)
    return list(User.objects.filter(pk__in=lost).order_by("pk"))


def drop_unreadable_factors(*, at: datetime) -> int:
    """Remove the second factors of those who could not sign in any more; they set up new ones. How many persons."""
    users = unreadable_factors()
    with transaction.atomic():
        for user in users:
            factors = Authenticator.objects.filter(user=user)
            factors.exclude(type=Authenticator.Type.WEBAUTHN).delete()
            for staff in Staff.objects.filter(user=user):
                by = Actor.system(staff.municipality_id)
                record("signin.factors_dropped", staff, by=by, at=at)
    return len(users)


def bind_session(*, issuer: str, sid: str, session_key: str, at: datetime) -> None:
    """Remember which of our sessions a provider's session opened; forget those long gone."""
    with transaction.atomic():
        SignInSession.objects.filter(opened_at__lt=at - BINDING_LIVES).delete()
        SignInSession.objects.create(issuer=issuer, sid=sid, session_key=session_key, opened_at=at)


def close_sessions(*, issuer: str, sid: str) -> int:
    """End the sessions a provider's session opened; how many. Doing it again changes nothing."""
    bound = SignInSession.objects.filter(issuer=issuer, sid=sid)
    with transaction.atomic():
        keys = list(bound.values_list("session_key", flat=True))
        for key in keys:
            SessionStore(key).delete()
        bound.delete()
    return len(keys)
