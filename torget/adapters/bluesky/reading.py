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
    fresh: list[dict[str, Any]] = []
    for _turn in range(MOST_PAGES):
        query: dict[str, int | str | list[str]] = {
            "limit": PAGE,
            "reasons": sorted(parsing.SPEAKING),
        }
        query |= {"cursor": page} if page else {}
        answer = call(account, "GET", "app.bsky.notification.listNotifications", query=query)
        rows = [dict(row) for row in jsonvalues.tables(answer.get("notifications"))]
        news = [row for row in rows if _indexed(row) >= since]
        top = max([top, *(_indexed(row).isoformat() for row in news)])
        fresh += news
        page = str(answer.get("cursor") or "") if rows and len(news) == len(rows) else ""
        if not page:
            break
    moved["page"] = page
    moved["top"] = top if page else ""
    if not page:
        moved["seen"] = max(top, str(moved.get("seen") or ""), (now - FIRST).isoformat())
    fresh.sort(key=_indexed)
    yield from _with_views(account, fresh)


def _indexed(notification: Mapping[str, Any]) -> datetime:
    # Unreadable: taken for new, so that nothing is lost.
    return clocks.when(notification.get("indexedAt")) or datetime.now(UTC)


def _with_views(
    account: AccountAccess, notifications: Sequence[dict[str, Any]]
) -> Iterator[RawItem]:
    """Posts with pictures are shown by the AppView with addresses to fetch them from."""
    shown = [str(row.get("uri")) for row in notifications if _record(row).get("embed")]
    views = {str(post.get("uri")): post for post in posts(account, shown)}
    for notification in notifications:
        value: dict[str, Any] = {"what": "notification", "notification": notification}
        if view := views.get(str(notification.get("uri"))):
            value["post"] = {"embed": view.get("embed")}
        yield json_item(value, f"{notification.get('uri')}@{notification.get('cid')}")


def _record(notification: Mapping[str, Any]) -> Mapping[str, Any]:
    record = notification.get("record")
    return record if isinstance(record, dict) else {}


def posts(account: AccountAccess, uris: Sequence[str]) -> list[dict[str, Any]]:
    """Posts as the AppView shows them; those that are gone are left out.

    Raises:
        SendError: it cannot be asked.
    """
    views: list[dict[str, Any]] = []
    for some in in_pieces(uris, BATCH):
        answer = call(account, "GET", "app.bsky.feed.getPosts", query={"uris": some})
        views += [dict(view) for view in jsonvalues.tables(answer.get("posts"))]
    return views


# Were they changed or deleted? -----------------------------------------------------------------


def reread(rows: Sequence[Kept], account: AccountAccess) -> list[RawItem]:
    """Look again at posts we hold: notifications do not tell of deletions.

    Raises:
        SendError: the network cannot be asked.
    """
    now = timezone.now().isoformat()
    public_rows = [row for row in rows if row.external_id.startswith("at://")]
    there = {
        str(post.get("uri")): post
        for post in posts(account, [row.external_id for row in public_rows])
    }
    items = []
    for row in public_rows:
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
        value = {"what": "chat", "convo": convo, "own": own, "message": message}
        value |= {"profile": profiles[sender]} if sender in profiles else {}
        items.append(json_item(value, parsing.chat_id(convo, str(message.get("id")))))
    return items


Spoken = list[tuple[str, dict[str, Any]]]


def chat(account: AccountAccess, name: str, **query: str | int) -> dict[str, Any]:
    """Ask the service for direct messages.

    Raises:
        SendError: it cannot be asked, or the app password may not.
    """
    return call(account, "GET", f"chat.bsky.convo.{name}", query=query, proxy=chat_service(account))


def _messages(convo: Any, rows: Any) -> Spoken:
    return [
        (str(convo), row)
        for row in rows
        if isinstance(row, dict)
        and row.get("id")
        and isinstance(row.get("sender"), dict)
        and "text" in row
    ]


def _logged(account: AccountAccess, moved: dict[str, Any]) -> Spoken:
    """What happened since our place in the log."""
    messages: Spoken = []
    for _turn in range(MOST_LOGS):
        answer = chat(account, "getLog", cursor=str(moved["chat"]))
        logs = [dict(log) for log in jsonvalues.tables(answer.get("logs"))]
        for log in logs:
            if str(log.get("$type", "")).endswith("#logCreateMessage"):
                messages += _messages(log.get("convoId"), [log.get("message")])
        before, moved["chat"] = moved["chat"], str(answer.get("cursor") or moved["chat"])
        if not logs or moved["chat"] == before:
            break
    return messages


def _unread(account: AccountAccess, moved: dict[str, Any]) -> Spoken:
    """The first time: our place in the log, then what stands unread."""
    place = str(chat(account, "getLog").get("cursor") or "")
    messages: Spoken = []
    listed = chat(account, "listConvos", readState="unread", limit=100)
    for convo in jsonvalues.tables(listed.get("convos")):
        unread = min(jsonvalues.whole(convo.get("unreadCount")), 100)
        if unread:
            answer = chat(account, "getMessages", convoId=str(convo.get("id")), limit=unread)
            messages += reversed(
                _messages(convo.get("id"), jsonvalues.many(answer.get("messages")))
            )
    moved["chat"] = place
    return messages


def _profiles(account: AccountAccess, messages: Spoken) -> dict[str, dict[str, Any]]:
    """Who they are: a message names its sender by DID only."""
    senders = list(dict.fromkeys(str(message["sender"].get("did")) for _convo, message in messages))
    profiles = {}
    for some in in_pieces(senders, BATCH):
        answer = call(account, "GET", "app.bsky.actor.getProfiles", query={"actors": some})
        for profile in jsonvalues.tables(answer.get("profiles")):
            profiles[str(profile.get("did"))] = {
                name: profile.get(name) for name in ("did", "handle", "displayName")
            }
    return profiles


def in_pieces(items: Sequence[str], size: int) -> Iterator[list[str]]:
    """In pieces of at most that size."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
