"""Who plays in the example municipality: what each room tells its part of the story with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torget.people.models import Municipality, Staff, Unit


@dataclass(frozen=True, slots=True)
class Cast:
    """The municipality, its units by slug and its staff by first name in small letters."""

    municipality: Municipality
    units: Mapping[str, Unit]
    staff: Mapping[str, Staff]
