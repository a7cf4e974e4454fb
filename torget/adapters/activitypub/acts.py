"""Doing something in public: an activity stored once, with a delivery for every inbox it goes to."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from torget.adapters.activitypub import blocks, inbox_deliveries
from torget.adapters.activitypub.models import Act, APObject
from torget.adapters.activitypub.ours import Ours


def mark_of(uri: str) -> str:
    """A short name for an address, for keys that hold one."""
    return hashlib.sha256(uri.encode()).hexdigest()[:40]


def bytes_of(document: Mapping[str, Any]) -> bytes:
    """A document as it is sent."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def do(
    key: str,
    mine: Ours,
    activity: Mapping[str, Any],
    inboxes: Iterable[str],
    *,
    receipt: str,
    at: datetime,
    ap_object: APObject | None = None,
    follows_up: bool = False,
    though_shut_out: bool = False,
    due_at: datetime | None = None,
) -> Act:
    """Store an act and its deliveries, in the caller's transaction. The same key again changes nothing.

    Nothing goes to servers that are shut out, unless it tells them just that (`though_shut_out`). `due_at`: not before.
    """
    body = bytes_of(activity) if activity else b""
    whom = list(dict.fromkeys(inboxes))
    whom = whom if though_shut_out else blocks.allowed(mine.account_id, whom)
    act, new = Act.objects.get_or_create(
        key=key,
        defaults={
            "account_id": mine.account_id,
            "ap_object": ap_object,
            "receipt": receipt,
            "body": body,
            "digest": base64.b64encode(hashlib.sha256(body).digest()).decode(),
            "done_at": at,
            "follows_up": follows_up,
            "inboxes": whom,
        },
    )
    if new:
        inbox_deliveries.put(act, whom, at=due_at or at)
    return act
