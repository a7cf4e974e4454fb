"""Asking a Mastodon server for what is new, and what became of the posts we hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.utils import timezone

from torget.adapters.mastodon import parsing, rest
from torget.adapters.mastodon.rest import Fault, call
from torget.channels.contract import AccountAccess, Polled, RawItem
from torget.conversations.models import Conversation, Message
from torget.outbox.models import Delivery
from torget.protocols import clocks

KINDS = ("mention", "update")
PAGE = 40
BATCH = 20  # GET /api/v1/statuses takes a list since 4.3
FIRST = timedelta(days=1)  # what is older when the account is connected is not fetched
REREAD_EVERY = timedelta(seconds=60)
REREAD_FOR = timedelta(days=30)
REREAD_AT_ONCE = 60  # three questions a minute, of the sixty the server allows
SINGLES = 10


def poll(account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
    """One round. The cursor holds `seen` (newest notification), `reread` (when) and `from` (after which message).

    Raises:
        SendError: the server cannot be asked.
    """
    now = timezone.now()
    moved = dict(cursor)
    rest.limits(account)
    query = [("limit", str(PAGE)), *(("types[]", kind) for kind in KINDS)]
    if moved.get("seen"):
        query.append(("min_id", str(moved["seen"])))
    told = call(account, "GET", "/api/v1/notifications", query=query)
    found = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    found.sort(key=lambda one: order_of(one.get("id")))
    if found:
        moved["seen"] = str(found[-1].get("id"))
    more = len(found) == PAGE and "seen" in cursor
    if "seen" not in cursor:
        found = [one for one in found if _recent(one, now)]
        moved.setdefault("seen", "0")
    items = [_item(_name(one), _told(one, account)) for one in found]
    if "reread" not in moved or now >= datetime.fromisoformat(moved["reread"]) + _every(account):
        items += _reread(account, moved, now)
    return Polled(items, moved, more=more)


def _told(notification: dict[str, Any], account: AccountAccess) -> dict[str, Any]:
    """A notification as we store it, with the posts above it when it answers one we do not know.

    The later posts of a thread of ours are such: it is known by its first.
    """
    held = {"what": "notification", "notification": notification}
    status = notification.get("status")
    if not isinstance(status, dict):
        return held
    answers = status.get("in_reply_to_id")
    if not answers or _known(account, f"mastodon:{rest.host(account)}:{answers}"):
        return held
    try:
        told = call(account, "GET", f"/api/v1/statuses/{quote(str(status['id']), safe='')}/context")
    except Fault as fault:
        if fault.permanent:  # deleted meanwhile
            return held
        raise
    above = (told.get("ancestors") if isinstance(told, dict) else None) or []
    numbers = [str(one["id"]) for one in above if isinstance(one, dict) and one.get("id")]
    return held | {"ancestors": numbers[::-1]}


def _known(account: AccountAccess, name: str) -> bool:
    said = Message.objects.filter(account_id=account.id, external_id=name)
    return said.exists() or Delivery.objects.filter(account_id=account.id, receipt=name).exists()


def _every(account: AccountAccess) -> timedelta:
    asked = account.settings.get("reread_seconds")
    return timedelta(seconds=float(asked)) if asked is not None else REREAD_EVERY


def order_of(value: Any) -> tuple[int, str]:
    """Numbers there are texts, and longer ones are later."""
    return (len(str(value)), str(value))


def _recent(told: Mapping[str, Any], now: datetime) -> bool:
    at = clocks.when(told.get("created_at"))
    return at is None or at > now - FIRST


def _name(told: Mapping[str, Any]) -> str:
    """A mention is told once; of an edit each version is."""
    status = told.get("status")
    edited = status.get("edited_at") if isinstance(status, dict) else None
    return f"notification:{told.get('id')}:{edited or ''}"


def _item(external_id: str, held: Mapping[str, Any]) -> RawItem:
    body = json.dumps(held, ensure_ascii=False, separators=(",", ":"))
    return RawItem(external_id, body.encode("utf-8", "replace"), "application/json")


def _reread(account: AccountAccess, moved: dict[str, Any], now: datetime) -> list[RawItem]:
    """Look again at posts we hold of talks that live: nobody tells of deletions, and of edits only now and then."""
    here = rest.host(account)
    held = Message.objects.filter(
        account_id=account.id,
        kind=Message.Kind.INBOUND,
        external_id__startswith=f"mastodon:{here}:",
        removed_at=None,
        conversation__last_message_at__gte=now - REREAD_FOR,
    ).exclude(
        conversation__state=Conversation.State.CLOSED, conversation__closed_at__lt=now - FIRST
    )
    rows = list(
        held.filter(pk__gt=int(moved.get("from") or 0))
        .order_by("pk")
        .values_list("pk", "external_id", "body", "identity__external_id")[:REREAD_AT_ONCE]
    )
    moved["reread"] = now.isoformat()
    moved["from"] = rows[-1][0] if len(rows) == REREAD_AT_ONCE else 0
    numbers = {parsing.number_of(str(row[1])): row for row in rows}
    there = statuses(account, list(numbers))
    items, asked = [], 0
    for number, (_pk, _name, body, author) in numbers.items():
        status = there.get(number)
        if status is None:
            if asked == SINGLES:
                continue
            asked += 1
            status = status_of(account, number)
        if status is None:
            told = {"what": "gone", "id": number, "author": author, "seen_at": now.isoformat()}
            items.append(_item(f"gone:{number}", told))
        elif not parsing.says_the_same(status, body):
            name = f"edit:{number}:{status.get('edited_at') or now.isoformat()}"
            items.append(_item(name, {"what": "edit", "status": status}))
    return items


def statuses(account: AccountAccess, numbers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Posts by number; those that are gone, or that an older server does not give in one answer, are left out.

    Raises:
        SendError: the server cannot be asked.
    """
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(numbers), BATCH):
        query = [("id[]", number) for number in numbers[start : start + BATCH]]
        try:
            told = call(account, "GET", "/api/v1/statuses", query=query)
        except Fault as fault:
            if fault.permanent:  # a server before 4.3: they are asked for one by one
                return found
            raise
        for one in told if isinstance(told, list) else []:
            if isinstance(one, dict) and one.get("id"):
                found[str(one["id"])] = one
    return found


def status_of(account: AccountAccess, number: str) -> dict[str, Any] | None:
    """One post; None when it is gone, or not for us to see any more.

    Raises:
        SendError: the server cannot be asked.
    """
    try:
        told = call(account, "GET", f"/api/v1/statuses/{quote(number, safe='')}")
    except Fault as fault:
        if fault.status in {404, 410}:
            return None
        raise
    return told if isinstance(told, dict) else None
