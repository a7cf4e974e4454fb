"""`torget init`: a real municipality, ready to open, with an administrator who can sign in."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from torget.channels import rules as channels
from torget.channels.models import Account
from torget.errors import Refused
from torget.people import founding
from torget.people.actor import Actor
from torget.people.colleagues import password_link
from torget.people.models import Municipality, Staff


def open_for(
    number: str, host: str, *, email: str, name: str, tell: Callable[[str], None]
) -> Municipality:
    """Make what is missing of a municipality and tell what to do next; doing it again changes nothing.

    Raises:
        Refused: unknown number, a host that is taken or none, no address or name of the administrator.
    """
    at = timezone.now()
    if bool(email) != bool(name):
        raise Refused("Give both --admin-email and --admin-name, or neither.", "half_admin")
    if email:
        try:
            validate_email(email)
        except ValidationError as fault:
            raise Refused(f"{email!r} is not an e-mail address.", "bad_email") from fault
    with transaction.atomic():
        founded = founding.found(number, host, at=at)
        municipality = founded.municipality
        if not Account.objects.filter(municipality=municipality, network="form").exists():
            channels.open_account(
                founded.front,
                network="form",
                address=f"torget.{municipality.slug}",
                name="Torget",
                by=Actor.system(municipality.pk),
                at=at,
            )
        admin = founding.add_administrator(founded, email, name, at=at) if email else None
    tell(f"{municipality.name} ({municipality.number}) answers on {founding.check_host(host)}.")
    if admin and admin.user.has_usable_password():
        tell(f"{admin.display_name} signs in with the password of the other municipality.")
    elif admin:
        tell(f"{admin.display_name} chooses a password here, once, within three days:")
        tell(f"  {password_link(admin)}")
    elif email:
        tell(f"{email} already has a sign-in there; nothing was changed.")
    elif not Staff.objects.filter(municipality=municipality).exists():
        tell("Nobody can sign in yet: run it again with --admin-email and --admin-name.")
    return municipality
