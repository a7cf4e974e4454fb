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
        document = jsonvalues.load(body)
    except ValueError as fault:
        raise Malformed("Not JSON.") from fault
    if not isinstance(document, dict):
        raise Malformed("Not a JSON object.")
    return document


def many(value: Any) -> list[Any]:
    """One or several, as a list without nulls; also where they stand in a @list or @set (JSON-LD 1.1 §4.3)."""
    if isinstance(value, Mapping) and (listed := value.get("@list", value.get("@set"))) is not None:
        value = listed
    members = value[:MOST_NAMED] if isinstance(value, list) else [value]
    return [member for member in members if member is not None]


def text_of(value: Any) -> str:
    """A text, or nothing. Of several the first; of a value with its language (JSON-LD 1.1 §4.2.4) the value."""
    for member in many(value):
        text = member.get("@value") if isinstance(member, Mapping) else member
        if isinstance(text, str):
            return text
    return ""


def id_of(value: Any) -> str:
    """The address of something given whole or by its address; "" when it has none we would use."""
    for member in many(value):
        entry = member
        if isinstance(member, Mapping):
            entry = next((uri for name in ("id", "@id", "href") if (uri := member.get(name))), "")
        if isinstance(entry, str) and is_uri(entry):
            return entry
    return ""


def ids_of(value: Any) -> list[str]:
    """All addresses, the public one always written the same way."""
    uris = []
    for member in many(value):
        if isinstance(member, str) and member in _PUBLIC_WORDS:
            uris.append(PUBLIC)
        elif uri := id_of(member):
            uris.append(uri)
    return uris


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


def type_of(value: Mapping[str, Any]) -> str:
    """Its type; the first when it says several."""
    return next((kind for kind in many(value.get("type")) if isinstance(kind, str)), "")


def when(value: Any) -> datetime | None:
    """A point in time, aware; None when it cannot be read."""
    return clocks.when(value)


def _required(value: Mapping[str, Any], name: str) -> str:
    uri = id_of(value.get(name))
    if not uri:
        raise Malformed(f"It has no {name} that is an address.")
    return uri


def claim(document: Mapping[str, Any]) -> Claim:
    """What must be known of an activity before its signature is checked: no text in it is looked at.

    Raises:
        Malformed: without a type or an actor.
    """
    kind = type_of(document)
    if not kind:
        raise Malformed("It has no type.")
    return Claim(kind, _required(document, "actor"), id_of(document.get("object")))


def activity(document: Mapping[str, Any]) -> Activity:
    """An activity.

    Raises:
        Malformed: without a type or an actor.
    """
    kind = type_of(document)
    if not kind:
        raise Malformed("It has no type.")
    bodies = [body for body in many(document.get("object")) if isinstance(body, Mapping)]
    whole = bodies[0] if bodies else {}
    return Activity(
        id=id_of(document.get("id")),
        type=kind,
        actor=_required(document, "actor"),
        object_id=id_of(document.get("object")),
        object_type=type_of(whole),
        object=whole,
        to=ids_of(document.get("to")),
        cc=others_of(document),
        target=id_of(document.get("target")),
        content=clean(text_of(document.get("content")), 5_000),
        objects=ids_of(document.get("object")),
        published=when(document.get("published")),
        bodies=bodies,
        whole=document,
        named=[uri for uri in many(document.get("object")) if isinstance(uri, str) and is_uri(uri)],
    )


def others_of(value: Mapping[str, Any]) -> list[str]:
    """Everybody it is for beside those in `to`: copies, blind copies, and the audience (a group's)."""
    return [uri for name in ("cc", "bto", "bcc", "audience") for uri in ids_of(value.get(name))]


def actor(document: Mapping[str, Any]) -> ActorSaid:
    """An actor document.

    Raises:
        Malformed: no actor, or it lacks id or inbox, or they are on different hosts.
    """
    kind = type_of(document)
    if kind not in ACTORS:
        raise Malformed("It is no actor.")
    uri, inbox = _required(document, "id"), _required(document, "inbox")
    endpoints = document.get("endpoints")
    shared = id_of(endpoints.get("sharedInbox")) if isinstance(endpoints, Mapping) else ""
    if host_of(inbox) != host_of(uri) or (shared and host_of(shared) != host_of(uri)):
        raise Malformed("Its inbox is somewhere else.")
    username = one_line(text_of(document.get("preferredUsername")), 120)
    return ActorSaid(
        id=uri,
        type=kind,
        username=username,
        name=one_line(maybe_html(text_of(document.get("name"))[:2_000]), 120) or username,
        inbox=inbox,
        shared_inbox=shared,
        followers=id_of(document.get("followers")),
        url=page_of(document.get("url")),
        moved_to=id_of(document.get("movedTo")),
        keys=keys(document),
    )


def keys(document: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """The keys in an actor document that say they are its own: (id, "pem" or "multikey", key)."""
    owner = id_of(document.get("id"))
    triples = [
        (id_of(row.get("id")), "pem", text_of(row.get("publicKeyPem")))
        for row in many(document.get("publicKey"))
        if isinstance(row, Mapping) and id_of(row.get("owner", owner)) == owner
    ]
    triples += [
        (id_of(row.get("id")), "multikey", text_of(row.get("publicKeyMultibase")))
        for row in many(document.get("assertionMethod"))
        if isinstance(row, Mapping) and id_of(row.get("controller", owner)) == owner
    ]
    return [triple for triple in triples if triple[0] and triple[2]]


def page_of(value: Any) -> str:
    """The address of the page people read, among what `url` may hold."""
    links = many(value)
    pages = [
        link
        for link in links
        if not isinstance(link, Mapping) or link.get("mediaType", "text/html") == "text/html"
    ]
    return id_of(
        [link.get("href") if isinstance(link, Mapping) else link for link in pages or links]
    )


def members(document: Mapping[str, Any]) -> tuple[list[str], str]:
    """Addresses on a collection (page), and the address of the next page ("" at the end)."""
    page = document.get("first") if isinstance(document.get("first"), Mapping) else document
    assert isinstance(page, Mapping)
    items: Sequence[Any] = many(page.get("orderedItems")) or many(page.get("items"))
    following = id_of(page.get("next")) or (
        "" if page is not document else id_of(document.get("first"))
    )
    return [uri for uri in map(id_of, items) if uri], following
