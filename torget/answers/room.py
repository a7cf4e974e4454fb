"""What published answers are to the rest of the house."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from torget.rooms import Act, Check, Job, Loop, Room

ROOM = Room(
    name="answers",
    acts=(
        Act(name="answers.publish", roles=frozenset({"responder", "editor", "duty_lead"})),
        Act(name="answers.topics", roles=frozenset({"editor", "duty_lead", "administrator"})),
    ),
    loops=(
        Loop(
            name="learning",
            run="torget.answers.tasks.learn_loop",
            label=_("Letingen etter svar i andre ord"),
        ),
    ),
    jobs=(Job(name="answers.remind", cron="20 6 * * *", run="torget.answers.tasks.remind"),),
    checks=(Check(name="answers", look="torget.answers.checks.answers"),),
)
