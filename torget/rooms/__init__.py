"""What a room says of itself: the manifest `torget/<room>/room.py`, and the registry that reads them all.

Everything here is plain data and dotted paths. The registry finds manifests by the settings `ROOMS` and `ADAPTERS`, never by
an import, so that a low room can ask what kinds and verbs there are without knowing who made them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from torget.rooms.manifest import (
    Act,
    Check,
    Counter,
    Feed,
    Hit,
    Job,
    Kind,
    Live,
    Loop,
    Measure,
    Page,
    Room,
    Source,
    Standstill,
    Text,
    Tile,
    Topic,
    Verb,
    Watch,
)

__all__ = [
    "Act",
    "Check",
    "Counter",
    "Feed",
    "Hit",
    "Job",
    "Kind",
    "Live",
    "Loop",
    "Measure",
    "Page",
    "Room",
    "Source",
    "Standstill",
    "Text",
    "Tile",
    "Topic",
    "Verb",
    "Watch",
    "acts",
    "gather",
    "kind",
    "kind_choices",
    "kinds",
    "kinds_that",
    "live",
    "load",
    "rooms",
    "topics",
    "verbs",
]


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


def acts() -> Mapping[str, Act]:
    """What staff may do, by name: the one matrix of roles.

    Raises:
        ImproperlyConfigured: two rooms claim the same name.
    """
    return _by_name("acts", _paths())


def topics() -> Mapping[str, Topic]:
    """What can be followed, by the models' labels.

    Raises:
        ImproperlyConfigured: two rooms claim the same name.
    """
    return _by_name("topics", _paths())


def live() -> Mapping[str, Live]:
    """The public live topics, by name.

    Raises:
        ImproperlyConfigured: two rooms claim the same name.
    """
    return _by_name("live", _paths())


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
        if not _has_manifest(path):
            continue
        room: Room = import_module(f"{path}.room").ROOM
        if room.name != path.rpartition(".")[2]:
            raise ImproperlyConfigured(f"The manifest of {path} is called {room.name}.")
        manifests.append(room)
    return tuple(manifests)


def _has_manifest(path: str) -> bool:
    spec = find_spec(path)  # an adapter may be a module, which holds no other
    holds_modules = spec is not None and spec.submodule_search_locations is not None
    return holds_modules and find_spec(f"{path}.room") is not None


@cache
def _by_name(part: str, paths: tuple[str, ...]) -> Mapping[str, Any]:
    named: dict[str, Any] = {}
    for room in _read(paths):
        for entry in getattr(room, part):
            if entry.name in named:
                raise ImproperlyConfigured(f"{room.name} claims “{entry.name}”, which is taken.")
            named[entry.name] = entry
    return MappingProxyType(named)
