"""What we do in rooms: answer, post, correct, redact; each with our key, so that it is done once and found again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from torget.adapters.matrix import parsing
from torget.adapters.matrix.reading import Event, event
from torget.adapters.matrix.rest import CLIENT, MOST_FILE_BYTES, call, room_path
from torget.channels import pictures
from torget.channels.contract import AccountAccess, File, Outgoing, Receipt, SendError
from torget.protocols import files

PAGE = 100
MOST_PAGES = 5
MOST_PICTURES = 10


# Which room ------------------------------------------------------------------------------------


def room_for(out: Outgoing, account: AccountAccess, *, make: bool = True) -> str:
    """The room it is said in: where it was asked, our own for posts, one of two for what is private.

    Without `make` no room is made; "" then says there is none yet.

    Raises:
        SendError: there is no such room.
    """
    if out.act == "publish":
        return _own_room(account)
    asked_in = parsing.event_of(out.parent)[0]
    if asked_in and (out.visibility == "public" or _is_for(account, asked_in, out.recipient)):
        return asked_in
    if not out.recipient.startswith("@"):
        raise SendError("There is nobody to write to.", permanent=True)
    return _direct(account, out.recipient, make=make)


def _own_room(account: AccountAccess) -> str:
    named = str(account.settings.get("room", ""))
    if named.startswith("!"):
        return named
    if not named.startswith("#"):
        raise SendError("The account has no room to post in.", permanent=True)
    answer = call(account, "GET", f"{CLIENT}/directory/room/{quote(named, safe='')}")
    return str(answer.get("room_id"))


def is_public(account: AccountAccess, room: str) -> bool:
    """Whether anybody may enter the room. What cannot be told counts as public.

    Raises:
        SendError: the homeserver cannot be asked.
    """
    try:
        answer = call(account, "GET", room_path(room, "state", "m.room.join_rules", ""))
    except SendError as fault:
        if fault.permanent:
            return True
        raise
    return answer.get("join_rule") not in {"invite", "knock", "private"}


def _is_for(account: AccountAccess, room: str, user: str) -> bool:
    """Whether what is said in a room is read by this one person and us alone. What cannot be told counts as no."""
    return not is_public(account, room) and _members(account, room) <= {account.address, user}


def _members(account: AccountAccess, room: str) -> set[str]:
    """Who is in a room or asked into it: those who read what is said from now on, or may at any time."""
    try:
        answer = call(account, "GET", room_path(room, "members"))
    except SendError as fault:
        if fault.permanent:
            return {"?"}
        raise
    rows = answer.get("chunk")
    return {
        str(event_row.get("state_key"))
        for event_row in (rows if isinstance(rows, list) else [])
        if isinstance(event_row, dict)
        and (event_row.get("content") or {}).get("membership") in {"join", "invite", "knock"}
    } or {"?"}


def _direct_path(account: AccountAccess) -> str:
    return f"{CLIENT}/user/{quote(account.address, safe='')}/account_data/m.direct"


def _direct(account: AccountAccess, user: str, *, make: bool) -> str:
    """The room of the two of us, made when there is none."""
    try:
        direct_rooms = call(account, "GET", _direct_path(account))
    except SendError as fault:
        if fault.status != 404:
            raise
        direct_rooms = {}
    known = direct_rooms.get(user)
    for room in reversed(known if isinstance(known, list) else []):
        if _is_for(account, str(room), user):
            return str(room)
    if not make:
        return ""
    payload = {"is_direct": True, "invite": [user], "preset": "trusted_private_chat"}
    room = str(call(account, "POST", f"{CLIENT}/createRoom", payload=payload).get("room_id"))
    earlier = known if isinstance(known, list) else []
    call(account, "PUT", _direct_path(account), payload={**direct_rooms, user: [*earlier, room]})
    return room


# Saying ----------------------------------------------------------------------------------------


def say(out: Outgoing, account: AccountAccess, text: str) -> Receipt:
    """Say it, then its pictures. The same key on the same session is the same event there.

    Raises:
        SendError: classified.
    """
    room = room_for(out, account)
    receipt = _said(account, room, out.idempotency_key, _content(out, room, text))
    images = [file for file in out.attachments if file.media_type.startswith("image/")]
    for number, file in enumerate(images[:MOST_PICTURES], 1):
        key = f"{out.idempotency_key}-{number}"
        content = _picture(account, file) | {parsing.MARK: out.idempotency_key}
        _said(account, room, key, content)
    return receipt


def _content(out: Outgoing, room: str, text: str) -> dict[str, Any]:
    content: dict[str, Any] = {"msgtype": "m.text", "body": text, parsing.MARK: out.idempotency_key}
    answered_in, answers = parsing.event_of(out.parent)
    if out.act == "say" and answers and answered_in == room:
        content["m.relates_to"] = {"m.in_reply_to": {"event_id": answers}}
    if out.act == "say" and out.recipient.startswith("@"):
        content["m.mentions"] = {"user_ids": [out.recipient]}
    return content


def _said(account: AccountAccess, room: str, key: str, content: Mapping[str, Any]) -> Receipt:
    path = room_path(room, "send", "m.room.message", key)
    made = call(account, "PUT", path, payload=content, writes=True)
    return _receipt(room, str(made.get("event_id")))


def _receipt(room: str, event_id: str, detail: str = "") -> Receipt:
    try:
        name = parsing.name_of(room, event_id)
    except ValueError as fault:
        raise SendError("The homeserver did not say what it made.", ambiguous=True) from fault
    return Receipt(name, detail, f"{parsing.WEB}{name}")


def _picture(account: AccountAccess, file: File) -> dict[str, Any]:
    content, media_type, width, height = pictures.fitting(file.content, MOST_FILE_BYTES)
    made = call(account, "POST", "/_matrix/media/v3/upload", raw=(media_type, content))
    info = {"mimetype": media_type, "size": len(content), "w": width, "h": height}
    name = files.safe_name(file.name, media_type)
    return {
        "msgtype": "m.image",
        "body": file.alt or name,
        "filename": name,
        "url": str(made.get("content_uri")),
        "info": info,
    }


def look_for_saying(out: Outgoing, account: AccountAccess) -> Receipt | None:
    """The event that bears our key, among the newest 500 of ours in the room, with all its pictures.

    Raises:
        SendError: it cannot be told.
    """
    room = room_for(out, account, make=False)
    if not room:
        return None
    ours = [
        event_row
        for event_row in _ours(account, room)
        if parsing.key_in(event_row) == out.idempotency_key
    ]
    words = [event_row for event_row in ours if event_row["content"].get("msgtype") == "m.text"]
    images = [file for file in out.attachments if file.media_type.startswith("image/")]
    if not words or len(ours) - len(words) < len(images[:MOST_PICTURES]):
        return None
    return _receipt(room, str(words[-1].get("event_id")), "Looked up.")


def _ours(account: AccountAccess, room: str) -> Iterator[Event]:
    """Our own messages in a room, newest first."""
    own = {"senders": [account.address], "types": ["m.room.message"]}
    query: dict[str, str | int] = {"dir": "b", "limit": PAGE, "filter": json.dumps(own)}
    for _turn in range(MOST_PAGES):
        answer = call(account, "GET", room_path(room, "messages"), query=query)
        yield from [
            event_row for event_row in answer.get("chunk") or [] if isinstance(event_row, dict)
        ]
        if not answer.get("end"):
            return
        query["from"] = str(answer["end"])


# Correcting and redacting ----------------------------------------------------------------------


def _target(out: Outgoing) -> tuple[str, str]:
    room, event_id = parsing.event_of(out.target)
    if not room:
        raise SendError("Not a message there.", permanent=True)
    return room, event_id


def edit(out: Outgoing, account: AccountAccess, text: str) -> Receipt:
    """Correct what we said (specification: "Event replacements").

    Raises:
        SendError: classified.
    """
    room, event_id = _target(out)
    content = {
        "msgtype": "m.text",
        "body": f"* {text}",
        "m.new_content": {"msgtype": "m.text", "body": text},
        "m.relates_to": {"rel_type": "m.replace", "event_id": event_id},
        parsing.MARK: out.idempotency_key,
    }
    _said(account, room, out.idempotency_key, content)
    return _receipt(room, event_id)  # it goes on by the name of the first version


def look_for_edit(out: Outgoing, account: AccountAccess) -> Receipt | None:
    """Whether the replacement that bears our key stands there."""
    room, event_id = _target(out)
    made = any(
        parsing.key_in(event_row) == out.idempotency_key for event_row in _ours(account, room)
    )
    return _receipt(room, event_id, "Looked up.") if made else None


def redact(out: Outgoing, account: AccountAccess) -> Receipt:
    """Empty a message for everybody: ours with its pictures and corrections, or (with the right to) somebody else's.

    Raises:
        SendError: also when we may not.
    """
    room, event_id = _target(out)
    for event_name in [*_parts(account, room, event_id), event_id]:
        key = hashlib.sha256(f"{out.idempotency_key}/{event_name}".encode()).hexdigest()[:40]
        call(account, "PUT", room_path(room, "redact", event_name, key), payload={}, writes=True)
    return Receipt(out.target)


def _parts(account: AccountAccess, room: str, event_id: str) -> list[str]:
    """Our other events that belong to it: its pictures, and its later wordings, which would still be read."""
    first = event(account, room, event_id)
    if first.get("sender") != account.address or not (key := parsing.key_in(first)):
        return []
    names = []
    for event_row in _ours(account, room):
        name = str(event_row.get("event_id"))
        if name == event_id:
            break
        if (
            parsing.key_in(event_row) == key
            or parsing.replaces(event_row.get("content")) == event_id
        ):
            names.append(name)
    return names


def look_for_redaction(out: Outgoing, account: AccountAccess) -> Receipt | None:
    """Whether it is emptied."""
    room, event_id = _target(out)
    event_value = event(account, room, event_id)
    emptied = "redacted_because" in (event_value.get("unsigned") or {}) or not event_value.get(
        "content"
    )
    return Receipt(out.target, "Looked up.") if emptied else None
