"""What e-mail is to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Loop, Room

ROOM = Room(
    name="email",
    loops=(
        Loop(
            name="mail",
            run="torget.adapters.email.listen.listen_loop",
            label=_("Mottaket av e-post"),
        ),
    ),
)
