"""What the figures are to the rest of the house."""

from __future__ import annotations

from torget.rooms import Act, Room

ROOM = Room(
    name="insight",
    acts=(Act(name="figures.read", roles=frozenset({"responder", "duty_lead", "analyst"})),),
)
