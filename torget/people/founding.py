"""The 357 municipalities, and opening the square for one of them."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from datetime import datetime, time
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from django.db import transaction

from torget.design.text import slug as slug_of
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor
from torget.people.models import Host, Municipality, OpeningHours, Staff, Unit
from torget.people.roles import Role
from torget.people.rules import add_staff, add_unit, grant

MAX_SLUG_CHARS = 40
_DATA = Path(__file__).parent / "data" / "municipalities.csv"
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,62})(\.[a-z0-9]([a-z0-9-]{0,62}))*")


@dataclass(frozen=True, slots=True)
class Founded:
    """What a new municipality starts with."""

    municipality: Municipality
    root: Unit
    front: Unit


@cache
def all_municipalities() -> dict[str, str]:
    """Number → official name, of all municipalities (© Kartverket, CC BY 4.0)."""
    with _DATA.open(encoding="utf-8", newline="") as file:
        return {row["number"]: row["name"] for row in csv.DictReader(file)}


def name_of(number: str) -> str:
    """The official name of a municipality, in all its languages.

    Raises:
        Refused: no municipality has that number; near ones are named.
    """
    known = all_municipalities()
    if number not in known:
        raise Refused(
            f"No municipality has the number {number}. {_near(number)} "
            "The numbers are listed at https://www.ssb.no/klass/klassifikasjoner/131.",
            "unknown_number",
        )
    return known[number]


def _near(typed: str) -> str:
    known = all_municipalities()
    names = {name.casefold(): number for number, name in known.items()}
    # People write the name where the number belongs, and names in several languages in part.
    numbers = [number for name, number in names.items() if typed.casefold() in name.split(" - ")]
    numbers += [names[name] for name in get_close_matches(typed.casefold(), names, 3)]
    if typed.isdecimal():
        numbers += sorted(known, key=lambda number: abs(int(number) - int(typed)))[:3]
    listed = ", ".join(f"{number} {known[number]}" for number in dict.fromkeys(numbers))
    return f"Did you mean {listed}?" if listed else ""


def check_host(host: str) -> str:
    """The host name as we keep it.

    Raises:
        Refused: it is none.
    """
    name = host.strip().lower().rstrip(".")
    if not _HOST.fullmatch(name):
        raise Refused(
            f"{host!r} is not a host name. Write it without https:// and port, for example square.example.no.",
            "bad_host",
        )
    return name


def found(number: str, host: str, *, at: datetime) -> Founded:
    """A municipality with its root unit, service centre and opening hours.

    Doing it again with the same host changes nothing; with another host, the municipality answers there too.

    Raises:
        Refused: unknown number; the host is no host name, or another municipality's.
    """
    name, host = name_of(number), check_host(host)
    taken = Host.objects.select_related("municipality").filter(host=host).first()
    if taken and taken.municipality.number != number:
        raise Refused(
            f"{taken.municipality.name} already answers on {host}. Choose another host name.",
            "host_taken",
        )
    with transaction.atomic():
        known = Municipality.objects.filter(number=number).first()
        municipality = known or _make(number, name, at=at)
        if not taken:
            Host.objects.create(municipality=municipality, host=host)
            record(
                "municipality.answers_on",
                municipality,
                by=Actor.system(municipality.pk),
                at=at,
            )
        units = Unit.objects.filter(municipality=municipality)
        return Founded(municipality, units.get(slug="kommunen"), units.get(slug="servicetorget"))


def _make(number: str, name: str, *, at: datetime) -> Municipality:
    short = slug_of(name, MAX_SLUG_CHARS)
    if Municipality.objects.filter(slug=short).exists():
        short = f"{short[:35]}-{number}"  # two are called Herøy, two Våler
    municipality = Municipality.objects.create(
        number=number,
        name=name,
        slug=short,
        ref_prefix=short.replace("-", "")[:2].upper(),
        languages=["nb", "nn", "en"],
        opened_at=None,
    )
    record("municipality.founded", municipality, by=Actor.system(municipality.pk), at=at)
    root = add_unit(municipality, name=f"{name} kommune", slug="kommunen", receives=False)
    add_unit(municipality, name="Servicetorget", slug="servicetorget", parent=root, is_front=True)
    OpeningHours.objects.bulk_create(
        OpeningHours(unit=root, weekday=weekday, opens=time(8), closes=time(15, 30))
        for weekday in range(5)
    )
    return municipality


def add_administrator(founded: Founded, email: str, name: str, *, at: datetime) -> Staff | None:
    """An administrator with no password yet; None when that address already works there.

    Raises:
        Refused: the name is not first and last name.
    """
    first, _space, last = name.strip().rpartition(" ")
    if not first or not last:
        raise Refused(
            'Write the first and last name of the administrator: --admin-name "Fornavn Etternavn".',
            "name",
        )
    by = Actor.system(founded.municipality.pk)
    with transaction.atomic():
        if Staff.objects.filter(
            municipality=founded.municipality, user__email=email.lower()
        ).exists():
            return None
        staff = add_staff(
            founded.front,
            email=email,
            password=None,
            first_name=first,
            last_name=last,
            at=at,
            by=by,
        )
        for role in (Role.ADMINISTRATOR, Role.DUTY_LEAD):
            grant(staff, role, founded.root, at=at, by=by)
    return staff
