"""What the people who work here, and the municipality, are to the rest of the house."""

from __future__ import annotations

from torget.rooms import Act, Check, Job, Room, Watch

ROOM = Room(
    name="people",
    acts=(
        Act(name="people.roster", roles=frozenset({"duty_lead"})),
        Act(name="people.administer", roles=frozenset({"administrator"})),
    ),
    jobs=(
        Job(
            name="people.forget_counters",
            cron="*/10 * * * *",
            run="torget.people.tasks.forget_counters",
        ),
        Job(
            name="people.destroy_day_key",
            cron="0 0 * * *",
            run="torget.people.tasks.destroy_day_key",
        ),
        Job(name="people.forget", cron="40 * * * *", run="torget.people.retention.forget_all"),
    ),
    checks=(
        Check(name="second factors", look="torget.people.checks.factors"),
        Check(name="forgetting", look="torget.people.checks.forgetting"),
    ),
    watches=(Watch(name="flood", look="torget.people.standstills.floods"),),
)
