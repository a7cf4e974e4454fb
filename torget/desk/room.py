"""What the desk is to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Counter, Page, Room

ROOM = Room(
    name="desk",
    pages=(
        Page(
            name="desk:inbox",
            label=_("Innboks"),
            menu="rail",
            position=10,
            icon="inbox",
            act="conversations.read",
            within=("desk:conversation",),
            counter=Counter(
                name="inbox", rows="torget.desk.queries.queue.waiting", colour="danger"
            ),
        ),
        Page(
            name="desk:mentions",
            label=_("Nevnt"),
            menu="rail",
            position=20,
            icon="bell",
            act="conversations.read",
            counter=Counter(
                name="mentions", rows="torget.desk.queries.queue.mentioned", colour="info"
            ),
        ),
        Page(
            name="desk:approvals",
            label=_("Godkjenning"),
            menu="rail",
            position=30,
            icon="check",
            act="replies.approve",
            counter=Counter(
                name="approvals", rows="torget.desk.queries.queue.to_approve", colour="warning"
            ),
        ),
        Page(
            name="desk:search",
            label=_("Søk"),
            menu="rail",
            position=40,
            icon="search",
            act="conversations.read",
        ),
        Page(
            name="desk:post",
            label=_("Skriv på veggen"),
            menu="rail",
            position=60,
            icon="wall",
            act="wall.post",
        ),
        Page(
            name="desk:deliveries",
            label=_("Sendinger"),
            menu="rail",
            position=70,
            icon="send",
            act="conversations.read",
        ),
        Page(
            name="desk:quarantine",
            label=_("Karantene"),
            menu="rail",
            position=80,
            icon="warning",
            act="intake.quarantine",
            counter=Counter(
                name="quarantine", rows="torget.desk.queries.queue.set_aside", colour="warning"
            ),
        ),
        Page(
            name="desk:duty",
            label=_("Vaktliste"),
            menu="rail",
            position=90,
            icon="calendar",
            act="conversations.read",
        ),
        Page(
            name="desk:figures",
            label=_("Tall"),
            menu="rail",
            position=100,
            icon="chart",
            act="figures.read",
        ),
        Page(
            name="desk:canned",
            label=_("Svarmaler"),
            menu="rail",
            position=110,
            icon="note",
            act="canned.edit",
        ),
        Page(
            name="desk:settings",
            label=_("Innstillinger"),
            menu="rail",
            position=120,
            icon="settings",
            act="channels.pause",
            within=("desk:getting_started",),
        ),
        Page(
            name="desk:getting_started",
            label=_("Kom i gang"),
            menu="settings",
            position=10,
            act="people.administer",
        ),
        Page(
            name="desk:settings",
            label=_("Kanaler"),
            menu="settings",
            position=20,
            act="channels.pause",
        ),
        Page(
            name="desk:deadlines",
            label=_("Frister"),
            menu="settings",
            position=30,
            act="desk.arrange",
        ),
        Page(name="desk:tags", label=_("Merker"), menu="settings", position=40, act="desk.arrange"),
        Page(
            name="desk:macros", label=_("Makroer"), menu="settings", position=50, act="desk.arrange"
        ),
        Page(
            name="desk:rules", label=_("Regler"), menu="settings", position=60, act="desk.arrange"
        ),
        Page(
            name="desk:dealing",
            label=_("Fordeling"),
            menu="settings",
            position=70,
            act="desk.arrange",
        ),
        Page(
            name="desk:terms",
            label=_("Godkjenning"),
            menu="settings",
            position=80,
            act="replies.terms",
        ),
        Page(
            name="desk:municipality",
            label=_("Kommunen"),
            menu="settings",
            position=90,
            act="people.administer",
        ),
        Page(
            name="desk:units",
            label=_("Enheter"),
            menu="settings",
            position=100,
            act="people.administer",
        ),
        Page(
            name="desk:colleagues",
            label=_("Kollegaer"),
            menu="settings",
            position=110,
            act="people.administer",
        ),
        Page(
            name="desk:limits",
            label=_("Grenser"),
            menu="settings",
            position=120,
            act="people.administer",
        ),
    ),
)
