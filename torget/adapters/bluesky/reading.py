"""Asking for what is new: notifications, direct messages, and whether posts we hold were changed or deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils import timezone

from torget.adapters.bluesky import parsing
from torget.adapters.bluesky.xrpc import call, chat_service, did
from torget.channels.base import json_item
from torget.channels.contract import AccountAccess, Kept, Polled, RawItem, SendError
from torget.protocols import atproto, clocks, jsonvalues

PAGE = 100  # most notifications in one answer (lexicon app.bsky.notification.listNotifications)
MOST_PAGES = 10
BATCH = 25  # most posts or profiles in one question (lexicons getPosts, getProfiles)
OVERLAP = timedelta(
    minutes=2
)  # the AppView does not index in strict order; what comes twice is stored once
FIRST = timedelta(days=1)  # what is older when the account is connected is not fetched
CHAT_AGAIN = timedelta(hours=1)
MOST_LOGS = 5


def poll(account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
    """One round: what is new, and now and then what became of what we hold.

    The cursor holds `seen` (newest notification), `page` and `top` while there are more, `chat` (place in the log),
    `chat_off` (no messages until then).

    Raises:
        SendError: the network cannot be asked; direct messages that may not be read are left out instead.
    """
    now = timezone.now()
    moved = dict(cursor)
    items = list(_notifications(account, moved, now))
    items += _chat(account, moved, now)
    return Polled(items, moved, more=bool(moved.get("page")))


def _moment(text: Any, otherwise: datetime) -> datetime:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else otherwise


# Notifications ---------------------------------------------------------------------------------


def _notifications(
    account: AccountAccess, moved: dict[str, Any], now: datetime
) -> Iterator[RawItem]:
    """From newest to oldest there, until what we have seen; given on from oldest to newest."""
    since = _moment(moved.get("seen"), now - FIRST + OVERLAP) - OVERLAP
    page, top = str(moved.get("page") or ""), str(moved.get("top") or "")
    found: list[dict[str, Any]] = []
    for _turn in range(MOST_PAGES):
        query: dict[str, int | str | list[str]] = {
            "limit": PAGE,
            "reasons": sorted(parsing.SPEAKING),
        }
        query |= {"cursor": page} if page else {}
        held = call(account, "GET", "app.bsky.notification.listNotifications", query=query)
        told = [dict(one) for one in jsonvalues.tables(held.get("notifications"))]
        news = [one for one in told if _indexed(one) >= since]
        top = max([top, *(_indexed(one).isoformat() for one in news)])
        found += news
        page = str(held.get("cursor") or "") if told and len(news) == len(told) else ""
        if not page:
            break
    moved["page"] = page
    moved["top"] = top if page else ""
    if not page:
        moved["seen"] = max(top, str(moved.get("seen") or ""), (now - FIRST).isoformat())
    found.sort(key=_indexed)
    yield from _with_views(account, found)


def _indexed(told: Mapping[str, Any]) -> datetime:
    # Unreadable: taken for new, so that nothing is lost.
    return clocks.when(told.get("indexedAt")) or datetime.now(UTC)


def _with_views(account: AccountAccess, found: Sequence[dict[str, Any]]) -> Iterator[RawItem]:
    """Posts with pictures are shown by the AppView with addresses to fetch them from."""
    shown = [str(one.get("uri")) for one in found if _record(one).get("embed")]
    views = {str(post.get("uri")): post for post in posts(account, shown)}
    for one in found:
        held: dict[str, Any] = {"what": "notification", "notification": one}
        if view := views.get(str(one.get("uri"))):
            held["post"] = {"embed": view.get("embed")}
        yield json_item(held, f"{one.get('uri')}@{one.get('cid')}")


def _record(told: Mapping[str, Any]) -> Mapping[str, Any]:
    record = told.get("record")
    return record if isinstance(record, dict) else {}


def posts(account: AccountAccess, uris: Sequence[str]) -> list[dict[str, Any]]:
    """Posts as the AppView shows them; those that are gone are left out.

    Raises:
        SendError: it cannot be asked.
    """
    found: list[dict[str, Any]] = []
    for some in in_pieces(uris, BATCH):
        held = call(account, "GET", "app.bsky.feed.getPosts", query={"uris": some})
        found += [dict(one) for one in jsonvalues.tables(held.get("posts"))]
    return found


# Were they changed or deleted? -----------------------------------------------------------------


def reread(rows: Sequence[Kept], account: AccountAccess) -> list[RawItem]:
    """Look again at posts we hold: notifications do not tell of deletions.

    Raises:
        SendError: the network cannot be asked.
    """
    now = timezone.now().isoformat()
    held = [row for row in rows if row.external_id.startswith("at://")]
    there = {
        str(post.get("uri")): post for post in posts(account, [row.external_id for row in held])
    }
    items = []
    for row in held:
        uri, post = row.external_id, there.get(row.external_id)
        if post is None:
            if is_gone(account, uri):
                gone = {"what": "gone", "uri": uri, "author": row.author, "seen_at": now}
                items.append(json_item(gone, f"gone:{uri}"))
        elif not parsing.says_the_same(_record(post), row.body):
            edit = {"what": "edit", "post": post, "seen_at": now}
            items.append(json_item(edit, f"edit:{uri}@{post.get('cid')}"))
    return items


def is_gone(account: AccountAccess, uri: str) -> bool:
    """Whether the record itself is gone. A post is also hidden when its author blocks us or closes the account.

    Raises:
        SendError: it cannot be told now.
    """
    try:
        return record(account, uri) is None
    except SendError as fault:
        if fault.permanent or fault.account:
            return False
        raise


def record(account: AccountAccess, uri: str) -> dict[str, Any] | None:
    """A record with its `cid` and `value`; None when it certainly is not there.

    Raises:
        SendError: it cannot be asked.
    """
    at = atproto.at_uri(uri)
    if at is None:
        raise SendError("Not the address of a record.", permanent=True)
    query = {"repo": at.repo, "collection": at.collection, "rkey": at.rkey}
    try:
        return call(account, "GET", "com.atproto.repo.getRecord", query=query)
    except SendError as fault:
        if fault.code == "RecordNotFound":
            return None
        raise


# Direct messages -------------------------------------------------------------------------------


def _chat(account: AccountAccess, moved: dict[str, Any], now: datetime) -> list[RawItem]:
    if now < _moment(moved.get("chat_off"), now):
        return []
    try:
        messages = _logged(account, moved) if moved.get("chat") else _unread(account, moved)
        profiles = _profiles(account, messages)
    except SendError as fault:
        if fault.limited:
            raise
        # An app password without that right, or a server without the service: the rest is read all the same.
        if fault.permanent or fault.account:
            moved["chat_off"] = (now + CHAT_AGAIN).isoformat()
        return []
    own = did(account)
    items = []
    for convo, message in messages:
        sender = str(message["sender"].get("did"))
        told = {"what": "chat", "convo": convo, "own": own, "message": message}
        told |= {"profile": profiles[sender]} if sender in profiles else {}
        items.append(json_item(told, parsing.chat_id(convo, str(message.get("id")))))
    return items


Spoken = list[tuple[str, dict[str, Any]]]


def chat(account: AccountAccess, name: str, **query: str | int) -> dict[str, Any]:
    """Ask the service for direct messages.

    Raises:
        SendError: it cannot be asked, or the app password may not.
    """
    return call(account, "GET", f"chat.bsky.convo.{name}", query=query, proxy=chat_service(account))


def _messages(convo: Any, held: Any) -> Spoken:
    return [
        (str(convo), one)
        for one in held
        if isinstance(one, dict)
        and one.get("id")
        and isinstance(one.get("sender"), dict)
        and "text" in one
    ]


def _logged(account: AccountAccess, moved: dict[str, Any]) -> Spoken:
    """What happened since our place in the log."""
    found: Spoken = []
    for _turn in range(MOST_LOGS):
        held = chat(account, "getLog", cursor=str(moved["chat"]))
        logs = [dict(one) for one in jsonvalues.tables(held.get("logs"))]
        for log in logs:
            if str(log.get("$type", "")).endswith("#logCreateMessage"):
                found += _messages(log.get("convoId"), [log.get("message")])
        before, moved["chat"] = moved["chat"], str(held.get("cursor") or moved["chat"])
        if not logs or moved["chat"] == before:
            break
    return found


def _unread(account: AccountAccess, moved: dict[str, Any]) -> Spoken:
    """The first time: our place in the log, then what stands unread."""
    place = str(chat(account, "getLog").get("cursor") or "")
    found: Spoken = []
    listed = chat(account, "listConvos", readState="unread", limit=100)
    for convo in jsonvalues.tables(listed.get("convos")):
        unread = min(jsonvalues.whole(convo.get("unreadCount")), 100)
        if unread:
            held = chat(account, "getMessages", convoId=str(convo.get("id")), limit=unread)
            found += reversed(_messages(convo.get("id"), jsonvalues.many(held.get("messages"))))
    moved["chat"] = place
    return found


def _profiles(account: AccountAccess, messages: Spoken) -> dict[str, dict[str, Any]]:
    """Who they are: a message names its sender by DID only."""
    senders = list(dict.fromkeys(str(message["sender"].get("did")) for _convo, message in messages))
    found = {}
    for some in in_pieces(senders, BATCH):
        held = call(account, "GET", "app.bsky.actor.getProfiles", query={"actors": some})
        for one in jsonvalues.tables(held.get("profiles")):
            found[str(one.get("did"))] = {
                name: one.get(name) for name in ("did", "handle", "displayName")
            }
    return found


def in_pieces(held: Sequence[str], size: int) -> Iterator[list[str]]:
    """In pieces of at most that size."""
    for start in range(0, len(held), size):
        yield list(held[start : start + size])
