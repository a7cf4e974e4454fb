"""A room that is not in the house: residents borrow tools. One folder, and one line of settings."""

from __future__ import annotations

from torget.rooms import (
    Act,
    Check,
    Counter,
    Feed,
    Job,
    Kind,
    Live,
    Loop,
    Measure,
    Page,
    Room,
    Source,
    Tile,
    Topic,
    Verb,
    Watch,
)

LOAN = Kind(
    name="loan",
    label="Utlån",
    icon="calendar",
    address="/utlan/{ref}",
    comments=True,
    case_page=True,
    badge="Utlån",
    states={"waiting": "Venter på å bli hentet", "answered": "Klar til å hentes"},
)

ROOM = Room(
    name="lending",
    kinds=(LOAN,),
    verbs=(
        Verb(
            name="loan.ready",
            words="%(who)s gjorde lånet klart",
            public=True,
            triggers="Et lån er klart",
        ),
    ),
    acts=(Act(name="loans.lend", roles=frozenset({"responder"})),),
    pages=(
        Page(
            name="desk:loans",
            label="Lån på vent",
            menu="rail",
            icon="calendar",
            act="loans.lend",
            position=45,
            counter=Counter(name="loans", rows="tests.lending.rules.waiting"),
        ),
        Page(name="lending:index", label="Lån verktøy", menu="public", position=50),
    ),
    tiles=(
        Tile(name="lending:index", label="Lån verktøy", icon="calendar", hint="Gratis i to uker"),
    ),
    feeds=(
        Feed(
            name="utlan",
            label="Utlån",
            title="Utlån i %(name)s",
            entries="tests.lending.rules.newest",
        ),
    ),
    search=(Source(name="utlan", label="Til låns", find="tests.lending.rules.hits"),),
    topics=(
        Topic(
            name="people.unit",
            label="Alt en enhet låner ut",
            find="tests.lending.rules.unit",
            title="tests.lending.rules.name_of",
        ),
    ),
    live=(Live(name="utlan", verbs=frozenset({"loan.ready", "message.noted"})),),
    loops=(Loop(name="lending", run="tests.lending.rules.loop", label="Utlånet"),),
    jobs=(Job(name="lending.remind", cron="0 6 * * *", run="tests.lending.rules.remind"),),
    checks=(Check(name="lending", look="tests.lending.rules.check"),),
    watches=(Watch(name="lending", look="tests.lending.rules.overdue"),),
    measures=(Measure(name="loans", label="Lån", count="tests.lending.rules.count"),),
    story="tests.lending.rules.tell",
)
