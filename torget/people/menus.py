"""The ways a page shows, as the rooms' manifests say: the desk's rail and settings, the public menu, tiles, feeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from torget import rooms
from torget.design.counting import count_at_most
from torget.people.models import Municipality
from torget.rooms import Feed, Page, Text, Tile


@dataclass(frozen=True, slots=True)
class Entry:
    """A way to a page, and whether one is there."""

    page: Page
    address: str
    current: bool


@dataclass(frozen=True, slots=True)
class Button:
    """A tile of the front page, with the line under it."""

    tile: Tile
    hint: Text


def entries(request: Any, menu: str) -> list[Entry]:
    """The entries of one menu that whoever asks may see. One at most is where they are: the nearest above the page."""
    match = request.resolver_match
    acts = frozenset[str]() if menu == "public" else request.actor.acts
    shown = [
        (page, reverse(page.name))
        for page in _in_order(rooms.gather("pages"))
        if page.menu == menu and (not page.act or page.act in acts)
    ]
    name = match.view_name if match else ""
    here = max((_nearness(page, address, request.path, name) for page, address in shown), default=0)
    return [
        Entry(page, address, 0 < here == _nearness(page, address, request.path, name))
        for page, address in shown
    ]


def _in_order(parts: Iterable[Any]) -> list[Any]:
    return sorted(parts, key=lambda entry: entry.position)


def _nearness(page: Page, address: str, path: str, name: str) -> int:
    """How much of the address one is at this entry has; 0 when one is elsewhere."""
    below = page.menu != "public" and path.startswith(f"{address}/")
    return len(address) if path == address or below or name in page.within else 0


def counters(request: Any) -> dict[str, Any]:
    """What is counted beside the entries of the rail that one may see, by the counters' names."""
    acts = request.actor.acts
    return {
        page.counter.name: rooms.load(page.counter.rows)(request)
        for page in rooms.gather("pages")
        if page.counter is not None and page.act in acts
    }


def buttons(municipality: Municipality) -> list[Button]:
    """The tiles of the front page."""
    return [
        Button(tile, rooms.load(tile.hint_for)(municipality) if tile.hint_for else tile.hint)
        for tile in _in_order(rooms.gather("tiles"))
    ]


def feeds() -> dict[str, Feed]:
    """The feeds, by name."""
    return {feed.name: feed for feed in rooms.gather("feeds")}


def context(request: Any) -> dict[str, Any]:
    """A context processor: menus, asked for only where they are drawn, and the numbers beside the rail."""
    return {
        "rail": partial(entries, request, "rail"),
        "settings_menu": partial(entries, request, "settings"),
        "public_menu": partial(entries, request, "public"),
        "feeds": feeds,
        "desk_counts": SimpleLazyObject(lambda: count_at_most(counters(request))),
    }
