"""What the conversations are to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Act, Check, Feed, Job, Kind, Loop, Room, Source

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

ANSWERS = frozenset({"responder", "duty_lead"})
READS = ANSWERS | {"moderator", "archivist"}

ROOM = Room(
    name="conversations",
    kinds=(QUESTION, WALL),
    acts=(
        Act(name="conversations.read", roles=READS),
        Act(name="conversations.take", roles=ANSWERS),
        Act(name="conversations.assign", roles=frozenset({"duty_lead"})),
        Act(name="conversations.forward", roles=ANSWERS),
        Act(name="conversations.note", roles=READS),
        Act(name="conversations.reply", roles=ANSWERS),
        Act(name="conversations.close", roles=ANSWERS),
        Act(name="conversations.handle", roles=ANSWERS),
        Act(name="messages.hide", roles=frozenset({"moderator", "duty_lead"})),
        Act(name="persons.merge", roles=ANSWERS),
        Act(name="persons.note", roles=ANSWERS),
        Act(name="persons.block", roles=frozenset({"duty_lead", "moderator"})),
        Act(name="wall.post", roles=frozenset({"editor", "responder", "duty_lead"})),
    ),
    feeds=(
        Feed(
            name="vegg",
            label=_("Veggen"),
            title=_("Veggen i %(name)s"),
            entries="torget.conversations.public.newest_on_wall",
        ),
    ),
    search=(
        Source(
            name="vegg", label=_("På veggen"), find="torget.conversations.public.hits", position=20
        ),
    ),
    loops=(
        Loop(
            name="filing",
            run="torget.conversations.tasks.file_loop",
            label=_("Behandlingen av det som kommer inn"),
        ),
    ),
    jobs=(
        Job(
            name="conversations.words",
            cron="* * * * *",
            run="torget.conversations.tasks.learn_words",
        ),
        Job(
            name="conversations.person_notes",
            cron="17 3 * * *",
            run="torget.conversations.rules.persons.forget_expired_notes",
        ),
        Job(
            name="conversations.wake",
            cron="* * * * *",
            run="torget.conversations.rules.snoozing.wake_due",
        ),
        Job(
            name="conversations.deadlines",
            cron="* * * * *",
            run="torget.conversations.deadlines.watch",
        ),
        Job(
            name="conversations.chats",
            cron="* * * * *",
            run="torget.conversations.rules.chatting.look_after",
        ),
        Job(
            name="conversations.reckon",
            cron="30 2 * * *",
            run="torget.conversations.tasks.reckon_deadlines",
        ),
    ),
    checks=(Check(name="attachments", look="torget.conversations.checks.attachments"),),
)
