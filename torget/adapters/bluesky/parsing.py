"""What the account's envelopes mean: posts that speak to us, their changes, direct messages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from torget.adapters.bluesky import embeds
from torget.channels import beside
from torget.channels.contract import (
    Author,
    InboundMessage,
    NetworkEvent,
    RawItem,
    Unparseable,
)
from torget.protocols import atproto, clocks, jsonvalues, languages
from torget.protocols.plaintext import clean, one_line

SPEAKING = frozenset({"mention", "reply", "quote"})
WEB = "https://bsky.app/profile/"


def parse(item: RawItem, received_at: datetime) -> list[InboundMessage | NetworkEvent]:
    """The message or event of one envelope.

    Raises:
        Unparseable: it is nothing we store.
    """
    value = jsonvalues.load(item.body)
    match value["what"]:
        case "notification":
            return [_notified(value, received_at)]
        case "edit":
            seen = clocks.when(value["seen_at"]) or received_at
            return [_message(value["post"], received_at, kind="edit", changed_at=seen)]
        case "gone":
            return [_gone(value, received_at)]
        case "chat":
            return [_chat(value, received_at)]
    raise Unparseable("Not a Bluesky event we store.")


def text_of(record: Mapping[str, Any]) -> str:
    """What a post says in words, as we keep it."""
    return clean(atproto.unfolded(_text(record.get("text")), jsonvalues.many(record.get("facets"))))


def body_of(record: Mapping[str, Any]) -> str:
    """What a post says, and under it what else it shows. By the record alone: the same however it reached us."""
    return beside.join(text_of(record), embeds.enclosures(record))


def says_the_same(record: Mapping[str, Any], body: str) -> bool:
    """Whether the words are those we hold."""
    return body == body_of(record) or beside.has_the_words(body, text_of(record))


def _text(value: Any) -> str:
    return jsonvalues.text(value)


def _uri(value: Any) -> str:
    at = atproto.at_uri(_text(value))
    if at is None:
        raise ValueError("not the address of a record")
    return str(at)


def _notified(value: Mapping[str, Any], received_at: datetime) -> InboundMessage | NetworkEvent:
    notification = value["notification"]
    reason = _text(notification["reason"])
    if reason not in SPEAKING:
        return NetworkEvent("network", data={"reason": one_line(reason, 40)})
    view = value.get("post")
    embed = view.get("embed") if isinstance(view, dict) else None
    return _message({**notification, "embed": embed}, received_at)


def _message(
    post: Mapping[str, Any],
    received_at: datetime,
    *,
    kind: Any = "new",
    changed_at: datetime | None = None,
) -> InboundMessage:
    record = jsonvalues.table(post["record"])
    uri = _uri(post["uri"])
    author = author_of(post["author"])
    return InboundMessage(
        external_id=uri,
        author=author,
        body=body_of(record),
        occurred_at=clocks.when(post.get("indexedAt")) or received_at,
        kind=kind,
        visibility="public",
        parents=_parents(record),
        folded=embeds.quoted(post.get("embed")),
        language=languages.code(record.get("langs")),
        url=f"{author.url}/post/{uri.rsplit('/', 1)[1]}",
        changed_at=changed_at,
        attachments=embeds.pictures(post.get("embed")),
    )


def _parents(record: Mapping[str, Any]) -> list[str]:
    """What it answers, nearest first; what it quotes counts as well."""
    reply = record.get("reply")
    uris = [jsonvalues.within(reply, name, "uri") for name in ("parent", "root")]
    uris.append(embeds.quoted_uri(record))
    return list(dict.fromkeys(str(uri) for value in uris if (uri := atproto.at_uri(_text(value)))))


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


def _gone(value: Mapping[str, Any], received_at: datetime) -> InboundMessage:
    at = clocks.when(value["seen_at"]) or received_at
    author = Author(jsonvalues.needed(value["author"], "its author", 320))
    return InboundMessage(
        _uri(value["uri"]), author, "", at, kind="delete", visibility="public", changed_at=at
    )


def _chat(value: Mapping[str, Any], received_at: datetime) -> InboundMessage | NetworkEvent:
    message, convo = value["message"], one_line(_text(value["convo"]), 100)
    receipt = chat_id(convo, jsonvalues.needed(message["id"], "the message", 100))
    if not convo or _text(message["sender"]["did"]) == _text(value["own"]):
        return NetworkEvent("own", of=receipt)
    return InboundMessage(
        external_id=receipt,
        author=author_of(value.get("profile") or message["sender"]),
        body=body_of(message),
        occurred_at=clocks.when(message.get("sentAt")) or received_at,
        visibility="private",
    )


def chat_id(convo: str, message: str) -> str:
    """Our name for a direct message: the network's is unique in its conversation only."""
    return f"chat:{convo}/{message}"
