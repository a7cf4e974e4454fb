"""What a new municipality does before it opens: each step is done when the facts say so, not when somebody ticks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from torget.answers.models import Answer
from torget.channels.models import Account
from torget.channels.rules import letter_network
from torget.people.actor import Actor
from torget.people.hours import Hours
from torget.people.models import Duty, Municipality, RoleGrant, Unit
from torget.people.roles import Role

FIRST_ANSWERS = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do.

    Attributes:
        page: the name of the page where it is done.
    """

    label: Promise
    why: Promise
    page: str
    done: bool


def steps(municipality: Municipality, by: Actor, *, at: datetime) -> list[Step]:
    """All of them, in the order they are best taken."""
    units = Unit.objects.filter(municipality=municipality, active=True)
    front = units.filter(is_front=True).first()
    grants = RoleGrant.objects.filter(
        staff__municipality=municipality, staff__active=True, ended_at=None
    )
    answering = grants.filter(role__in=[Role.RESPONDER, Role.DUTY_LEAD])
    user = by.staff.user_id if by.staff else None
    return [
        Step(
            _("Skriv telefon og e-postadresse"),
            _("De står nederst på alle sider, og der det står hva man gjør når noe haster."),
            "desk:municipality",
            bool(municipality.phone and municipality.email),
        ),
        Step(
            _("Lag enhetene"),
            _("Spørsmål legges til den enheten som eier svaret."),
            "desk:units",
            units.filter(receives=True).count() > 1,
        ),
        Step(
            _("Se over åpningstidene"),
            _("Innbyggerne ser når de kan vente svar, og fristene regnes av dem."),
            "desk:units",
            front is not None and Hours(front).known,
        ),
        Step(
            _("Inviter kollegaer, og gi dem roller"),
            _("Minst to må kunne svare, så noen er der når den andre er borte."),
            "desk:colleagues",
            answering.values("staff").distinct().count() > 1,
        ),
        Step(
            _("Sikre innloggingen din"),
            _("En kode eller nøkkel i tillegg til passordet. Du kan endre alt her."),
            "mfa_index",
            Authenticator.objects.filter(user_id=user).exists(),
        ),
        Step(
            _("Koble til e-post"),
            _("Uten den får ingen kvittering, og ingen kan logge inn på Min side."),
            "desk:connect_mail",
            Account.objects.filter(municipality=municipality, network=letter_network()).exists(),
        ),
        Step(
            _("Sett opp den første vakten"),
            _("Innbyggerne ser hvem som svarer nå."),
            "desk:duty",
            Duty.objects.filter(municipality=municipality, ends_at__gt=at).exists(),
        ),
        Step(
            _("Skriv de ti første svarene"),
            _("De fleste spør om det samme. Den som finner svaret, slipper å vente."),
            "desk:answers",
            Answer.objects.published(at=at).filter(municipality=municipality).count()
            >= FIRST_ANSWERS,
        ),
    ]
