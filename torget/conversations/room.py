"""What the conversations are to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Kind, Room

QUESTION = Kind(
    name="question",
    label=_("Spørsmål"),
    icon="comment",
    address="/vegg/{ref}",
    on_wall=True,
    comments=True,
    case_page=True,
    asks=True,
    preliminary=True,
    badge=_("Spørsmål"),
    states={"waiting": _("Venter på svar"), "answered": _("Kommunen har svart")},
)
WALL = Kind(
    name="wall",
    label=_("Veggen"),
    icon="wall",
    address="/vegg/{ref}",
    on_wall=True,
    comments=True,
    publish="wall.post",
    states={"answered": _("Kommunen har svart")},
)

ROOM = Room(name="conversations", kinds=(QUESTION, WALL))
