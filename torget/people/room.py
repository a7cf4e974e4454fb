"""What the people who work here, and the municipality, are to the rest of the house."""

from __future__ import annotations

from torget.rooms import Act, Check, Job, Room, Verb, Watch

ROOM = Room(
    name="people",
    verbs=(
        Verb(name="absence.reported", public=True),
        Verb(name="duty.rostered", public=True),
        Verb(name="duty.handed_over", public=True),
        Verb(name="limit.changed", public=True),
        Verb(name="municipality.founded", public=True),
        Verb(name="municipality.changed", public=True),
        Verb(name="municipality.opened", public=True),
        Verb(name="municipality.answers_on", public=True),
        Verb(name="role.granted", public=True),
        Verb(name="role.ended", public=True),
        Verb(name="signin.connected"),
        Verb(name="signin.factors_dropped"),
        Verb(name="staff.added", public=True),
        Verb(name="staff.changed", public=True),
        Verb(name="staff.left", public=True),
        Verb(name="staff.came_back", public=True),
        Verb(name="staff.invited_again"),
        Verb(name="unit.opened", public=True),
        Verb(name="unit.changed", public=True),
        Verb(name="unit.moved", public=True),
        Verb(name="unit.made_front", public=True),
        Verb(name="unit.hours_set", public=True),
        Verb(name="unit.day_opened", public=True),
        Verb(name="unit.day_closed", public=True),
    ),
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
