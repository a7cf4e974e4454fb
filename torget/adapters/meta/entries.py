"""What Meta's webhooks carry: one body with many entries, each with changes and messages, as utterances and notices."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from torget.channels.contract import Author, File, Item, Notice, Unparseable, Utterance
from torget.protocols.plaintext import clean, one_line

News = Utterance | Notice
ODD = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,
    OverflowError,
    OSError,
)
VERBS = {"add": "new", "edit": "edit", "edited": "edit", "remove": "delete"}
POSTS = frozenset({"post", "status", "photo", "video", "share", "album", "link"})


@dataclass(frozen=True, slots=True)
class Place:
    """Whose news it is: our own ids there, and when the envelope came."""

    own: frozenset[str]
    received_at: datetime


def entries(item: Item, place: Place, objects: Sequence[str]) -> list[Mapping[str, Any]]:
    """The entries of a delivery that are ours.

    Raises:
        Unparseable: it is not a delivery of Meta's, or of another page altogether.
    """
    try:
        held = json.loads(item.body)
        if held["object"] not in objects:
            raise Unparseable(_("Dette gjelder ikke denne kanalen hos Meta."))
        found = [one for one in held["entry"] if str(one["id"]) in place.own]
    except ODD as fault:
        raise Unparseable(_("Dette er ikke en leveranse fra Meta vi forstår.")) from fault
    if held["entry"] and not found:
        raise Unparseable(_("Leveransen gjelder en annen side enn denne kontoen."))
    return found


def gathered(
    found: Sequence[Mapping[str, Any]], read: Callable[[Mapping[str, Any]], Iterator[News]]
) -> list[News]:
    """All the news of all the entries.

    Raises:
        Unparseable: one of them is not as documented; all of it is set aside together.
    """
    try:
        return [one for entry in found for one in read(entry)]
    except ODD as fault:
        raise Unparseable(_("Dette er ikke en leveranse fra Meta vi forstår.")) from fault


def moment(seconds: Any) -> datetime:
    """A time Meta gives as seconds or milliseconds since 1970, or as ISO 8601 text."""
    if isinstance(seconds, str) and not seconds.isdigit():
        return datetime.strptime(seconds, "%Y-%m-%dT%H:%M:%S%z")
    number = int(seconds)
    return datetime.fromtimestamp(number / 1000 if number > 10**11 else number, UTC)


def text_of(held: Any) -> str:
    """A field that is text, or nothing; anything else is not as documented."""
    if held is None:
        return ""
    if not isinstance(held, str):
        raise TypeError("not a text")
    return held


def key_of(held: Any) -> str:
    """An id.

    Raises:
        ValueError: there is none.
    """
    if isinstance(held, int) and not isinstance(held, bool):
        held = str(held)
    named = one_line(held, 500) if isinstance(held, str) else ""
    if not named:
        raise ValueError("no id")
    return named


def author(held: Any, said: str) -> Author:
    """Who speaks. Meta may withhold it: then everyone is somebody of their own."""
    held = held or {}
    if not held.get("id"):
        return Author(f"unknown:{said}"[:320], _("Noen på Facebook"))
    name = one_line(text_of(held.get("name") or held.get("username")), 120)
    handle = f"@{one_line(held['username'], 100)}" if isinstance(held.get("username"), str) else ""
    return Author(key_of(held["id"])[:320], name, handle=handle)


def https(url: Any) -> str:
    """An address people may be led to; "" when it is not one."""
    fits = isinstance(url, str) and url.startswith("https://") and url.isprintable()
    return url if fits and " " not in url else ""


def picture(url: Any) -> list[File]:
    """A picture to fetch."""
    return [File("bilde.jpg", "image/jpeg", b"", url=https(url))] if https(url) else []


def feed(value: Mapping[str, Any], entry: Mapping[str, Any], place: Place) -> Iterator[News]:
    """A change of a page's feed (…/webhooks/reference/page, field `feed`): comments, and posts of visitors."""
    item, verb = value.get("item"), value.get("verb")
    if verb not in VERBS or (item != "comment" and item not in POSTS):
        return  # reactions, hiding and the like
    named = key_of(value["comment_id"] if item == "comment" else value["post_id"])
    at = moment(value["created_time"]) if value.get("created_time") else place.received_at
    who = author(value.get("from"), named)
    if who.external_id in place.own:
        if verb == "add":
            yield Notice("own", of=named)
        return
    above = [key_of(value[name]) for name in ("parent_id", "post_id") if value.get(name)]
    kind = VERBS[verb]
    yield Utterance(
        external_id=named,
        author=who,
        body=clean(text_of(value.get("message"))),
        occurred_at=at,
        kind=kind,  # type: ignore[arg-type]  # one of the three by the table
        visibility="public",
        parents=[one for one in dict.fromkeys(above) if one != named],
        url=https((value.get("post") or {}).get("permalink_url") or value.get("permalink_url")),
        changed_at=moment(entry["time"]) if kind != "new" and entry.get("time") else None,
        attachments=picture(value.get("photo")) if kind == "new" else [],
    )


def mention(value: Mapping[str, Any], place: Place) -> Iterator[News]:
    """Somebody named the page elsewhere (field `mention`)."""
    if value.get("verb") not in {None, "add"}:
        return
    named = key_of(value.get("comment_id") or value["post_id"])
    sender = {"id": value.get("sender_id"), "name": value.get("sender_name")}
    who = author(value.get("from") or sender, named)
    if who.external_id in place.own:
        return
    at = moment(value["created_time"]) if value.get("created_time") else place.received_at
    said = clean(text_of(value.get("message")))
    yield Utterance(
        external_id=named,
        author=who,
        body=said
        or _("Siden er nevnt her: %(url)s") % {"url": f"https://www.facebook.com/{named}"},
        occurred_at=at,
        visibility="public",
        url=f"https://www.facebook.com/{named}",
    )


def message(event: Mapping[str, Any], place: Place) -> Iterator[News]:
    """One event of `messaging` (…/messenger-platform/webhooks/webhook-events); the shape is Instagram's too."""
    if delivered := event.get("delivery"):
        for mid in delivered.get("mids") or []:
            yield Notice("receipt", key_of(mid), "delivered")
        return
    sender = key_of(event["sender"]["id"])
    at = moment(event["timestamp"])
    if changed := event.get("message_edit"):
        yield Utterance(
            key_of(changed["mid"]),
            Author(sender),
            clean(text_of(changed["text"])),
            at,
            kind="edit",
            changed_at=at,
        )
        return
    said = event.get("message") or event.get("postback")
    if not said:
        return  # read, reactions, referrals
    mid = key_of(said["mid"])
    if said.get("is_echo") or sender in place.own:
        yield Notice("own", of=one_line(text_of(said.get("metadata")), 80) or mid)
        return
    yield _said(said, mid, sender, at)


def _said(said: Mapping[str, Any], mid: str, sender: str, at: datetime) -> Utterance:
    gone = said.get("is_deleted") is True
    files, links = _attached(said.get("attachments") or [])
    words = [clean(text_of(said.get("text") or said.get("title"))), *links]
    if said.get("is_unsupported") is True:
        words.append(_("[Noe Meta ikke viser oss. Se det i innboksen der.]"))
    answers = (said.get("reply_to") or {}).get("mid")
    return Utterance(
        external_id=mid,
        author=Author(sender),
        body="" if gone else "\n".join(word for word in words if word),
        occurred_at=at,
        kind="delete" if gone else "new",
        changed_at=at if gone else None,
        parents=[key_of(answers)] if answers else [],
        attachments=[] if gone else files,
    )


def _attached(found: Sequence[Mapping[str, Any]]) -> tuple[list[File], list[str]]:
    """Pictures and files to fetch; of the rest the address."""
    kinds = {"image": ("bilde.jpg", "image/jpeg"), "file": ("fil", "application/octet-stream")}
    files, links = [], []
    for one in found:
        url = https((one.get("payload") or {}).get("url"))
        if url and one.get("type") in kinds:
            name, media_type = kinds[one["type"]]
            files.append(File(name, media_type, b"", url=url))
        elif url:
            links.append(url)
    return files, links
