"""What our accounts on networks are to the rest of the house."""

from __future__ import annotations

from torget.rooms import Act, Check, Job, Room, Verb, Watch

ROOM = Room(
    name="channels",
    verbs=(
        Verb(name="account.opened", public=True),
        Verb(name="account.arranged", public=True),
        Verb(name="account.use_decided", public=True),
        Verb(name="account.paused", public=True),
        Verb(name="account.resumed", public=True),
        Verb(name="account.renewed", public=True),
        Verb(name="account.secrets_renewed"),
        Verb(name="account.recovered"),
        Verb(name="account.ailing"),
    ),
    acts=(Act(name="channels.pause", roles=frozenset({"duty_lead", "administrator"})),),
    jobs=(
        Job(
            name="channels.examine",
            cron="*/10 * * * *",
            run="torget.channels.account_health.examine_due",
        ),
        Job(name="channels.stamp_seal", cron="5 5 * * *", run="torget.channels.tasks.stamp_seal"),
        Job(name="channels.watchdog", cron="* * * * *", run="torget.channels.watchdog.watch"),
    ),
    checks=(
        Check(name="accounts", look="torget.channels.checks.accounts"),
        Check(name="movement", look="torget.channels.checks.movement"),
        Check(name="faults", look="torget.channels.checks.faults"),
    ),
    watches=(
        Watch(name="loop", look="torget.channels.standstills.late_loops"),
        Watch(name="silent", look="torget.channels.standstills.silent_accounts"),
        Watch(name="expires", look="torget.channels.standstills.ending_access"),
        Watch(name="fault", look="torget.channels.standstills.fresh_faults"),
    ),
)
