"""What the fediverse is to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Loop, Room, Verb

ROOM = Room(
    name="activitypub",
    verbs=(
        Verb(name="account.keys_rotated", public=True),
        Verb(name="account.pinned", public=True),
        Verb(name="account.unpinned", public=True),
        Verb(name="account.parcels_retried"),
        Verb(name="domain.blocked", public=True),
        Verb(name="domain.unblocked", public=True),
    ),
    loops=(
        Loop(
            name="fanout",
            run="torget.adapters.activitypub.loop.fanout_loop",
            label=_("Utsendingen til fødiverset"),
        ),
    ),
)
