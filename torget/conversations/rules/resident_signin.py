"""Residents sign in: by a link in a letter, or by ID-porten."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from torget.channels.contract import Author
from torget.channels.rules import letter_network
from torget.conversations import persons
from torget.conversations.models import Identity
from torget.errors import Refused
from torget.history.rules import record
from torget.outbox import letters
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.limits import may_write_to
from torget.people.links import absolute
from torget.people.models import Municipality

IDPORTEN = "idporten"


def send_signin_link(municipality: Municipality, address: str, *, at: datetime) -> None:
    """Send a resident a link to sign in with. It is sent whether or not we know the address: nothing is revealed.

    Asked for again and again, no more letters are sent than the limit lets through; a link sent before still works.

    Raises:
        Refused: the municipality has no account to write from (`no_email`).
    """
    if letters.no_way_out(municipality.pk):
        raise Refused(_("Kommunen har ikke satt opp e-post ennå. Ring oss i stedet."), "no_email")
    with transaction.atomic():
        if not may_write_to(address, "signin", municipality, at=at):
            return
        token = people.make_signin_link(municipality, address, at=at)
        letter = letters.Letter(
            key=f"signin-{token[:16]}",
            subject=_("Logg inn på torget i %(name)s") % {"name": municipality.name},
            body=_(
                "Åpne lenken for å logge inn. Den virker én gang, i en halvtime:\n%(link)s\n\n"
                "Ba du ikke om den? Da trenger du ikke gjøre noe."
            )
            % {"link": absolute(municipality, f"/min-side/inn/{token}")},
        )
        letters.write(
            letter,
            address.lower(),
            about=municipality,
            municipality_id=municipality.pk,
            now=at,
            priority=1,
        )


def sign_in(municipality: Municipality, token: str, *, at: datetime) -> Identity:
    """Spend a sign-in link; the identity whose address it proved.

    Raises:
        Refused: unknown, spent or too old.
    """
    with transaction.atomic():
        address = people.use_signin_link(municipality, token, at=at)
        return _enter(municipality, letter_network(), address, "link", at=at)


def sign_in_idporten(municipality: Municipality, subject: str, *, at: datetime) -> Identity:
    """The identity ID-porten vouched for, by its pairwise subject; the national identity number never comes this far."""
    with transaction.atomic():
        return _enter(municipality, IDPORTEN, subject, IDPORTEN, at=at)


def _enter(
    municipality: Municipality, network: str, external_id: str, proof: str, *, at: datetime
) -> Identity:
    identity = persons.identify(municipality, network, Author(external_id), at=at)
    persons.verify(identity, proof, at=at)
    by = Actor.resident(municipality.pk, identity.person_id)
    record("resident.signed_in", identity, by=by, at=at)
    return identity
