"""What case work is to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Act, Job, Loop, Room, Verb, Watch

ROOM = Room(
    name="casework",
    verbs=(
        Verb(name="conversation.dealt", words=_("Saken ble fordelt til %(to)s")),
        Verb(name="reply.held", on_timeline=False),
        Verb(name="reply.waits", words=_("%(who)s skrev et svar som venter på godkjenning")),
        Verb(name="reply.let_through", words=_("%(who)s sendte offentlig tross advarselen")),
        Verb(name="reply.regretted", words=_("%(who)s angret svaret før det ble sendt")),
        Verb(name="reply.stopped", words=_("Svaret ble ikke sendt, for noe hadde endret seg")),
        Verb(name="reply.approved", words=_("%(who)s godkjente svaret")),
        Verb(name="reply.sent_back", words=_("%(who)s sendte svaret tilbake")),
        Verb(name="canned.made"),
        Verb(name="canned.changed"),
        Verb(name="dealing.set"),
        Verb(name="handover.given"),
        Verb(name="handover.seen"),
        Verb(name="macro.saved"),
        Verb(name="preference.set"),
        Verb(name="rule.saved"),
        Verb(name="rule.switched"),
        Verb(name="term.added"),
        Verb(name="term.ended"),
        Verb(name="view.saved"),
        Verb(name="view.dropped"),
    ),
    acts=(
        Act(name="replies.approve", roles=frozenset({"approver", "duty_lead"})),
        Act(name="replies.terms", roles=frozenset({"duty_lead", "administrator"})),
        Act(name="canned.edit", roles=frozenset({"duty_lead", "editor", "administrator"})),
        Act(name="desk.arrange", roles=frozenset({"duty_lead", "administrator"})),
    ),
    loops=(
        Loop(
            name="rules",
            run="torget.casework.tasks.rules_loop",
            label=_("Arbeidet med reglene"),
        ),
        Loop(
            name="release",
            run="torget.casework.tasks.release_loop",
            label=_("Utsendingen av svar som er på vent"),
        ),
    ),
    jobs=(
        Job(
            name="casework.presence",
            cron="7 * * * *",
            run="torget.casework.rules.presence.forget_gone",
        ),
    ),
    watches=(Watch(name="held", look="torget.casework.standstills.late_replies"),),
    story="torget.casework.story.tell",
)
