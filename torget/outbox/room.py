"""What what is to be sent is to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Act, Loop, Room, Verb, Watch

ROOM = Room(
    name="outbox",
    verbs=(
        Verb(name="delivery.settled", public=True),
        Verb(name="delivery.refused"),
    ),
    acts=(Act(name="outbox.settle", roles=frozenset({"duty_lead"})),),
    loops=(Loop(name="outbox", run="torget.outbox.tasks.deliver_loop", label=_("Utsendingen")),),
    watches=(
        Watch(name="outbox", look="torget.outbox.standstills.late_deliveries"),
        Watch(name="unknown", look="torget.outbox.standstills.unknown_deliveries"),
    ),
)
