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
    answer = call(
        account, "GET", f"{CLIENT}/sync", query=query, timeout_seconds=WAIT_SECONDS + 15.0
    )
    rooms = answer.get("rooms") if isinstance(answer.get("rooms"), dict) else {}
    since = datetime.fromisoformat(moved["at"]) if moved.get("at") else now
    items = []
    for room, joined_room in _dicts(rooms, "join"):
        items += list(_in_room(account, room, joined_room, moved, since - FIRST))
    invited = [*moved.get("invited", []), *(room for room, _held in _dicts(rooms, "invite"))]
    moved["invited"] = _joined(account, list(dict.fromkeys(invited)))
    moved |= {
        "since": str(answer.get("next_batch") or moved.get("since") or ""),
        "at": now.isoformat(),
    }
    return Polled(items, moved, more=bool(invited) and not moved["invited"])


def _wait(account: AccountAccess) -> int:
    asked = account.settings.get("wait_seconds")
    return WAIT_SECONDS if asked is None else min(int(asked), WAIT_SECONDS)


def _dicts(table: Any, name: str) -> list[tuple[str, dict[str, Any]]]:
    inner = table.get(name) if isinstance(table, dict) else None
    return (
        [(key, value) for key, value in (inner or {}).items() if isinstance(value, dict)]
        if isinstance(inner, dict)
        else []
    )


def _joined(account: AccountAccess, invited: list[str]) -> list[str]:
    """Accept invitations; those that could not be now are kept for the next round."""
    later = []
    for room in invited:
        try:
            call(account, "POST", f"{CLIENT}/join/{quote(room, safe='')}", payload={})
        except SendError as fault:
            if not fault.permanent:  # a withdrawn invitation, or a room we may not enter, is let go
                later.append(room)
    return later[:50]


def _events(table: Any, name: str) -> list[Event]:
    inner = table.get(name) if isinstance(table, dict) else None
    events = inner.get("events") if isinstance(inner, dict) else None
    return (
        [event for event in events if isinstance(event, dict)] if isinstance(events, list) else []
    )


def _in_room(
    account: AccountAccess,
    room: str,
    room_update: Mapping[str, Any],
    moved: dict[str, Any],
    oldest: datetime,
) -> Iterator[RawItem]:
    timeline = _events(room_update, "timeline")
    state = _events(room_update, "state")
    if jsonvalues.within(room_update, "timeline", "limited"):
        timeline = [*_missed(account, room, room_update["timeline"], moved, oldest), *timeline]
    public = set(moved.get("public") or [])
    members: dict[str, str] = {}
    for event in [*state, *timeline]:
        raw_content = event.get("content")
        content = raw_content if isinstance(raw_content, dict) else {}
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
    missed: list[Event] = []
    place = str(timeline.get("prev_batch") or "")
    for _turn in range(MOST_PAGES):
        if not place:
            break
        query: dict[str, str | int] = {"dir": "b", "from": place, "limit": PAGE}
        if moved.get("since"):
            query["to"] = str(moved["since"])
        answer = call(account, "GET", room_path(room, "messages"), query=query)
        chunk = [dict(event) for event in jsonvalues.tables(answer.get("chunk"))]
        missed += chunk
        place = str(answer.get("end") or "")
        if not chunk or not _is_young(chunk[-1], oldest):
            break
    return missed[::-1]


def _item(
    account: AccountAccess, room: str, event: Event, *, public: bool, members: Mapping[str, str]
) -> RawItem:
    sender = str(event.get("sender"))
    value: dict[str, Any] = {"room": room, "event": event, "public": public}
    value["members"] = {sender: members[sender]} if sender in members else {}
    content = event.get("content")
    if target := _edited(content):
        value["original_sender"] = _sender(account, room, target)
    elif belongs := _belongs(account, room, content):
        value["answers"] = belongs
    mxc = content.get("url") if isinstance(content, dict) else None
    theirs = isinstance(mxc, str) and mxc.startswith("mxc://") and sender != account.address
    raw = download(account, str(mxc)) if theirs else None
    if raw is not None:
        value["file"] = base64.b64encode(raw).decode()
    return json_item(value, f"{room}/{event.get('event_id')}")


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
