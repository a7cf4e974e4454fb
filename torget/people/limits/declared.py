"""The limits there are: what each counts, its usual value, and how far a municipality may change it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TEN_MINUTES, HOUR, DAY = 600, 3_600, 86_400
WALL = 20  # times the value: from there on nothing is taken, whoever asks


@dataclass(frozen=True, slots=True)
class Limit:
    """`value` things in `seconds`; above it what is sent is slowed, refused or not written.

    Attributes:
        least, most: how far a municipality may move the value.
        walled: whether there is a wall at WALL times the value, above a slow lane.
    """

    name: str
    label: str | Promise
    above: str | Promise
    value: int
    least: int
    most: int
    seconds: int
    walled: bool = False

    @property
    def per(self) -> str | Promise:
        """The time it is counted over, in words."""
        return {
            TEN_MINUTES: _("på ti minutter"),
            HOUR: _("i timen"),
            DAY: _("i døgnet"),
            0: _("om gangen"),
        }[self.seconds]


_SLOWED = _("Avsenderen må vente litt, eller la nettleseren gjøre et regnestykke. Så går det fram.")
_UNSENT = _("Brevet blir ikke sendt. Siden sier det samme som ellers.")
_WAITS = _("Den neste må vente, lengre for hver gang. Kjente enheter venter ikke.")

# An address is an IPv4 address or an IPv6 /64, a network a /24 or a /48. A library's thirty people and a town hall share one.
LIMITS: tuple[Limit, ...] = (
    Limit(
        "forms_address", _("Skjemaer fra én adresse"), _SLOWED, 120, 60, 1_000, TEN_MINUTES, True
    ),
    Limit("forms_network", _("Skjemaer fra ett nett"), _SLOWED, 400, 200, 5_000, TEN_MINUTES, True),
    # Without a wall: many addresses together make everybody wait or work, and still stop nobody.
    Limit("forms_square", _("Skjemaer i alt"), _SLOWED, 1_000, 300, 50_000, TEN_MINUTES),
    Limit("letters_kind", _("Like brev til én mottaker"), _UNSENT, 3, 2, 10, HOUR),
    Limit("letters_all", _("Automatiske brev til én mottaker"), _UNSENT, 12, 6, 50, DAY),
    Limit("signin_pair", _("Feil passord på én konto fra én adresse"), _WAITS, 5, 3, 20, HOUR),
    Limit("signin_account", _("Feil passord på én konto fra alle"), _WAITS, 30, 10, 200, HOUR),
    Limit("signin_address", _("Feil passord fra én adresse"), _WAITS, 100, 30, 2_000, HOUR),
    Limit("signin_device", _("Feil passord fra en kjent enhet"), _WAITS, 10, 5, 50, HOUR),
    Limit("signin_code", _("Feil koder fra kodegeneratoren"), _WAITS, 5, 3, 20, HOUR),
    Limit(
        "lines_staff",
        _("Åpne sider som oppdaterer seg selv, per ansatt"),
        _("Siden oppdaterer seg ikke av seg selv før en annen er lukket."),
        20,
        5,
        100,
        0,
    ),
    Limit(
        "lines_address",
        _("Åpne sider som oppdaterer seg selv, per adresse"),
        _("Siden oppdaterer seg ikke av seg selv før en annen er lukket."),
        1_000,
        100,
        5_000,
        0,
    ),
)
BY_NAME = {limit.name: limit for limit in LIMITS}
