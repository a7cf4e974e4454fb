"""Plain values → the documents we publish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

STREAMS = "https://www.w3.org/ns/activitystreams"
SECURITY = "https://w3id.org/security/v1"
_SECURITY = "https://w3id.org/security#"
EXTENSIONS = {
    "toot": "http://joinmastodon.org/ns#",
    "schema": "http://schema.org#",
    "sensitive": "as:sensitive",
    "Hashtag": "as:Hashtag",
    "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
    "movedTo": {"@id": "as:movedTo", "@type": "@id"},
    "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
    "discoverable": "toot:discoverable",
    "indexable": "toot:indexable",
    "featured": {"@id": "toot:featured", "@type": "@id"},
    "votersCount": "toot:votersCount",
    "PropertyValue": "schema:PropertyValue",
    "value": "schema:value",
    # As https://w3id.org/security/multikey/v1 defines them: few servers have that at hand, and some ask nobody for it.
    "Multikey": f"{_SECURITY}Multikey",
    "controller": {"@id": f"{_SECURITY}controller", "@type": "@id"},
    "publicKeyMultibase": {
        "@id": f"{_SECURITY}publicKeyMultibase",
        "@type": f"{_SECURITY}multibase",
    },
    "assertionMethod": {
        "@id": f"{_SECURITY}assertionMethod",
        "@type": "@id",
        "@container": "@set",
    },
}
CONTEXT: list[Any] = [STREAMS, SECURITY, EXTENSIONS]
NOTE_CONTEXT: list[Any] = [STREAMS, {name: EXTENSIONS[name] for name in ("toot", "sensitive", "Hashtag", "votersCount")}]  # fmt: skip


def stamp(at: datetime) -> str:
    """A point in time as Activity Streams writes it: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Places:
    """Where an actor's documents and collections are."""

    actor: str
    inbox: str
    shared_inbox: str

    @property
    def followers(self) -> str:
        """Who follows."""
        return f"{self.actor}/followers"


@dataclass(frozen=True, slots=True)
class Link:
    """A line on the actor's profile."""

    name: str
    url: str


def actor(
    places: Places,
    *,
    username: str,
    name: str,
    summary_html: str,
    url: str,
    pem: tuple[str, str],
    multikeys: Sequence[tuple[str, str]],
    links: Sequence[Link] = (),
    icon: tuple[str, str] | None = None,
    image: tuple[str, str] | None = None,
    published: datetime | None = None,
    language: str = "",
) -> dict[str, Any]:
    """An organisation that others can follow. `icon` (avatar) and `image` (header): address and media type."""
    document: dict[str, Any] = {
        "@context": CONTEXT,
        "id": places.actor,
        "type": "Organization",
        "preferredUsername": username,
        "name": name,
        "summary": summary_html,
        "url": url,
        "inbox": places.inbox,
        "outbox": f"{places.actor}/outbox",
        "followers": places.followers,
        "following": f"{places.actor}/following",
        "featured": f"{places.actor}/featured",
        "endpoints": {"sharedInbox": places.shared_inbox},
        "manuallyApprovesFollowers": False,
        "discoverable": True,
        "indexable": True,
        "publicKey": {"id": pem[0], "owner": places.actor, "publicKeyPem": pem[1]},
        "assertionMethod": [
            {
                "id": key_id,
                "type": "Multikey",
                "controller": places.actor,
                "publicKeyMultibase": key,
            }
            for key_id, key in multikeys
        ],
        "attachment": [
            {
                "type": "PropertyValue",
                "name": link.name,
                "value": f'<a href="{link.url}" rel="me nofollow noopener" target="_blank">{link.url}</a>',
            }
            for link in links
        ],
    }
    for place, picture in (("icon", icon), ("image", image)):
        if picture:
            document[place] = {"type": "Image", "url": picture[0], "mediaType": picture[1]}
    if published:
        document["published"] = stamp(published)
    if language:
        document["summaryMap"] = {language: summary_html}
    return document


def mention(href: str, handle: str) -> dict[str, str]:
    """A tag that names somebody."""
    return {"type": "Mention", "href": href, "name": handle}


def hashtag(name: str, href: str) -> dict[str, str]:
    """A tag that names a subject."""
    return {"type": "Hashtag", "name": f"#{name}", "href": href}


def picture(
    url: str, media_type: str, alt: str, size: tuple[int, int] | None = None
) -> dict[str, Any]:
    """A file of a note; `size` is width and height in pixels."""
    kind = media_type.partition("/")[0].capitalize()
    file_type = kind if kind in {"Image", "Video", "Audio"} else "Document"
    shown: dict[str, Any] = {"type": file_type, "mediaType": media_type, "url": url, "name": alt}
    return shown | ({"width": size[0], "height": size[1]} if size else {})


def note(
    uri: str,
    *,
    author: str,
    html: str,
    language: str,
    published: datetime,
    to: Sequence[str],
    cc: Sequence[str],
    url: str = "",
    in_reply_to: str = "",
    tags: Sequence[Mapping[str, str]] = (),
    attachments: Sequence[Mapping[str, Any]] = (),
    warning: str = "",
    updated: datetime | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Something we say. `extra` adds or changes properties (a Question's options, an Event's time)."""
    document: dict[str, Any] = {
        "@context": NOTE_CONTEXT,
        "id": uri,
        "type": "Note",
        "attributedTo": author,
        "content": html,
        "contentMap": {language: html},
        "published": stamp(published),
        "to": list(to),
        "cc": list(cc),
        "sensitive": bool(warning),
        "tag": list(tags),
        "attachment": list(attachments),
    }
    optional = {"url": url, "inReplyTo": in_reply_to, "summary": warning}
    document |= {name: value for name, value in optional.items() if value}
    if updated:
        document["updated"] = stamp(updated)
    return document | dict(extra or {})


def question(
    options: Iterable[tuple[str, int]], *, multiple: bool, ends_at: datetime, voters: int
) -> dict[str, Any]:
    """What makes a note a poll."""
    choices = [
        {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": votes}}
        for name, votes in options
    ]
    return {
        "type": "Question",
        "anyOf" if multiple else "oneOf": choices,
        "endTime": stamp(ends_at),
        "votersCount": voters,
    }


def event(
    name: str, *, starts_at: datetime, ends_at: datetime | None, place: str
) -> dict[str, Any]:
    """What makes a note an event."""
    document: dict[str, Any] = {"type": "Event", "name": name, "startTime": stamp(starts_at)}
    if ends_at:
        document["endTime"] = stamp(ends_at)
    if place:
        document["location"] = {"type": "Place", "name": place}
    return document


def activity(
    kind: str,
    uri: str,
    *,
    actor: str,
    about: Any,
    to: Sequence[str] = (),
    cc: Sequence[str] = (),
    published: datetime | None = None,
) -> dict[str, Any]:
    """We do something. An embedded object lends its @context."""
    document: dict[str, Any] = {"@context": STREAMS, "id": uri, "type": kind, "actor": actor}
    if isinstance(about, Mapping) and "@context" in about:
        document["@context"] = about["@context"]
        about = {name: value for name, value in about.items() if name != "@context"}
    document["object"] = about
    if to:
        document["to"] = list(to)
    if cc:
        document["cc"] = list(cc)
    if published:
        document["published"] = stamp(published)
    return document


def tombstone(uri: str, *, deleted: datetime, former: str = "Note") -> dict[str, Any]:
    """What stands where something was."""
    return {
        "@context": STREAMS,
        "id": uri,
        "type": "Tombstone",
        "formerType": former,
        "deleted": stamp(deleted),
    }


def collection(
    uri: str, total: int, *, first: str = "", items: Sequence[Any] = ()
) -> dict[str, Any]:
    """A whole collection: with its items, or with where its first page is."""
    document: dict[str, Any] = {
        "@context": STREAMS,
        "id": uri,
        "type": "OrderedCollection",
        "totalItems": total,
    }
    return document | ({"first": first} if first else {"orderedItems": list(items)})


def counted(uri: str, counts: Mapping[str, int]) -> dict[str, Any]:
    """What a note says of its replies, likes and shares: whole, for some servers take no address there."""
    return {
        name: {
            "id": f"{uri}/{name}",
            "type": "OrderedCollection",
            "totalItems": counts.get(name, 0),
            "first": f"{uri}/{name}?page=1",
        }
        for name in ("replies", "likes", "shares")
    }


def page(
    uri: str, part_of: str, total: int, items: Sequence[Any], *, following: str = ""
) -> dict[str, Any]:
    """One page of a collection."""
    document: dict[str, Any] = {
        "@context": NOTE_CONTEXT,
        "id": uri,
        "type": "OrderedCollectionPage",
        "partOf": part_of,
        "totalItems": total,
        "orderedItems": list(items),
    }
    return document | ({"next": following} if following else {})
