"""What staff are told beside a message: that it was signed, could not be opened, is a sign only. Codes to words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MOST = 20
MOST_CHARS = 400

_WORDS: dict[str, Promise] = {
    "signed": _(
        "Signert av %(name)s (%(address)s). Ingen har endret innholdet etterpå. "
        "Sertifikatet er utstedt av %(issuer)s. Torget har ikke kontrollert utstederen."
    ),
    "signed_by_itself": _(
        "Signert av %(name)s (%(address)s). Ingen har endret innholdet etterpå. "
        "Avsenderen har laget sertifikatet selv, så det beviser ikke hvem som skrev."
    ),
    "signed_by_other": _(
        "Signert av %(name)s (%(address)s). Det er en annen adresse enn avsenderens. "
        "Ingen har endret innholdet etterpå."
    ),
    "signature_wrong": _(
        "Signaturen stemmer ikke. Innholdet kan være endret etter at det ble signert."
    ),
    "signature_unchecked": _("Meldingen er signert, men Torget kunne ikke kontrollere signaturen."),
    "encrypted_smime": _(
        "Meldingen er kryptert (S/MIME) og kan ikke åpnes i Torget. "
        "Be avsenderen sende den på nytt uten kryptering, eller åpne vedlegget der dere har nøkkelen."
    ),
    "encrypted_openpgp": _(
        "Meldingen er kryptert (OpenPGP) og kan ikke åpnes i Torget. "
        "Be avsenderen sende den på nytt uten kryptering, eller åpne vedlegget der dere har nøkkelen."
    ),
    "encrypted_rights": _(
        "Meldingen er beskyttet med Microsofts rettighetsstyring og kan ikke åpnes i Torget. "
        "Be avsenderen sende den på nytt uten beskyttelse."
    ),
    "unreadable": _(
        "Innholdet kunne ikke åpnes. Last ned originalen, eller be avsenderen sende det på nytt."
    ),
    "only_winmail": _(
        "Innholdet ligger i vedlegget winmail.dat, som bare Outlook kan lese. "
        "Be avsenderen sende det på nytt som vanlig tekst eller HTML."
    ),
    "damaged": _("Deler av meldingen er skadet eller for lange. Last ned originalen for å se alt."),
    "reaction": _("Reaksjon: %(sign)s"),
}
_ICONS = {"signed": "mail", "reaction": "comment"}
_UNKNOWN = {"name": _("ukjent"), "address": _("ukjent"), "issuer": _("ukjent"), "sign": ""}


@dataclass(frozen=True, slots=True)
class Line:
    """One remark as it is shown."""

    icon: str
    words: str


def kept(remarks: Sequence[tuple[str, Mapping[str, str]]]) -> list[list[Any]]:
    """Remarks as they are kept with a message; unknown codes are left out."""
    return [
        [code, {name: str(value)[:MOST_CHARS] for name, value in values.items()}]
        for code, values in remarks[:MOST]
        if code in _WORDS
    ]


def lines(remarks: Sequence[Sequence[Any]]) -> list[Line]:
    """Remarks in the reader's language."""
    return [
        Line(
            _ICONS.get(code, "warning"),
            str(_WORDS[code])
            % {**_UNKNOWN, **{name: value for name, value in values.items() if value}},
        )
        for code, values in remarks
        if code in _WORDS
    ]
