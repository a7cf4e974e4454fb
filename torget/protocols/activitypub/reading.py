"""Documents of other servers → plain values. Everything in them may be missing, of another kind, or a trap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from torget.protocols import clocks, jsonvalues
from torget.protocols.activitypub.values import (
    PUBLIC,
    Activity,
    ActorSaid,
    Claim,
    Malformed,
)
from torget.protocols.plaintext import clean, one_line
from torget.protocols.posthtml import maybe_html

ACTORS = frozenset({"Person", "Service", "Application", "Group", "Organization"})
MOST_URI_CHARS = 500  # what an envelope's id may be long
MOST_NAMED = 10_000  # what fits in the largest activity we take
_PUBLIC_WORDS = frozenset({PUBLIC, "as:Public", "Public"})


def load(body: bytes) -> dict[str, Any]:
    """The JSON object of a body.

    Raises:
        Malformed: none.
    """
    try:
        held = jsonvalues.load(body)
    except ValueError as fault:
        raise Malformed("Not JSON.") from fault
    if not isinstance(held, dict):
        raise Malformed("Not a JSON object.")
    return held


def many(value: Any) -> list[Any]:
    """One or several, as a list without nulls; also where they stand in a @list or @set (JSON-LD 1.1 §4.3)."""
    if isinstance(value, Mapping) and (held := value.get("@list", value.get("@set"))) is not None:
        value = held
    members = value[:MOST_NAMED] if isinstance(value, list) else [value]
    return [one for one in members if one is not None]


def text_of(value: Any) -> str:
    """A text, or nothing. Of several the first; of a value with its language (JSON-LD 1.1 §4.2.4) the value."""
    for one in many(value):
        held = one.get("@value") if isinstance(one, Mapping) else one
        if isinstance(held, str):
            return held
    return ""


def id_of(value: Any) -> str:
    """The address of something given whole or by its address; "" when it has none we would use."""
    for one in many(value):
        held = one
        if isinstance(one, Mapping):
            held = next((said for name in ("id", "@id", "href") if (said := one.get(name))), "")
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
    return clocks.when(value)


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
    bodies = [one for one in many(held.get("object")) if isinstance(one, Mapping)]
    whole = bodies[0] if bodies else {}
    return Activity(
        id=id_of(held.get("id")),
        type=kind,
        actor=_required(held, "actor"),
        object_id=id_of(held.get("object")),
        object_type=type_of(whole),
        object=whole,
        to=ids_of(held.get("to")),
        cc=others_of(held),
        target=id_of(held.get("target")),
        content=clean(text_of(held.get("content")), 5_000),
        objects=ids_of(held.get("object")),
        published=when(held.get("published")),
        bodies=bodies,
        whole=held,
        named=[one for one in many(held.get("object")) if isinstance(one, str) and is_uri(one)],
    )


def others_of(held: Mapping[str, Any]) -> list[str]:
    """Everybody it is for beside those in `to`: copies, blind copies, and the audience (a group's)."""
    return [one for name in ("cc", "bto", "bcc", "audience") for one in ids_of(held.get(name))]


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
        name=one_line(maybe_html(text_of(held.get("name"))[:2_000]), 120) or username,
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


def members(held: Mapping[str, Any]) -> tuple[list[str], str]:
    """Addresses on a collection (page), and the address of the next page ("" at the end)."""
    page = held.get("first") if isinstance(held.get("first"), Mapping) else held
    assert isinstance(page, Mapping)
    items: Sequence[Any] = many(page.get("orderedItems")) or many(page.get("items"))
    following = id_of(page.get("next")) or ("" if page is not held else id_of(held.get("first")))
    return [one for one in map(id_of, items) if one], following
