"""Asking for comments within the day's quota: the less there is left, the longer between."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from torget.adapters.youtube import api
from torget.adapters.youtube.api import API
from torget.channels.base import asked_since, json_item
from torget.channels.contract import AccountAccess, AccountSnapshot, Polled, RawItem
from torget.protocols import clocks, jsonvalues

SECONDS = 60.0
OVERLAP_SECONDS = 3600.0
FIRST_SECONDS = 7 * 24 * 3600.0
SHARE = 0.5  # of the quota; the rest is for answers, at 50 units each
STATUSES = ("published", "heldForReview")
MOST_THREADS = 300
PLACE = "youtube/v3"
PLAIN = {"part": "snippet", "textFormat": "plainText", "maxResults": "100"}
THREADS = {**PLAIN, "part": "snippet,replies", "order": "time"}


def poll(account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
    """New and changed comments on the channel, and those that wait for us.

    Raises:
        SendError: as `Api.call`.
    """
    now = time.time()
    if now < float(cursor.get("next_at", 0)):
        return Polled(cursor=cursor)
    units, replies = 0, dict(cursor.get("replies", {}))
    after = asked_since(cursor, now, overlap=OVERLAP_SECONDS, first=FIRST_SECONDS)
    items = []
    for status in STATUSES:
        query = {**THREADS, "allThreadsRelatedToChannelId": channel(account)}
        query["moderationStatus"] = status
        reply = API.call(account, "GET", f"{PLACE}/commentThreads", query)
        units += 1
        for thread in reply.rows("items"):
            units += _more(account, thread, replies)
            items += [
                _item(comment, status)
                for comment in _comments(thread)
                if _changed_at(comment) >= after and not is_own(comment, account)
            ]
    kept = dict(list(replies.items())[-MOST_THREADS:])
    return Polled(items, {"asked_at": now, "replies": kept, **budget(cursor, units, now, account)})


def channel(account: AccountSnapshot) -> str:
    """The channel's id as YouTube writes it: an account's address is kept in small letters."""
    return str(account.settings.get("channel") or account.address)


def budget(
    cursor: Mapping[str, Any], units: int, now: float, account: AccountAccess
) -> dict[str, Any]:
    """What is used today, and when we may ask next so that it lasts until the day is over."""
    day = api.day_of(now)
    used = units + (int(cursor.get("units", 0)) if cursor.get("day") == day else 0)
    most = float(account.settings.get("quota") or api.QUOTA) * SHARE
    rounds = max(1.0, (most - used) / max(1, units))
    wait = max(SECONDS, api.until_midnight(now) / rounds)
    return {"day": day, "units": used, "next_at": now + wait}


def _more(account: AccountAccess, thread: dict[str, Any], known: dict[str, int]) -> int:
    """A thread shows five replies at most: the others are asked for when there are new ones. Units used."""
    name = str(thread.get("id", ""))
    total = jsonvalues.whole(jsonvalues.within(thread, "snippet", "totalReplyCount"))
    shown = jsonvalues.many(jsonvalues.within(thread, "replies", "comments"))
    if total <= len(shown) or known.get(name) == total:
        return 0
    reply = API.call(account, "GET", f"{PLACE}/comments", {**PLAIN, "parentId": name})
    thread["replies"] = {"comments": reply.rows("items")}
    known.pop(name, None)
    known[name] = total
    return 1


def _comments(thread: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The comments of a thread, each with its video."""
    video = jsonvalues.within(thread, "snippet", "videoId") or ""
    replies = jsonvalues.within(thread, "replies", "comments")
    first = jsonvalues.within(thread, "snippet", "topLevelComment")
    for comment in (*jsonvalues.tables(first), *jsonvalues.tables(replies)):
        yield {"videoId": video, **comment}


def _changed_at(comment: Mapping[str, Any]) -> float:
    snippet = jsonvalues.table(comment.get("snippet"))
    at = clocks.when(snippet.get("updatedAt")) or clocks.when(snippet.get("publishedAt"))
    return at.timestamp() if at else time.time()


def is_own(comment: Mapping[str, Any], account: AccountSnapshot) -> bool:
    """Said by the channel itself."""
    author = jsonvalues.within(comment, "snippet", "authorChannelId", "value")
    return bool(author == channel(account))


def _item(comment: Mapping[str, Any], status: str) -> RawItem:
    """A comment as an envelope: a changed one is another."""
    changed = jsonvalues.text(jsonvalues.within(comment, "snippet", "updatedAt"))
    name = f"{comment.get('id')}:{changed}:{status}"
    return json_item({"status": status, "comment": comment}, name)
