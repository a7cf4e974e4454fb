"""Colleagues from a table (CSV), as a spreadsheet or another system writes it: first each row's fate, then done.

Columns are found by their names, in any order; the first row names them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from torget.errors import Refused
from torget.people import colleagues
from torget.people.actor import Actor
from torget.people.models import Municipality, Staff, Unit
from torget.people.roles import Role
from torget.protocols import encodings

MOST_BYTES, MOST_ROWS = 1_000_000, 1_000
COLUMNS = {
    "email": ("e-post", "epost", "e-postadresse", "epostadresse", "email", "e-mail", "mail"),
    "first_name": ("fornavn", "førenamn", "first name", "firstname"),
    "last_name": ("etternavn", "etternamn", "last name", "lastname", "surname"),
    "unit": ("enhet", "eining", "avdeling", "unit", "department"),
    "role": ("rolle", "role"),
}
# What a spreadsheet would run when the table is opened in it again.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table, and what comes of it.

    Attributes:
        number: its line in the file, the first being 1.
        refused: why nothing is done with it; empty when somebody is invited.
    """

    number: int
    email: str
    first_name: str = ""
    last_name: str = ""
    unit: Unit | None = None
    role: Role | None = None
    refused: str = ""


def read(content: bytes, municipality: Municipality) -> list[Row]:
    """Every row with its fate; nothing is changed.

    Raises:
        Refused: too large, no table, or a column that must be there is not.
    """
    if len(content) > MOST_BYTES:
        raise Refused(_("Fila er for stor. Del den opp."), "too_large")
    lines = list(_lines(encodings.decode(content, "utf-8")))
    if not lines:
        raise Refused(_("Fila er tom."), "empty")
    place = _places(lines[0][1])
    rows = lines[1:]
    if len(rows) > MOST_ROWS:
        raise Refused(_("Fila har over %(n)s rader. Del den opp.") % {"n": MOST_ROWS}, "too_many")
    judge = _Judge(municipality)
    return [
        judge.row(number, {name: _cell(cells, at) for name, at in place.items()})
        for number, cells in rows
    ]


def bring_in(
    content: bytes, municipality: Municipality, *, by: Actor, at: datetime
) -> list[colleagues.Invited]:
    """Invite everybody whose row may be, all or nobody, with the role the row names in the unit it names.

    Raises:
        Refused: as `read`.
        NotAllowed: a unit is not theirs to arrange.
    """
    invited = []
    with transaction.atomic():
        for row in read(content, municipality):
            if row.refused or row.unit is None:
                continue
            colleague = colleagues.invite(
                row.unit,
                email=row.email,
                first_name=row.first_name,
                last_name=row.last_name,
                by=by,
                at=at,
            )
            if row.role is not None:
                colleagues.give_role(colleague.staff, row.role, row.unit, by=by, at=at)
            invited.append(colleague)
    return invited


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of every line with something in it."""
    first = text.partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as fault:
        raise Refused(
            _("Linje %(n)s kan ikke leses. Lagre fila som CSV igjen.") % {"n": reader.line_num},
            "unreadable",
        ) from fault


def _places(header: list[str]) -> dict[str, int]:
    """Which column holds what."""
    named = [cell.strip().casefold() for cell in header]
    place = {
        name: next(at for at, cell in enumerate(named) if cell in words)
        for name, words in COLUMNS.items()
        if any(cell in words for cell in named)
    }
    missing = [words[0] for name, words in COLUMNS.items() if name not in place and name != "role"]
    if missing:
        raise Refused(
            _("Første rad må ha overskriftene. Disse mangler: %(names)s.")
            % {"names": ", ".join(missing)},
            "columns",
        )
    return place


def _cell(cells: list[str], at: int) -> str:
    return " ".join(cells[at].split()) if at < len(cells) else ""


class _Judge:
    """Decides each row's fate, remembering those before it."""

    def __init__(self, municipality: Municipality) -> None:
        here = Staff.objects.filter(municipality=municipality)
        self._known = {address.lower() for address in here.values_list("user__email", flat=True)}
        self._seen: set[str] = set()
        self._units = {
            name.casefold(): unit
            for unit in Unit.objects.filter(municipality=municipality, active=True)
            for name in (unit.slug, unit.name, unit.name_nn, unit.name_en)
            if name
        }
        self._roles = {
            word.casefold(): role for role in Role for word in (role.value, str(role.label))
        }

    def row(self, number: int, cells: dict[str, str]) -> Row:
        email = cells["email"].lower()
        unit = self._units.get(cells["unit"].casefold())
        role_text = cells.get("role", "")
        role = self._roles.get(role_text.casefold())
        refused = self._why_not(email, cells, unit, role_text, role)
        if not refused:
            self._seen.add(email)
        return Row(number, email, cells["first_name"], cells["last_name"], unit, role, refused)

    def _why_not(
        self,
        email: str,
        cells: dict[str, str],
        unit: Unit | None,
        role_text: str,
        role: Role | None,
    ) -> str:
        if any(value.startswith(_FORMULA) for value in cells.values()):
            return _("En celle ser ut som en formel.")
        try:
            validate_email(email)
        except ValidationError:
            return _("E-postadressen er ikke en adresse.")
        if email in self._known:
            return _("Er her allerede.")
        if email in self._seen:
            return _("Står lenger oppe i fila.")
        if not (cells["first_name"] and cells["last_name"]):
            return _("Fornavn eller etternavn mangler.")
        if len(cells["first_name"]) > 60 or len(cells["last_name"]) > 80:
            return _("Navnet er for langt.")
        if unit is None:
            return _("Ingen enhet heter «%(name)s».") % {"name": cells["unit"][:60]}
        if role_text and role is None:
            return _("Ingen rolle heter «%(name)s».") % {"name": role_text[:60]}
        return ""
