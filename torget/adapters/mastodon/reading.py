"""Asking a Mastodon server for what is new, and what became of the posts we hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from torget.adapters.mastodon import parsing, rest
from torget.adapters.mastodon.rest import call
from torget.channels.base import json_item
from torget.channels.contract import AccountAccess, Kept, Polled, RawItem, SendError
from torget.conversations.known import is_known
from torget.protocols import clocks

KINDS = ("mention", "update")
PAGE = 40
BATCH = 20  # GET /api/v1/statuses takes a list since 4.3
FIRST = timedelta(days=1)  # what is older when the account is connected is not fetched
SINGLES = 10


def poll(account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
    """One round. The cursor holds `seen`, the newest notification.

    Raises:
        SendError: the server cannot be asked.
    """
    now = timezone.now()
    moved = dict(cursor)
    rest.limits(account)
    query = [("limit", str(PAGE)), *(("types[]", kind) for kind in KINDS)]
    if moved.get("seen"):
        query.append(("min_id", str(moved["seen"])))
    answer = call(account, "GET", "/api/v1/notifications", query=query)
    notifications = (
        [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []
    )
    notifications.sort(key=lambda row: order_of(row.get("id")))
    if notifications:
        moved["seen"] = str(notifications[-1].get("id"))
    more = len(notifications) == PAGE and "seen" in cursor
    if "seen" not in cursor:
        notifications = [row for row in notifications if _recent(row, now)]
        moved.setdefault("seen", "0")
    items = [json_item(_told(row, account), _name(row)) for row in notifications]
    return Polled(items, moved, more=more)


def _told(notification: dict[str, Any], account: AccountAccess) -> dict[str, Any]:
    """A notification as we store it, with the posts above it when it answers one we do not know.

    The later posts of a thread of ours are such: it is known by its first.
    """
    value = {"what": "notification", "notification": notification}
    status = notification.get("status")
    if not isinstance(status, dict):
        return value
    answers = status.get("in_reply_to_id")
    if not answers or is_known(account.id, f"mastodon:{rest.host(account)}:{answers}"):
        return value
    try:
        context = call(
            account, "GET", f"/api/v1/statuses/{quote(str(status['id']), safe='')}/context"
        )
    except SendError as fault:
        if fault.permanent:  # deleted meanwhile
            return value
        raise
    above = (context.get("ancestors") if isinstance(context, dict) else None) or []
    numbers = [
        str(status_above["id"])
        for status_above in above
        if isinstance(status_above, dict) and status_above.get("id")
    ]
    return value | {"ancestors": numbers[::-1]}


def order_of(value: Any) -> tuple[int, str]:
    """Numbers there are texts, and longer ones are later."""
    return (len(str(value)), str(value))


def _recent(notification: Mapping[str, Any], now: datetime) -> bool:
    at = clocks.when(notification.get("created_at"))
    return at is None or at > now - FIRST


def _name(notification: Mapping[str, Any]) -> str:
    """A mention is told once; of an edit each version is."""
    status = notification.get("status")
    edited = status.get("edited_at") if isinstance(status, dict) else None
    return f"notification:{notification.get('id')}:{edited or ''}"


def reread(rows: Sequence[Kept], account: AccountAccess) -> list[RawItem]:
    """Look again at posts we hold: nobody tells of deletions, and of edits only now and then.

    Raises:
        SendError: the server cannot be asked.
    """
    now, prefix = timezone.now().isoformat(), f"mastodon:{rest.host(account)}:"
    here = [row for row in rows if row.external_id.startswith(prefix)]
    numbers = {parsing.number_of(row.external_id): row for row in here}
    there = statuses(account, list(numbers))
    items, asked = [], 0
    for number, row in numbers.items():
        status = there.get(number)
        if status is None:
            if asked == SINGLES:
                continue
            asked += 1
            status = status_of(account, number)
        if status is None:
            gone = {"what": "gone", "id": number, "author": row.author, "seen_at": now}
            items.append(json_item(gone, f"gone:{number}"))
        elif not parsing.says_the_same(status, row.body):
            name = f"edit:{number}:{status.get('edited_at') or now}"
            items.append(json_item({"what": "edit", "status": status}, name))
    return items


def statuses(account: AccountAccess, numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Posts by number; those that are gone, or that an older server does not give in one answer, are left out.

    Raises:
        SendError: the server cannot be asked.
    """
    by_number: dict[str, dict[str, Any]] = {}
    for start in range(0, len(numbers), BATCH):
        query = [("id[]", number) for number in numbers[start : start + BATCH]]
        try:
            answer = call(account, "GET", "/api/v1/statuses", query=query)
        except SendError as fault:
            if fault.permanent:  # a server before 4.3: they are asked for one by one
                return by_number
            raise
        for row in answer if isinstance(answer, list) else []:
            if isinstance(row, dict) and row.get("id"):
                by_number[str(row["id"])] = row
    return by_number


def status_of(account: AccountAccess, number: str) -> dict[str, Any] | None:
    """One post; None when it is gone, or not for us to see any more.

    Raises:
        SendError: the server cannot be asked.
    """
    try:
        answer = call(account, "GET", f"/api/v1/statuses/{quote(number, safe='')}")
    except SendError as fault:
        if fault.status in {404, 410}:
            return None
        raise
    return answer if isinstance(answer, dict) else None
