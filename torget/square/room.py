"""What the square is to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Page, Room, Tile

ROOM = Room(
    name="square",
    pages=(
        Page(name="square:home", label=_("Torget"), menu="public", position=10),
        Page(name="square:ask", label=_("Spør oss"), menu="public", position=20),
        Page(name="square:wall", label=_("Veggen"), menu="public", position=40),
    ),
    tiles=(
        Tile(
            name="square:ask",
            label=_("Still et spørsmål"),
            icon="chat",
            hint_for="torget.square.views.home.answered_within",
            position=10,
            first=True,
        ),
        Tile(
            name="square:chat",
            label=_("Snakk med oss"),
            icon="comment",
            hint=_("Direkte når noen er på vakt"),
            position=30,
        ),
        Tile(
            name="square:wall_new",
            label=_("Skriv på veggen"),
            icon="comment",
            hint=_("Si noe til kommunen og naboene"),
            position=40,
        ),
    ),
)
