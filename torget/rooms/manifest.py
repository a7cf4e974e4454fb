"""What a room may say of itself: plain data and dotted paths, nothing that knows another room."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.functional import Promise

Text = str | Promise  # a sentence for people: `gettext_lazy` of bokmål


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A sort of conversation: what is the same for all of them, and stands in no row.

    Attributes:
        name: what the column `kind` holds; at most 30 letters.
        label: what people call it, in bokmål.
        icon: a name for `{% icon %}`.
        address: the page everybody may read of a public one, with `{ref}`; empty when there is none.
        on_wall: a public one stands on the wall, the front page and the wall's feed.
        comments: anyone may comment in a public one.
        case_page: who opened it gets a page of their own, by a secret link.
        asks: it is a question, which published answers may answer.
        publish: the act of a role that opens one as the municipality, and corrects what was said there; empty: nobody.
        unit: the slug of the unit that gets it when nothing else tells; empty: as the account has it.
        preliminary: whoever asked hears within a month (forvaltningsloven § 11 a).
        answer_days: open days until it must be answered, where the municipality decided nothing; 0: as for all.
        badge: what stands beside a public one in a list; empty: nothing.
        states: what everybody reads of how it stands, by "waiting" and "answered".
    """

    name: str
    label: Text
    icon: str
    address: str = ""
    on_wall: bool = False
    comments: bool = False
    case_page: bool = False
    asks: bool = False
    publish: str = ""
    unit: str = ""
    preliminary: bool = False
    answer_days: int = 0
    badge: Text = ""
    states: Mapping[str, Text] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """Something a room writes in history.

    Attributes:
        name: what the column `verb` holds, as "conversation.closed"; at most 60 letters.
        words: the sentence of the timeline, with `%(who)s` and its like.
        public: whether a page that is the same for everybody may look otherwise afterwards.
        triggers: what a rule that follows it calls the event; empty when rules may not follow it.
        on_timeline: False for what the thread itself already shows.
    """

    name: str
    words: Text = ""
    public: bool = False
    triggers: Text = ""
    on_timeline: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something staff may do.

    Attributes:
        name: what rules and views ask for, as "replies.approve".
        roles: the roles that may, by the values of `people.roles.Role`; each holds in its unit and below.
    """

    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A number beside an entry of the desk's rail.

    Attributes:
        name: what the page's script knows it by.
        rows: path of a function of the request that gives the queryset to count; none is counted further than 100.
        colour: "danger", "warning" or "info".
    """

    name: str
    rows: str
    colour: str = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An entry of a menu: the desk's rail or its settings, or the public menu.

    Attributes:
        name: the name of the address, as "desk:inbox".
        label: what the entry is called.
        menu: "rail", "settings" or "public".
        icon: a name for `{% icon %}`; the rail shows it.
        act: what one must be allowed to see the entry; staff pages always name one.
        position: entries stand by it, lowest first.
        within: pages that are part of this one though their addresses are not below its own, by name.
        counter: a number beside it.
    """

    name: str
    label: Text
    menu: str
    icon: str = ""
    act: str = ""
    position: int = 100
    within: tuple[str, ...] = ()
    counter: Counter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A large button on the front page.

    Attributes:
        name: the name of the address it leads to.
        hint: the line under it; or `hint_for`, the path of a function of the municipality that gives it.
        first: it is the one most people want.
    """

    name: str
    label: Text
    icon: str
    hint: Text = ""
    hint_for: str = ""
    position: int = 100
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A feed of what is public, at `/feed/<name>.{rss,atom,json}`.

    Attributes:
        label: what people call it.
        title: its own title, with `%(name)s` for the municipality's.
        entries: path of a function of the municipality and of the address's parameters that gives the newest
            `protocols.feeds.Entry`s.
    """

    name: str
    label: Text
    title: Text
    entries: str


@dataclass(frozen=True, slots=True)
class Hit:
    """Something a search found: where it is, and what is shown of it."""

    title: str
    text: str
    address: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something the search page looks in.

    Attributes:
        name: also the place on the page.
        label: its heading.
        find: path of a function of (actor, query, language, limit, at) that gives `Hit`s, the best first, none the
            actor may not read.
        position: sources stand by it, lowest first.
    """

    name: str
    label: Text
    find: str
    position: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A sort of thing that can be followed.

    Attributes:
        name: the model's label, as "answers.answer": what a subscription keeps.
        label: what people call one of them.
        find: path of a function of (municipality, key) that gives the row everybody may follow, or None.
        title: path of a function of the row that gives what it is called.
    """

    name: str
    label: Text
    find: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """A public live topic at `/live/<name>`: who listens hears that something happened, and nothing of what.

    Attributes:
        verbs: the verbs of history it is told of; of one that is not public, or was not this time, nobody hears.
    """

    name: str
    verbs: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A number of a period, for the page of figures.

    Attributes:
        label: what is counted.
        count: path of a function of (actor, start, end) that gives a number: of no use to find out what was said.
    """

    name: str
    label: Text
    count: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """Work that never ends, in a thread of its own in the worker.

    Attributes:
        name: what its heartbeat is called.
        run: path of a function of a `threading.Event`, which ends when that is set.
        label: what it does, in words for the alarm when it stands still.
    """

    name: str
    run: str
    label: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Work by the clock, done by one worker at a time.

    Attributes:
        name: what the queue knows it by, as "answers.remind".
        cron: minute, hour, day of the month, month, day of the week, in UTC.
        run: path of a function that takes the moment as `at`.
    """

    name: str
    cron: str
    run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Something `torget doctor` looks at.

    Attributes:
        name: the line it gets.
        look: path of a function that takes the moment and yields a sentence for each trouble, with how to mend it.
    """

    name: str
    look: str


@dataclass(frozen=True, slots=True)
class Standstill:
    """Something that does not move: `subject` tells one from another of the same sort."""

    subject: str
    detail: str
    municipality_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Something the watchdog looks at each minute; what it finds is an alarm until it is found no more.

    Attributes:
        name: the sort of alarm, at most 20 letters.
        look: path of a function that takes the moment and yields a `Standstill` for each.
    """

    name: str
    look: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room's manifest. What is left out, the room does not have.

    Attributes:
        story: path of a function of the example municipality's cast that tells this room's part of its story.
    """

    name: str
    kinds: tuple[Kind, ...] = ()
    verbs: tuple[Verb, ...] = ()
    acts: tuple[Act, ...] = ()
    pages: tuple[Page, ...] = ()
    tiles: tuple[Tile, ...] = ()
    feeds: tuple[Feed, ...] = ()
    search: tuple[Source, ...] = ()
    topics: tuple[Topic, ...] = ()
    live: tuple[Live, ...] = ()
    measures: tuple[Measure, ...] = ()
    story: str = ""
    loops: tuple[Loop, ...] = ()
    jobs: tuple[Job, ...] = ()
    checks: tuple[Check, ...] = ()
    watches: tuple[Watch, ...] = ()
