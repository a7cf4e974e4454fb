"""Documents of other servers → plain values. Everything in them may be missing, of another kind, or a trap."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from torget.protocols.activitypub import markup
from torget.protocols.activitypub.values import (
    PUBLIC,
    Activity,
    ActorSaid,
    Attached,
    Claim,
    Malformed,
    NoteSaid,
    Poll,
)
from torget.protocols.plaintext import clean, one_line

ACTORS = frozenset({"Person", "Service", "Application", "Group", "Organization"})
SAID = frozenset({"Note", "Article", "Question", "Event", "Page", "Image", "Video", "Audio"})
MOST_URI_CHARS = 500  # what an envelope's id may be long
MOST_NAMED = 100
MOST_FILES = 16
_PUBLIC_WORDS = frozenset({PUBLIC, "as:Public", "Public"})


def load(body: bytes) -> dict[str, Any]:
    """The JSON object of a body.

    Raises:
        Malformed: none.
    """
    try:
        held = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise Malformed("Not JSON.") from fault
    if not isinstance(held, dict):
        raise Malformed("Not a JSON object.")
    return held


def many(value: Any) -> list[Any]:
    """One or several, as a list."""
    if value is None:
        return []
    return value[:MOST_NAMED] if isinstance(value, list) else [value]


def text_of(value: Any) -> str:
    """A text, or nothing."""
    return value if isinstance(value, str) else ""


def id_of(value: Any) -> str:
    """The address of something given whole or by its address; "" when it has none we would use."""
    for one in many(value):
        held = one.get("id", one.get("href")) if isinstance(one, Mapping) else one
        if isinstance(held, str) and is_uri(held):
            return held
    return ""


def ids_of(value: Any) -> list[str]:
    """All addresses, the public one always written the same way."""
    found = []
    for one in many(value):
        if isinstance(one, str) and one in _PUBLIC_WORDS:
            found.append(PUBLIC)
        elif held := id_of(one):
            found.append(held)
    return found


def is_uri(text: str) -> bool:
    """Whether it is a web address: printable, without a user, and not longer than we can keep."""
    if len(text) > MOST_URI_CHARS or not text.isprintable() or " " in text or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(host) and "@" not in parts.netloc


def host_of(uri: str) -> str:
    """Host and port of an address, in lower case; "" when it is none."""
    return urlsplit(uri).netloc.lower() if is_uri(uri) else ""


def type_of(held: Mapping[str, Any]) -> str:
    """Its type; the first when it says several."""
    return next((one for one in many(held.get("type")) if isinstance(one, str)), "")


def when(value: Any) -> datetime | None:
    """A point in time, aware; None when it cannot be read."""
    try:
        held = datetime.fromisoformat(text_of(value))
        return (held if held.tzinfo else held.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _required(held: Mapping[str, Any], name: str) -> str:
    found = id_of(held.get(name))
    if not found:
        raise Malformed(f"It has no {name} that is an address.")
    return found


def claim(held: Mapping[str, Any]) -> Claim:
    """What must be known of an activity before its signature is checked: no text in it is looked at.

    Raises:
        Malformed: without a type or an actor.
    """
    kind = type_of(held)
    if not kind:
        raise Malformed("It has no type.")
    return Claim(kind, _required(held, "actor"), id_of(held.get("object")))


def activity(held: Mapping[str, Any]) -> Activity:
    """An activity.

    Raises:
        Malformed: without a type or an actor.
    """
    kind = type_of(held)
    if not kind:
        raise Malformed("It has no type.")
    whole = next((one for one in many(held.get("object")) if isinstance(one, Mapping)), {})
    return Activity(
        id=id_of(held.get("id")),
        type=kind,
        actor=_required(held, "actor"),
        object_id=id_of(held.get("object")),
        object_type=type_of(whole),
        object=whole,
        to=ids_of(held.get("to")),
        cc=ids_of(held.get("cc")),
        target=id_of(held.get("target")),
        content=clean(text_of(held.get("content")), 5_000),
        objects=ids_of(held.get("object")),
        published=when(held.get("published")),
    )


def actor(held: Mapping[str, Any]) -> ActorSaid:
    """An actor document.

    Raises:
        Malformed: no actor, or it lacks id or inbox, or they are on different hosts.
    """
    kind = type_of(held)
    if kind not in ACTORS:
        raise Malformed("It is no actor.")
    found, inbox = _required(held, "id"), _required(held, "inbox")
    endpoints = held.get("endpoints")
    shared = id_of(endpoints.get("sharedInbox")) if isinstance(endpoints, Mapping) else ""
    if host_of(inbox) != host_of(found) or (shared and host_of(shared) != host_of(found)):
        raise Malformed("Its inbox is somewhere else.")
    username = one_line(text_of(held.get("preferredUsername")), 120)
    return ActorSaid(
        id=found,
        type=kind,
        username=username,
        name=one_line(markup.to_text(text_of(held.get("name"))[:2_000]), 120) or username,
        inbox=inbox,
        shared_inbox=shared,
        followers=id_of(held.get("followers")),
        url=page_of(held.get("url")),
        moved_to=id_of(held.get("movedTo")),
        keys=keys(held),
    )


def keys(held: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The keys in an actor document that say they are its own: (id, "pem" or "multikey", key)."""
    owner = id_of(held.get("id"))
    found = [
        (id_of(one.get("id")), "pem", text_of(one.get("publicKeyPem")))
        for one in many(held.get("publicKey"))
        if isinstance(one, Mapping) and id_of(one.get("owner", owner)) == owner
    ]
    found += [
        (id_of(one.get("id")), "multikey", text_of(one.get("publicKeyMultibase")))
        for one in many(held.get("assertionMethod"))
        if isinstance(one, Mapping) and id_of(one.get("controller", owner)) == owner
    ]
    return [one for one in found if one[0] and one[2]]


def page_of(value: Any) -> str:
    """The address of the page people read, among what `url` may hold."""
    links = many(value)
    pages = [
        one
        for one in links
        if not isinstance(one, Mapping) or one.get("mediaType", "text/html") == "text/html"
    ]
    return id_of([one.get("href") if isinstance(one, Mapping) else one for one in pages or links])


def note(held: Mapping[str, Any]) -> NoteSaid:
    """Something said.

    Raises:
        Malformed: of a kind that says nothing, or it lacks id or author.
    """
    kind = type_of(held)
    if kind not in SAID:
        raise Malformed("It is nothing that was said.")
    tags = [one for one in many(held.get("tag")) if isinstance(one, Mapping)]
    name = one_line(text_of(held.get("name")), 300)
    language, html = _content(held)
    return NoteSaid(
        id=_required(held, "id"),
        author=_required(held, "attributedTo"),
        text=markup.to_text(html),
        type=kind,
        summary=one_line(markup.to_text(text_of(held.get("summary"))[:5_000]), 500),
        name=name,
        sensitive=held.get("sensitive") is True,
        published=when(held.get("published")),
        updated=when(held.get("updated")),
        in_reply_to=id_of(held.get("inReplyTo")),
        to=ids_of(held.get("to")),
        cc=ids_of(held.get("cc")),
        mentions=[id_of(one.get("href")) for one in tags if type_of(one) == "Mention"],
        hashtags=[
            one_line(text_of(one.get("name")), 100).lstrip("#")
            for one in tags
            if type_of(one) == "Hashtag"
        ],
        attachments=_attachments(held),
        language=language,
        url=page_of(held.get("url")),
        poll=_poll(held) if kind == "Question" else None,
        starts_at=when(held.get("startTime")),
        ends_at=when(held.get("endTime")),
        place=_place(held.get("location")),
    )


def _content(held: Mapping[str, Any]) -> tuple[str, str]:
    """Language and HTML: of a language map, the one that is the content, else the first."""
    said = text_of(held.get("content"))
    by_language = held.get("contentMap")
    if isinstance(by_language, Mapping):
        texts = {
            str(name)[:2].lower(): value
            for name, value in by_language.items()
            if isinstance(value, str) and str(name)[:2].isalpha()
        }
        same = [name for name, value in texts.items() if value == said]
        if chosen := (same or list(texts))[:1]:
            return chosen[0], said or texts[chosen[0]]
    return "", said


def _attachments(held: Mapping[str, Any]) -> list[Attached]:
    found = []
    for one in [*many(held.get("attachment")), *many(held.get("image"))]:
        if not isinstance(one, Mapping):
            continue
        link = next((two for two in many(one.get("url")) if isinstance(two, Mapping)), one)
        url = id_of(one.get("url")) or id_of(link.get("href"))
        kind = text_of(one.get("mediaType")) or text_of(link.get("mediaType"))
        if url:
            alt = one.get("name") or one.get("summary")
            found.append(Attached(url, one_line(kind, 100), one_line(text_of(alt), 1_500)))
    return found[:MOST_FILES]


def _poll(held: Mapping[str, Any]) -> Poll:
    several = "anyOf" in held
    options = []
    for one in many(held.get("anyOf" if several else "oneOf")):
        if isinstance(one, Mapping):
            replies = one.get("replies")
            count = replies.get("totalItems") if isinstance(replies, Mapping) else 0
            votes = count if isinstance(count, int) and 0 <= count < 2**31 else 0
            options.append((one_line(text_of(one.get("name")), 300), votes))
    return Poll(options, several, when(held.get("endTime")), bool(held.get("closed")))


def _place(value: Any) -> str:
    first = next(iter(many(value)), None)
    if isinstance(first, Mapping):
        return one_line(text_of(first.get("name")), 200)
    return ""


def members(held: Mapping[str, Any]) -> tuple[list[str], str]:
    """Addresses on a collection (page), and the address of the next page ("" at the end)."""
    page = held.get("first") if isinstance(held.get("first"), Mapping) else held
    assert isinstance(page, Mapping)
    items: Sequence[Any] = many(page.get("orderedItems")) or many(page.get("items"))
    following = id_of(page.get("next")) or ("" if page is not held else id_of(held.get("first")))
    return [one for one in map(id_of, items) if one], following
