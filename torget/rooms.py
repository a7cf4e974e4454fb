"""What a room says of itself: the manifest `torget/<room>/room.py`, and the registry that reads them all.

Everything here is plain data and dotted paths. The registry finds manifests by the settings `ROOMS` and `ADAPTERS`, never by
an import, so that a low room can ask what kinds and verbs there are without knowing who made them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.functional import Promise
from django.utils.module_loading import import_string

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
class Room:
    """A room's manifest. What is left out, the room does not have."""

    name: str
    kinds: tuple[Kind, ...] = ()
    verbs: tuple[Verb, ...] = ()


def rooms() -> tuple[Room, ...]:
    """The manifests, in the order of the settings; a room without `room.py` has nothing to tell.

    Raises:
        ImproperlyConfigured: a manifest bears another name than its folder.
    """
    return _read(_paths())


def gather(part: str) -> tuple[Any, ...]:
    """One part of every manifest ("kinds", "verbs", …) after another, in the order of the rooms."""
    return tuple(entry for room in rooms() for entry in getattr(room, part))


def kinds() -> Mapping[str, Kind]:
    """The kinds of conversation, by name.

    Raises:
        ImproperlyConfigured: two rooms claim the same name.
    """
    return _by_name("kinds", _paths())


def kind(name: str) -> Kind:
    """One kind; of a room that is not here any more, something plain that nobody outside reads."""
    return kinds().get(name) or Kind(name=name, label=name, icon="comment")


def kinds_that(trait: str) -> list[str]:
    """The names of the kinds with a trait ("asks", "on_wall")."""
    return [name for name, kind in kinds().items() if getattr(kind, trait)]


def kind_choices() -> list[tuple[str, Text]]:
    """Name and label of every kind, for a form."""
    return [(name, kind.label) for name, kind in kinds().items()]


def verbs() -> Mapping[str, Verb]:
    """The verbs of history, by name.

    Raises:
        ImproperlyConfigured: two rooms claim the same name.
    """
    return _by_name("verbs", _paths())


def load(path: str) -> Any:
    """What a dotted path in a manifest points to.

    Raises:
        ImportError: there is nothing there.
    """
    return import_string(path)


def _paths() -> tuple[str, ...]:
    return (*settings.ROOMS, *settings.ADAPTERS)


@cache
def _read(paths: tuple[str, ...]) -> tuple[Room, ...]:
    manifests = []
    for path in paths:
        if find_spec(f"{path}.room") is None:
            continue
        room: Room = import_module(f"{path}.room").ROOM
        if room.name != path.rpartition(".")[2]:
            raise ImproperlyConfigured(f"The manifest of {path} is called {room.name}.")
        manifests.append(room)
    return tuple(manifests)


@cache
def _by_name(part: str, paths: tuple[str, ...]) -> Mapping[str, Any]:
    named: dict[str, Any] = {}
    for room in _read(paths):
        for entry in getattr(room, part):
            if entry.name in named:
                raise ImproperlyConfigured(f"{room.name} claims “{entry.name}”, which is taken.")
            named[entry.name] = entry
    return MappingProxyType(named)
