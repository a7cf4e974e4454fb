"""What events in rooms mean: messages, their edits and redactions."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from torget.adapters.matrix import shown
from torget.channels import beside
from torget.channels.contract import (
    Author,
    File,
    InboundMessage,
    NetworkEvent,
    RawItem,
    Unparseable,
)
from torget.protocols import clocks, jsonvalues
from torget.protocols.plaintext import clean, one_line

FILES = frozenset({"m.image", "m.file", "m.audio", "m.video"})
SAID = frozenset(
    {
        *("m.room.message", "m.room.encrypted", "m.sticker"),
        *("m.poll.start", "org.matrix.msc3381.poll.start"),
        *("m.location", "m.beacon_info", "org.matrix.msc3672.beacon_info"),
    }
)
WEB = "https://matrix.to/#/"
HTML = "org.matrix.custom.html"
MARK = "no.torget.key"  # in what we send: our own key, so that it can be found again
_MEDIA_TYPE = re.compile(r"\A[a-z]+/[a-z0-9.+-]{1,80}\Z")
# The rich reply's mark (client-server API §11.22.3 before Matrix 1.13): what is quoted without it, its writer quotes.
_FALLBACK = re.compile(r"\A> (?:\* )?<@[^>\n]*>.*\n(?:>.*\n)*\n?")


def parse(item: RawItem, own: str, received_at: datetime) -> list[InboundMessage | NetworkEvent]:
    """The message or event of one envelope; `own` is our user id.

    Raises:
        Unparseable: it is nothing we store.
    """
    value = jsonvalues.load(item.body)
    event, room = value["event"], _text(value["room"])
    if not room.startswith("!"):
        raise ValueError("not a room")
    kind = event["type"]
    if kind == "m.room.redaction":
        return [_redaction(value, event, room, received_at)]
    if kind in SAID:
        return [_message(value, event, room, own, received_at)]
    raise Unparseable("Not a Matrix event we store.")


def _text(value: Any) -> str:
    return jsonvalues.text(value)


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
    events = []
    nearest = relates.get("m.in_reply_to")
    if isinstance(nearest, dict):
        events.append(_text(nearest.get("event_id")))
    if relates.get("rel_type") == "m.thread":
        events.append(_text(relates.get("event_id")))
    return [event_id for event_id in dict.fromkeys(events) if event_id.startswith("$")]


def key_in(event: Mapping[str, Any]) -> str:
    """Our own key in a message of ours; "" in what others say."""
    content = event.get("content")
    return str(content.get(MARK) or "") if isinstance(content, dict) else ""


def _message(
    value: Mapping[str, Any], event: Mapping[str, Any], room: str, own: str, received_at: datetime
) -> InboundMessage | NetworkEvent:
    content, sender = event["content"], _text(event["sender"])
    if not isinstance(content, dict):
        raise TypeError("no content")
    name = name_of(room, _text(event["event_id"]))
    if sender == own:
        return NetworkEvent("own", of=name)
    if (
        content.get("msgtype") == "m.notice"
    ):  # what machines say (specification: never answered by machines)
        return NetworkEvent("auto_reply", of=name)
    at = clocks.when(event.get("origin_server_ts")) or received_at
    target = replaces(content)
    if target:
        if _text(value.get("original_sender")) != sender:
            return NetworkEvent("network", data={"ignored": "an edit of somebody else's message"})
        # Without it the words that stand for old programs are all there is.
        content = jsonvalues.table(content.get("m.new_content")) or content
        name = name_of(room, target)
    files = _files(value, content)
    body, folded = _body(content, event, replied=bool(answers(event["content"])), kept=bool(files))
    return InboundMessage(
        external_id=name,
        author=author_of(sender, value.get("members")),
        body=body,
        occurred_at=at,
        kind="edit" if target else "new",
        visibility="public" if value.get("public") is True else "private",
        parents=[
            *(name_of(room, event_id) for event_id in answers(content)),
            *([one_line(_text(value["answers"]), 500)] if value.get("answers") else []),
        ],
        folded=folded,
        url=f"{WEB}{name}" if name.isascii() else "",
        changed_at=at if target else None,
        attachments=files,
    )


def _body(
    content: Mapping[str, Any], event: Mapping[str, Any], *, replied: bool, kept: bool
) -> tuple[str, str]:
    """What is said, and what was repeated of another's words above it (reply fallback, before Matrix 1.13)."""
    if event["type"] == "m.room.encrypted":
        return _("[Meldingen er kryptert, og Torget kan ikke lese den.]"), ""
    body = _text(content.get("body"))
    repeated = _FALLBACK.match(body) if replied else None
    folded = repeated.group() if repeated else ""
    words = _words(content, body.removeprefix(folded))
    return beside.join(words, shown.enclosures(content, _text(event["type"]), kept=kept)), clean(
        folded
    )


def _words(content: Mapping[str, Any], body: str) -> str:
    """The words people see: the formatted ones, where there are any, with the addresses of their links."""
    kind = _text(content.get("msgtype"))
    named = _text(content.get("filename"))
    if kind in FILES and (not named or named == body):
        return ""  # only the file's name
    formatted = _text(content.get("formatted_body"))
    if formatted and _text(content.get("format")) == HTML and (words := beside.of_html(formatted)):
        return words
    return clean(body)


def _files(value: Mapping[str, Any], content: Mapping[str, Any]) -> Sequence[File]:
    is_file = content.get("msgtype") in FILES or value["event"]["type"] == "m.sticker"
    if not is_file or not value.get("file"):
        return ()
    named = one_line(_text(content.get("filename")) or _text(content.get("body")), 120) or "vedlegg"
    info = content.get("info")
    media_type = _text(info.get("mimetype")) if isinstance(info, dict) else ""
    media_type = media_type if _MEDIA_TYPE.match(media_type) else "application/octet-stream"
    raw = base64.b64decode(_text(value["file"]), validate=True)
    alt = one_line(_text(content.get("body")), 500)
    return [File(named, media_type, raw, alt if alt != named else "")]


def _redaction(
    value: Mapping[str, Any], event: Mapping[str, Any], room: str, received_at: datetime
) -> InboundMessage:
    content = event.get("content")
    # Room version 11 moved it into the content.
    redacts = _text(event.get("redacts")) or _text(
        (content if isinstance(content, dict) else {}).get("redacts")
    )
    at = clocks.when(event.get("origin_server_ts")) or received_at
    return InboundMessage(
        name_of(room, redacts),
        author_of(_text(event["sender"]), value.get("members")),
        "",
        at,
        kind="delete",
        visibility="public" if value.get("public") is True else "private",
        changed_at=at,
    )
