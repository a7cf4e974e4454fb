"""What the fediverse is to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Loop, Room

ROOM = Room(
    name="activitypub",
    loops=(
        Loop(
            name="fanout",
            run="torget.adapters.activitypub.loop.fanout_loop",
            label=_("Utsendingen til fødiverset"),
        ),
    ),
)
