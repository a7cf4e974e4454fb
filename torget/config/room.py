"""What the house itself does to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Check, Loop, Room

ROOM = Room(
    name="config",
    loops=(
        Loop(name="jobs", run="torget.config.work.jobs_loop", label=_("Arbeidet etter klokka")),
        Loop(name="worker", run="torget.config.work.pulse_loop", label=_("Bakgrunnsarbeidet")),
    ),
    checks=(
        Check(name="connections", look="torget.config.doctor.connections"),
        Check(name="guard", look="torget.config.doctor.guards"),
    ),
)
