"""What events in rooms mean: messages, their edits and redactions."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from torget.channels.contract import Author, File, Item, Notice, Unparseable, Utterance
from torget.protocols.plaintext import clean, one_line

TEXTS = frozenset({"m.text", "m.emote"})
FILES = frozenset({"m.image", "m.file", "m.audio", "m.video"})
WEB = "https://matrix.to/#/"
MARK = "no.torget.key"  # in what we send: our own key, so that it can be found again
_MEDIA_TYPE = re.compile(r"\A[a-z]+/[a-z0-9.+-]{1,80}\Z")
_FALLBACK = re.compile(r"\A(?:> ?.*\n)+\n?")


def parse(item: Item, own: str, received_at: datetime) -> list[Utterance | Notice]:
    """The utterance or notice of one envelope; `own` is our user id.

    Raises:
        Unparseable: the bytes are not what we stored, or not what the specification says.
    """
    try:
        held = json.loads(item.body)
        event, room = held["event"], _text(held["room"])
        if not room.startswith("!"):
            raise ValueError("not a room")
        kind = event["type"]
        if kind == "m.room.redaction":
            return [_redaction(held, event, room, received_at)]
        if kind in {"m.room.message", "m.room.encrypted"}:
            return [_message(held, event, room, own, received_at)]
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OverflowError,
        binascii.Error,
    ) as fault:
        raise Unparseable(f"Not a Matrix event: {type(fault).__name__}: {fault}") from fault
    raise Unparseable("Not a Matrix event we store.")


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise TypeError("a text that is no text")
    return value or ""


def name_of(room: str, event_id: str) -> str:
    """Our name for an event: whoever acts on it must know its room too."""
    if not event_id.startswith("$") or "/" in room:
        raise ValueError("not an event")
    return f"{one_line(room, 255)}/{one_line(event_id, 240)}"


def event_of(name: str) -> tuple[str, str]:
    """Room and event of our name for it; empty when it is none."""
    room, _slash, event_id = name.partition("/")
    return (room, event_id) if room.startswith("!") and event_id.startswith("$") else ("", "")


def author_of(user: str, members: Any) -> Author:
    """Who it is; the name is what they call themselves in that room."""
    if not user.startswith("@"):
        raise ValueError("not a user")
    user = one_line(user, 255)
    called = members.get(user) if isinstance(members, dict) else None
    name = one_line(_text(called), 120) or user[1:].split(":")[0]
    return Author(user, name, handle=user, url=WEB + user if user.isascii() else "")


def replaces(content: Any) -> str:
    """The event this one replaces; "" when it is no edit."""
    relates = content.get("m.relates_to") if isinstance(content, dict) else None
    edits = isinstance(relates, dict) and relates.get("rel_type") == "m.replace"
    return _text(relates.get("event_id")) if edits and isinstance(relates, dict) else ""


def answers(content: Any) -> list[str]:
    """The events this one answers, nearest first: a reply, then the beginning of its thread."""
    relates = content.get("m.relates_to") if isinstance(content, dict) else None
    if not isinstance(relates, dict):
        return []
    found = []
    nearest = relates.get("m.in_reply_to")
    if isinstance(nearest, dict):
        found.append(_text(nearest.get("event_id")))
    if relates.get("rel_type") == "m.thread":
        found.append(_text(relates.get("event_id")))
    return [one for one in dict.fromkeys(found) if one.startswith("$")]


def key_in(event: Mapping[str, Any]) -> str:
    """Our own key in a message of ours; "" in what others say."""
    content = event.get("content")
    return str(content.get(MARK) or "") if isinstance(content, dict) else ""


def _message(
    held: Mapping[str, Any], event: Mapping[str, Any], room: str, own: str, received_at: datetime
) -> Utterance | Notice:
    content, sender = event["content"], _text(event["sender"])
    if not isinstance(content, dict):
        raise TypeError("no content")
    name = name_of(room, _text(event["event_id"]))
    if sender == own:
        return Notice("own", of=name)
    if (
        content.get("msgtype") == "m.notice"
    ):  # what machines say (specification: never answered by machines)
        return Notice("auto_reply", of=name)
    at = _time(event.get("origin_server_ts"), received_at)
    target = replaces(content)
    if target:
        if _text(held.get("original_sender")) != sender:
            return Notice("network", data={"ignored": "an edit of somebody else's message"})
        content = content["m.new_content"]
        name = name_of(room, target)
    body, folded = _body(content, event, replied=bool(answers(event["content"])))
    return Utterance(
        external_id=name,
        author=author_of(sender, held.get("members")),
        body=body,
        occurred_at=at,
        kind="edit" if target else "new",
        visibility="public" if held.get("public") is True else "private",
        parents=[
            *(name_of(room, one) for one in answers(content)),
            *([one_line(_text(held["answers"]), 500)] if held.get("answers") else []),
        ],
        folded=folded,
        url=f"{WEB}{name}" if name.isascii() else "",
        changed_at=at if target else None,
        attachments=_files(held, content),
    )


def _body(
    content: Mapping[str, Any], event: Mapping[str, Any], *, replied: bool
) -> tuple[str, str]:
    """What is said, and what was repeated of another's words above it (reply fallback, before Matrix 1.13)."""
    if event["type"] == "m.room.encrypted":
        return "[Meldingen er kryptert, og Torget kan ikke lese den.]", ""
    kind, body = _text(content["msgtype"]), _text(content.get("body"))
    if kind in FILES:
        named = _text(content.get("filename"))
        return (clean(body) if named and named != body else ""), ""
    if kind == "m.location":
        return clean(f"{body}\n{one_line(_text(content.get('geo_uri')), 200)}"), ""
    if kind not in TEXTS:
        return clean(body) or f"[{one_line(kind, 60)}]", ""
    repeated = _FALLBACK.match(body) if replied else None
    folded = repeated.group() if repeated else ""
    return clean(body.removeprefix(folded)), clean(folded)


def _files(held: Mapping[str, Any], content: Mapping[str, Any]) -> Sequence[File]:
    if content.get("msgtype") not in FILES or not held.get("file"):
        return ()
    named = one_line(_text(content.get("filename")) or _text(content.get("body")), 120) or "vedlegg"
    info = content.get("info")
    media_type = _text(info.get("mimetype")) if isinstance(info, dict) else ""
    media_type = media_type if _MEDIA_TYPE.match(media_type) else "application/octet-stream"
    raw = base64.b64decode(_text(held["file"]), validate=True)
    alt = one_line(_text(content.get("body")), 500)
    return [File(named, media_type, raw, alt if alt != named else "")]


def _redaction(
    held: Mapping[str, Any], event: Mapping[str, Any], room: str, received_at: datetime
) -> Utterance:
    content = event.get("content")
    # Room version 11 moved it into the content.
    redacts = _text(event.get("redacts")) or _text(
        (content if isinstance(content, dict) else {}).get("redacts")
    )
    at = _time(event.get("origin_server_ts"), received_at)
    return Utterance(
        name_of(room, redacts),
        author_of(_text(event["sender"]), held.get("members")),
        "",
        at,
        kind="delete",
        visibility="public" if held.get("public") is True else "private",
        changed_at=at,
    )


def _time(value: Any, otherwise: datetime) -> datetime:
    """Milliseconds since 1970."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 32_503_680_000_000:
        return otherwise
    return datetime.fromtimestamp(value / 1000, UTC)
