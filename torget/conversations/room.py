"""What the conversations are to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Kind, Room

ROOM = Room(
    name="conversations",
    kinds=(
        Kind(name="question", label=_("Spørsmål"), icon="comment"),
        Kind(name="wall", label=_("Veggen"), icon="wall"),
    ),
)
