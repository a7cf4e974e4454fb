"""What the watchdog looks at: floods of forms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from torget.people import limits
from torget.people.models import Municipality
from torget.rooms import Standstill


def floods(at: datetime) -> Iterator[Standstill]:
    """Municipalities whose square is sent more forms than it takes."""
    for municipality in Municipality.objects.all():
        if limits.flooded(municipality, at=at):
            yield Standstill(
                f"municipality:{municipality.pk}",
                _(
                    "Det sendes uvanlig mange skjemaer til torget. Alle som sender, må vente litt. "
                    "Se Innstillinger, Grenser."
                ),
                municipality.pk,
            )
