"""What the account's envelopes mean: posts that speak to us, their changes, direct messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from torget.channels.contract import (
    AccountFacts,
    Author,
    File,
    Item,
    Notice,
    Unparseable,
    Utterance,
)
from torget.protocols import atproto
from torget.protocols.plaintext import clean, one_line

SPEAKING = frozenset({"mention", "reply", "quote"})
WEB = "https://bsky.app/profile/"


def parse(item: Item, account: AccountFacts, received_at: datetime) -> list[Utterance | Notice]:
    """The utterance or notice of one envelope.

    Raises:
        Unparseable: the bytes are not what we stored, or not what the lexicons say.
    """
    try:
        held = json.loads(item.body)
        what = held["what"]
        if what == "notification":
            return [_notified(held, received_at)]
        if what == "edit":
            seen = _time(held["seen_at"], received_at)
            return [_utterance(held["post"], received_at, kind="edit", changed_at=seen)]
        if what == "gone":
            return [_gone(held, received_at)]
        if what == "chat":
            return [_chat(held, received_at)]
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as fault:
        raise Unparseable(f"Not a Bluesky event: {type(fault).__name__}: {fault}") from fault
    raise Unparseable("Not a Bluesky event we store.")


def text_of(record: Mapping[str, Any]) -> str:
    """What a post says, as we keep it."""
    facets = record.get("facets")
    return clean(
        atproto.unfolded(_text(record.get("text")), facets if isinstance(facets, list) else [])
    )


def _text(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise TypeError("a text that is no text")
    return value or ""


def _uri(value: Any) -> str:
    found = atproto.at_uri(_text(value))
    if found is None:
        raise ValueError("not the address of a record")
    return str(found)


def _notified(held: Mapping[str, Any], received_at: datetime) -> Utterance | Notice:
    told = held["notification"]
    reason = _text(told["reason"])
    if reason not in SPEAKING:
        return Notice("network", data={"reason": one_line(reason, 40)})
    view = held.get("post")
    embed = view.get("embed") if isinstance(view, dict) else None
    return _utterance({**told, "embed": embed}, received_at)


def _utterance(
    post: Mapping[str, Any],
    received_at: datetime,
    *,
    kind: Any = "new",
    changed_at: datetime | None = None,
) -> Utterance:
    record = post["record"]
    uri = _uri(post["uri"])
    author = author_of(post["author"])
    languages = record.get("langs")
    language = _text(languages[0]) if isinstance(languages, list) and languages else ""
    return Utterance(
        external_id=uri,
        author=author,
        body=text_of(record),
        occurred_at=_time(post.get("indexedAt"), received_at),
        kind=kind,
        visibility="public",
        parents=_parents(record),
        language=one_line(language.split("-")[0], 2) if language.isascii() else "",
        url=f"{author.url}/post/{uri.rsplit('/', 1)[1]}",
        changed_at=changed_at,
        attachments=_pictures(post.get("embed")),
    )


def _parents(record: Mapping[str, Any]) -> list[str]:
    """What it answers, nearest first; what it quotes counts as well."""
    found = []
    reply = record.get("reply")
    if isinstance(reply, dict):
        found += [_uri(reply["parent"]["uri"]), _uri(reply["root"]["uri"])]
    embed = record.get("embed")
    if isinstance(embed, dict):
        quoted = embed.get("record")
        # A quote with pictures holds the reference one level deeper.
        while isinstance(quoted, dict) and isinstance(quoted.get("record"), dict):
            quoted = quoted["record"]
        if isinstance(quoted, dict) and atproto.at_uri(str(quoted.get("uri"))):
            found.append(str(quoted["uri"]))
    return list(dict.fromkeys(found))


def author_of(profile: Mapping[str, Any]) -> Author:
    """Who it is: the DID never changes; the handle may, and is "handle.invalid" when it does not prove itself."""
    did = _text(profile["did"])
    if not did.startswith("did:"):
        raise ValueError("not a DID")
    handle = one_line(_text(profile.get("handle")), 253)
    known = bool(handle) and handle != "handle.invalid"
    return Author(
        external_id=one_line(did, 320),
        name=one_line(_text(profile.get("displayName")), 120) or (handle if known else ""),
        handle=f"@{handle}" if known else "",
        url=WEB + (handle if known else one_line(did, 320)),
    )


def _pictures(embed: Any) -> Sequence[File]:
    """Pictures of a post as the AppView shows it; they are fetched from its address."""
    if not isinstance(embed, dict):
        return ()
    if isinstance(embed.get("media"), dict):  # a quote with pictures
        embed = embed["media"]
    images = embed.get("images")
    found = []
    for image in images if isinstance(images, list) else []:
        url = image.get("fullsize") if isinstance(image, dict) else None
        if isinstance(url, str) and url.startswith(("https://", "http://")):
            alt = one_line(_text(image.get("alt")), 2000)
            found.append(File("bilde.jpg", "image/jpeg", b"", alt, url[:2000]))
    return found[:10]


def _gone(held: Mapping[str, Any], received_at: datetime) -> Utterance:
    at = _time(held["seen_at"], received_at)
    author = Author(one_line(_text(held["author"]), 320))
    return Utterance(
        _uri(held["uri"]), author, "", at, kind="delete", visibility="public", changed_at=at
    )


def _chat(held: Mapping[str, Any], received_at: datetime) -> Utterance | Notice:
    message, convo = held["message"], one_line(_text(held["convo"]), 100)
    receipt = chat_id(convo, one_line(_text(message["id"]), 100))
    if not convo or _text(message["sender"]["did"]) == _text(held["own"]):
        return Notice("own", of=receipt)
    return Utterance(
        external_id=receipt,
        author=author_of(held.get("profile") or message["sender"]),
        body=text_of(message),
        occurred_at=_time(message.get("sentAt"), received_at),
        visibility="private",
    )


def chat_id(convo: str, message: str) -> str:
    """Our name for a direct message: the network's is unique in its conversation only."""
    return f"chat:{convo}/{message}"


def _time(value: Any, otherwise: datetime) -> datetime:
    """A moment with its zone; strangers' clocks may be missing or wild."""
    if not isinstance(value, str):
        return otherwise
    try:
        at = datetime.fromisoformat(value.replace("Z", "+00:00"))
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return otherwise
