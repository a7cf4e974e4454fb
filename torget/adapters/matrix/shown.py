"""What stands beside the words of an event: files we could not keep, polls, places, stickers, link previews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torget.channels import beside
from torget.protocols import clocks, jsonvalues

FILES = {"m.image": "image", "m.file": "file", "m.audio": "audio", "m.video": "video"}
_KNOWN = frozenset({"m.text", "m.emote", "m.notice", "m.location", *FILES})
# Names of a thing in the specification, and while it was only proposed.
_POLL = ("m.poll", "m.poll.start", "org.matrix.msc3381.poll.start")
_TEXT = ("m.text", "org.matrix.msc1767.text", "body")
_PLACE = ("m.location", "org.matrix.msc3488.location")
_PREVIEWS = ("m.url_previews", "com.beeper.linkpreviews")


def _first(table: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((table[name] for name in names if table.get(name)), None)


def _words(value: Any) -> str:
    """A text as extensible events write it: itself, or a list of the same in several forms."""
    texts = _first(jsonvalues.table(value), _TEXT) if isinstance(value, Mapping) else value
    for entry in jsonvalues.many(texts):
        text = jsonvalues.text(entry.get("body") if isinstance(entry, Mapping) else entry)
        if text:
            return text
    return ""


def enclosures(
    content: Mapping[str, Any], event_type: str, *, kept: bool
) -> list[beside.Enclosure]:
    """Everything an event shows that is neither words nor, when it was `kept`, its file."""
    kind = jsonvalues.text(content.get("msgtype"))
    enclosures_shown = []
    if kind in FILES and not kept:
        named = jsonvalues.text(content.get("filename")) or jsonvalues.text(content.get("body"))
        enclosures_shown.append(beside.kept_out(FILES[kind], "", named))
    if event_type == "m.sticker":
        enclosures_shown.append(beside.sticker(description=jsonvalues.text(content.get("body"))))
    if poll := jsonvalues.table(_first(content, _POLL)):
        enclosures_shown.append(_poll(poll))
    if kind == "m.location" or event_type != "m.room.message":
        enclosures_shown += _place(content)
    for preview in jsonvalues.tables(_first(content, _PREVIEWS)):
        url = jsonvalues.address(preview.get("matched_url")) or jsonvalues.address(
            preview.get("og:url")
        )
        texts = (jsonvalues.text(preview.get(name)) for name in ("og:title", "og:description"))
        enclosures_shown.append(beside.link(url, *texts))
    if event_type == "m.room.message" and kind not in _KNOWN:
        enclosures_shown.append(beside.unseen(kind))
    return enclosures_shown


def _poll(poll: Mapping[str, Any]) -> beside.Enclosure:
    options = [_words(option) for option in jsonvalues.tables(poll.get("answers"))]
    several = jsonvalues.whole(poll.get("max_selections"), 1) > 1
    return beside.poll(options, several=several, question=_words(poll.get("question")))


def _place(content: Mapping[str, Any]) -> list[beside.Enclosure]:
    place = jsonvalues.table(_first(content, _PLACE))
    where = jsonvalues.text(place.get("uri")) or jsonvalues.text(content.get("geo_uri"))
    if not where and not place:
        return []
    places = [beside.place(jsonvalues.text(place.get("description")), where=where)]
    if seen_at := clocks.when(_first(content, ("m.ts", "org.matrix.msc3488.ts"))):
        places.append(beside.at_time(seen_at))
    return places
