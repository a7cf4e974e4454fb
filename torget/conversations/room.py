"""What the conversations are to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Act, Check, Feed, Job, Kind, Live, Loop, Room, Source, Topic, Verb

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
    verbs=(
        Verb(
            name="conversation.opened",
            words=_("Saken kom inn til %(unit)s"),
            public=True,
            triggers=_("En ny sak kommer inn"),
        ),
        Verb(
            name="conversation.written_beside",
            words=_("En annen enn den som spurte, svarte: se %(other)s"),
        ),
        Verb(name="conversation.also_told", words=_("Samme melding kom også til %(account)s")),
        Verb(name="conversation.taken", words=_("%(who)s tok saken")),
        Verb(
            name="conversation.assigned",
            words=_("%(who)s ga saken til %(to)s"),
            triggers=_("Saken gis til en kollega"),
        ),
        Verb(name="conversation.released", words=_("%(who)s slapp saken")),
        Verb(
            name="conversation.forwarded",
            words=_("%(who)s sendte saken til %(unit)s"),
            public=True,
            triggers=_("Saken sendes til en enhet"),
        ),
        Verb(name="conversation.handed_over", words=_("%(who)s overleverte saken til %(to)s")),
        Verb(
            name="conversation.closed",
            words=_("%(who)s avsluttet saken"),
            triggers=_("Saken avsluttes"),
        ),
        Verb(name="conversation.reopened", words=_("%(who)s åpnet saken igjen")),
        Verb(name="conversation.snoozed", words=_("%(who)s la saken på vent til %(until)s")),
        Verb(
            name="conversation.woken",
            words=_("Saken kom tilbake i køen"),
            triggers=_("Ventetiden er over"),
        ),
        Verb(
            name="conversation.warned",
            words=_("Varslet om at fristen nærmer seg"),
            triggers=_("Fristen nærmer seg"),
        ),
        Verb(
            name="conversation.breached",
            words=_("Fristen for å svare ble brutt"),
            triggers=_("Fristen er brutt"),
        ),
        Verb(
            name="conversation.tagged",
            words=_("%(who)s satte på merket %(tag)s"),
            triggers=_("Saken får et merke"),
        ),
        Verb(name="conversation.untagged", words=_("%(who)s tok av merket %(tag)s")),
        Verb(
            name="conversation.merged",
            words=_("%(who)s slo sammen %(other)s med denne saken"),
            public=True,
        ),
        Verb(
            name="conversation.joined",
            words=_("%(who)s slo saken sammen med %(other)s"),
            public=True,
        ),
        Verb(
            name="conversation.unmerged",
            words=_("%(who)s angret sammenslåingen med %(other)s"),
            public=True,
        ),
        Verb(
            name="conversation.split",
            words=_("%(who)s skilte ut meldinger til %(other)s"),
            public=True,
        ),
        Verb(
            name="conversation.split_off",
            words=_("%(who)s skilte saken ut fra %(other)s"),
            public=True,
        ),
        Verb(
            name="conversation.restored", words=_("%(who)s angret det som ble gjort"), public=True
        ),
        Verb(name="conversation.printed", words=_("%(who)s skrev ut saken")),
        Verb(name="conversation.exported", words=_("%(who)s eksporterte saken")),
        Verb(name="participant.added", words=_("%(who)s tok med en til i saken")),
        Verb(name="participant.ended", words=_("%(who)s tok en deltaker ut av saken")),
        Verb(
            name="message.received",
            public=True,
            triggers=_("Innbyggeren skriver"),
            on_timeline=False,
        ),
        Verb(name="message.answered", public=True, triggers=_("Vi svarer"), on_timeline=False),
        Verb(name="message.noted", on_timeline=False),
        Verb(name="message.edited", public=True, on_timeline=False),
        Verb(name="message.removed", public=True, on_timeline=False),
        Verb(name="message.corrected", words=_("%(who)s rettet en melding"), public=True),
        Verb(name="message.withdrawn", words=_("%(who)s trakk tilbake en melding"), public=True),
        Verb(name="message.hidden", words=_("%(who)s skjulte en melding på kanalen"), public=True),
        Verb(
            name="message.shown",
            words=_("%(who)s slapp gjennom en melding på kanalen"),
            public=True,
        ),
        Verb(
            name="message.taken_away", words=_("%(who)s slettet en melding på kanalen"), public=True
        ),
        Verb(
            name="message.hidden_here", words=_("%(who)s skjulte en melding på torget"), public=True
        ),
        Verb(
            name="message.shown_here",
            words=_("%(who)s viste en melding på torget igjen"),
            public=True,
        ),
        Verb(name="wall.posted", public=True, on_timeline=False),
        Verb(name="wall.published"),
        Verb(name="chat.begun", words=_("Innbyggeren begynte en prat")),
        Verb(name="chat.ended", words=_("%(who)s avsluttet praten")),
        Verb(name="tag.made"),
        Verb(name="tag.changed"),
        Verb(name="deadline.set"),
        Verb(name="deadline.dropped"),
        Verb(name="person.merged", public=True),
        Verb(name="person.unmerged", public=True),
        Verb(name="person.noted"),
        Verb(name="person.note_removed"),
        Verb(name="person.note_expired"),
        Verb(name="identity.blocked"),
        Verb(name="identity.unblocked"),
        Verb(name="resident.signed_in"),
    ),
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
    live=(
        Live(
            name="vegg",
            verbs=frozenset(
                {"conversation.opened", "message.received", "message.answered", "wall.posted"}
            ),
        ),
    ),
    topics=(
        Topic(
            name="conversations.conversation",
            label=_("En samtale på veggen"),
            find="torget.conversations.public.followable",
            title="torget.conversations.public.subject_of",
        ),
    ),
    loops=(
        Loop(
            name="filing",
            run="torget.conversations.tasks.file_loop",
            label=_("Behandlingen av det som kommer inn"),
        ),
        Loop(
            name="rereading",
            run="torget.conversations.rereading.reread_loop",
            label=_("Ettersynet av det som er sagt på kanalene"),
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
