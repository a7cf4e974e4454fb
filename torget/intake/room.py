"""What what is received is to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Act, Loop, Room, Verb, Watch

ROOM = Room(
    name="intake",
    verbs=(
        Verb(name="envelope.quarantined"),
        Verb(name="envelope.replayed"),
        Verb(name="envelope.discarded"),
    ),
    acts=(Act(name="intake.quarantine", roles=frozenset({"duty_lead", "administrator"})),),
    loops=(
        Loop(
            name="listening",
            run="torget.intake.listening.listen_loop",
            label=_("Mottaket fra kanalene"),
        ),
    ),
    watches=(
        Watch(name="intake", look="torget.intake.standstills.late_envelopes"),
        Watch(name="quarantine", look="torget.intake.standstills.quarantined"),
    ),
)
