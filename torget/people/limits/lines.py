"""Live lines: how many one member of staff and one address may hold open at a time, over all processes."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import connection, transaction

from torget.people.limits.counting import address_of, key_of
from torget.people.limits.values import note_met, value_of
from torget.people.models import Line, Municipality

_LOCK = 0x6C696E65  # "line"


def take_line(
    municipality: Municipality, staff_id: int | None, peer: str, *, at: datetime, lives: timedelta
) -> uuid.UUID | None:
    """Take a line for at most `lives`; None when the member of staff or the address holds too many already.

    A visitor, who is nobody on the staff, is counted by the address alone.
    """
    line = uuid.uuid4()
    wanted: list[tuple[str, object]] = [("lines_address", address_of(peer))]
    if staff_id is not None:
        wanted.insert(0, ("lines_staff", staff_id))
    keys = {name: key_of(name, municipality.pk, about) for name, about in wanted}
    with transaction.atomic():
        with connection.cursor() as cursor:  # one at a time for each member of staff
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, (staff_id or 0) % 2**31])
        for name, key in keys.items():
            if Line.objects.filter(key=key, until__gt=at).count() >= value_of(name, municipality):
                note_met(name, municipality, refused=True, at=at)
                return None
        Line.objects.bulk_create(
            Line(line=line, key=key, until=at + lives) for key in keys.values()
        )
    return line


def hang_up(line: uuid.UUID) -> None:
    """The line is closed. What a killed process leaves behind ends by itself."""
    Line.objects.filter(line=line).delete()
