"""Following the rooms: one long question to the homeserver, invitations accepted, gaps filled."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from torget.adapters.matrix import parsing
from torget.adapters.matrix.rest import CLIENT, call, download, room_path
from torget.channels.base import json_item
from torget.channels.contract import AccountAccess, Polled, RawItem, SendError
from torget.conversations.known import is_known
from torget.outbox.receipts import receipt_of
from torget.protocols import clocks, jsonvalues

WAIT_SECONDS = 15
FIRST = timedelta(days=1)  # what is older when a room is new to us is not fetched
MOST_PAGES = 10
PAGE = 100
SHOWN = parsing.SAID | {"m.room.redaction"}
RULES = "m.room.join_rules"
FILTER = {
    "presence": {"types": []},
    "account_data": {"types": []},
    "room": {
        "ephemeral": {"types": []},
        "account_data": {"types": []},
        "state": {
            "types": [RULES, "m.room.member"],
            "lazy_load_members": True,
            "include_redundant_members": True,
        },
        "timeline": {"types": [*sorted(SHOWN), RULES, "m.room.member"], "limit": 50},
    },
}

Event = dict[str, Any]


def poll(account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
    """One question, which waits up to 15 seconds for something to come.

    The cursor holds `since` (the homeserver's own place), `at` (when), `public` (rooms anybody may join) and
    `invited` (rooms still to be joined).

    Raises:
        SendError: the homeserver cannot be asked.
    """
    now = timezone.now()
    moved = dict(cursor)
    waits = bool(moved.get("since")) and not moved.get("invited")
    query: dict[str, str | int] = {"filter": json.dumps(FILTER, separators=(",", ":"))}
    query["timeout"] = _wait(account) * 1000 if waits else 0
    if moved.get("since"):
        query["since"] = str(moved["since"])
    told = call(account, "GET", f"{CLIENT}/sync", query=query, timeout_seconds=WAIT_SECONDS + 15.0)
    rooms = told.get("rooms") if isinstance(told.get("rooms"), dict) else {}
    since = datetime.fromisoformat(moved["at"]) if moved.get("at") else now
    items = []
    for room, held in _dicts(rooms, "join"):
        items += list(_in_room(account, room, held, moved, since - FIRST))
    invited = [*moved.get("invited", []), *(room for room, _held in _dicts(rooms, "invite"))]
    moved["invited"] = _joined(account, list(dict.fromkeys(invited)))
    moved |= {
        "since": str(told.get("next_batch") or moved.get("since") or ""),
        "at": now.isoformat(),
    }
    return Polled(items, moved, more=bool(invited) and not moved["invited"])


def _wait(account: AccountAccess) -> int:
    asked = account.settings.get("wait_seconds")
    return WAIT_SECONDS if asked is None else min(int(asked), WAIT_SECONDS)


def _dicts(held: Any, name: str) -> list[tuple[str, dict[str, Any]]]:
    found = held.get(name) if isinstance(held, dict) else None
    return (
        [(key, value) for key, value in (found or {}).items() if isinstance(value, dict)]
        if isinstance(found, dict)
        else []
    )


def _joined(account: AccountAccess, invited: list[str]) -> list[str]:
    """Accept invitations; those that could not be now are kept for the next round."""
    later = []
    for room in invited:
        try:
            call(account, "POST", f"{CLIENT}/join/{quote(room, safe='')}", given={})
        except SendError as fault:
            if not fault.permanent:  # a withdrawn invitation, or a room we may not enter, is let go
                later.append(room)
    return later[:50]


def _events(held: Any, name: str) -> list[Event]:
    found = held.get(name) if isinstance(held, dict) else None
    events = found.get("events") if isinstance(found, dict) else None
    return [one for one in events if isinstance(one, dict)] if isinstance(events, list) else []


def _in_room(
    account: AccountAccess,
    room: str,
    held: Mapping[str, Any],
    moved: dict[str, Any],
    oldest: datetime,
) -> Iterator[RawItem]:
    timeline = _events(held, "timeline")
    state = _events(held, "state")
    if jsonvalues.within(held, "timeline", "limited"):
        timeline = [*_missed(account, room, held["timeline"], moved, oldest), *timeline]
    public = set(moved.get("public") or [])
    members: dict[str, str] = {}
    for event in [*state, *timeline]:
        given = event.get("content")
        content = given if isinstance(given, dict) else {}
        if event.get("type") == RULES:
            (public.add if content.get("join_rule") == "public" else public.discard)(room)
        if event.get("type") == "m.room.member" and isinstance(content.get("displayname"), str):
            members[str(event.get("state_key"))] = content["displayname"]
    moved["public"] = sorted(public)
    for event in timeline:
        if event.get("type") in SHOWN and _is_young(event, oldest):
            yield _item(account, room, event, public=room in public, members=members)


def _is_young(event: Event, oldest: datetime) -> bool:
    at = clocks.when(event.get("origin_server_ts"))
    return at is None or at >= oldest


def _missed(
    account: AccountAccess,
    room: str,
    timeline: Mapping[str, Any],
    moved: Mapping[str, Any],
    oldest: datetime,
) -> list[Event]:
    """What was said between our last question and the beginning of what we were told, oldest first."""
    found: list[Event] = []
    place = str(timeline.get("prev_batch") or "")
    for _turn in range(MOST_PAGES):
        if not place:
            break
        query: dict[str, str | int] = {"dir": "b", "from": place, "limit": PAGE}
        if moved.get("since"):
            query["to"] = str(moved["since"])
        told = call(account, "GET", room_path(room, "messages"), query=query)
        chunk = [dict(one) for one in jsonvalues.tables(told.get("chunk"))]
        found += chunk
        place = str(told.get("end") or "")
        if not chunk or not _is_young(chunk[-1], oldest):
            break
    return found[::-1]


def _item(
    account: AccountAccess, room: str, event: Event, *, public: bool, members: Mapping[str, str]
) -> RawItem:
    sender = str(event.get("sender"))
    held: dict[str, Any] = {"room": room, "event": event, "public": public}
    held["members"] = {sender: members[sender]} if sender in members else {}
    content = event.get("content")
    if target := _edited(content):
        held["original_sender"] = _sender(account, room, target)
    elif belongs := _belongs(account, room, content):
        held["answers"] = belongs
    mxc = content.get("url") if isinstance(content, dict) else None
    theirs = isinstance(mxc, str) and mxc.startswith("mxc://") and sender != account.address
    raw = download(account, str(mxc)) if theirs else None
    if raw is not None:
        held["file"] = base64.b64encode(raw).decode()
    return json_item(held, f"{room}/{event.get('event_id')}")


def _edited(content: Any) -> str:
    try:
        return parsing.replaces(content)
    except TypeError:
        return ""


def _sender(account: AccountAccess, room: str, event_id: str) -> str:
    """Who said what is being edited: anybody can claim to edit anything."""
    try:
        return str(event(account, room, event_id).get("sender"))
    except SendError as fault:
        if fault.permanent:
            return ""
        raise


def _belongs(account: AccountAccess, room: str, content: Any) -> str:
    """Our message that a picture of ours, which is answered here, came with; "" when it is something else."""
    try:
        nearest = parsing.answers(content)[:1]
    except TypeError:
        return ""
    if not nearest or is_known(account.id, f"{room}/{nearest[0]}"):
        return ""
    try:
        key = parsing.key_in(event(account, room, nearest[0]))
    except SendError as fault:
        if fault.permanent:
            return ""
        raise
    return receipt_of(account.id, key) if key else ""


def event(account: AccountAccess, room: str, event_id: str) -> Event:
    """One event.

    Raises:
        SendError: it is not there, or cannot be asked for.
    """
    return call(account, "GET", room_path(room, "event", event_id))
