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


def _first(held: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    return next((held[name] for name in names if held.get(name)), None)


def _words(held: Any) -> str:
    """A text as extensible events write it: itself, or a list of the same in several forms."""
    found = _first(jsonvalues.table(held), _TEXT) if isinstance(held, Mapping) else held
    for one in jsonvalues.many(found):
        said = jsonvalues.text(one.get("body") if isinstance(one, Mapping) else one)
        if said:
            return said
    return ""


def enclosures(
    content: Mapping[str, Any], event_type: str, *, kept: bool
) -> list[beside.Enclosure]:
    """Everything an event shows that is neither words nor, when it was `kept`, its file."""
    kind = jsonvalues.text(content.get("msgtype"))
    found = []
    if kind in FILES and not kept:
        named = jsonvalues.text(content.get("filename")) or jsonvalues.text(content.get("body"))
        found.append(beside.kept_out(FILES[kind], "", named))
    if event_type == "m.sticker":
        found.append(beside.sticker(description=jsonvalues.text(content.get("body"))))
    if poll := jsonvalues.table(_first(content, _POLL)):
        found.append(_poll(poll))
    if kind == "m.location" or event_type != "m.room.message":
        found += _place(content)
    for one in jsonvalues.tables(_first(content, _PREVIEWS)):
        url = jsonvalues.address(one.get("matched_url")) or jsonvalues.address(one.get("og:url"))
        texts = (jsonvalues.text(one.get(name)) for name in ("og:title", "og:description"))
        found.append(beside.link(url, *texts))
    if event_type == "m.room.message" and kind not in _KNOWN:
        found.append(beside.unseen(kind))
    return found


def _poll(held: Mapping[str, Any]) -> beside.Enclosure:
    options = [_words(one) for one in jsonvalues.tables(held.get("answers"))]
    several = jsonvalues.whole(held.get("max_selections"), 1) > 1
    return beside.poll(options, several=several, question=_words(held.get("question")))


def _place(content: Mapping[str, Any]) -> list[beside.Enclosure]:
    held = jsonvalues.table(_first(content, _PLACE))
    where = jsonvalues.text(held.get("uri")) or jsonvalues.text(content.get("geo_uri"))
    if not where and not held:
        return []
    found = [beside.place(jsonvalues.text(held.get("description")), where=where)]
    if seen_at := clocks.when(_first(content, ("m.ts", "org.matrix.msc3488.ts"))):
        found.append(beside.at_time(seen_at))
    return found
