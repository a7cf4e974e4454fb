"""What following is to the rest of the house."""

from __future__ import annotations

from torget.rooms import Room, Verb

ROOM = Room(
    name="subscriptions",
    verbs=(
        Verb(name="subscription.started"),
        Verb(name="subscription.confirmed"),
        Verb(name="subscription.ended"),
    ),
)
