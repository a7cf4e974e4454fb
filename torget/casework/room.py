"""What case work is to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Act, Job, Loop, Room, Watch

ROOM = Room(
    name="casework",
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
)
