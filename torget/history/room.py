"""What history is to the rest of the house."""

from __future__ import annotations

from torget.rooms import Check, Job, Room

ROOM = Room(
    name="history",
    jobs=(
        Job(name="history.seal", cron="* * * * *", run="torget.history.tasks.seal_history"),
        Job(name="history.send_seal", cron="10 5 * * *", run="torget.history.tasks.send_seal"),
    ),
    checks=(Check(name="history", look="torget.history.checks.history"),),
)
