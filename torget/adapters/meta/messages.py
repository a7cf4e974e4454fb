"""Private messages of a page: the Send API, and finding out what went."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext as _

from torget.adapters.meta import graph
from torget.channels.base import receipt
from torget.channels.contract import AccountAccess, Outgoing, Receipt, SendError

MOST_CHARS = 2000  # …/messenger-platform/reference/send-api: UTF-8 text of a message
COMMENT = re.compile(r"\d+(_\d+)?")
_OUTSIDE_WINDOW = frozenset({2018278, 2534022})


def is_comment(named: str) -> bool:
    """Whether an id is a comment's or a post's: messages have ids of letters and digits."""
    return bool(COMMENT.fullmatch(named))


def recipient(out: Outgoing) -> dict[str, str]:
    """Whom it is for: who wrote to us; or, once and within seven days, who wrote the comment it answers."""
    if is_comment(out.parent):
        return {"comment_id": out.parent}
    return {"id": out.recipient}


def send(account: AccountAccess, sender: str, out: Outgoing, text: str) -> Receipt:
    """Send one message; after the 24 hours as a human agent, where Meta allows the account that.

    Raises:
        SendError: as `graph.call`.
    """
    if len(text) > MOST_CHARS:
        raise SendError(_("Meldingen er for lang for Messenger."), permanent=True)
    message: dict[str, Any] = {
        "recipient": recipient(out),
        "messaging_type": "RESPONSE",
        # It comes back in the echo, and tells which of ours it is.
        "message": {"text": text, "metadata": out.idempotency_key},
    }
    try:
        answer = graph.call(account, "POST", f"{sender}/messages", message, acts=True)
    except SendError as fault:
        allowed = account.settings.get("human_agent") == "yes"
        if graph.numbers(fault.code)[1] not in _OUTSIDE_WINDOW or not allowed:
            raise
        message |= {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        answer = graph.call(account, "POST", f"{sender}/messages", message, acts=True)
    return receipt("Meta", answer.get("message_id"))


def find(
    account: AccountAccess, sender: str, platform: str, out: Outgoing, text: str
) -> Receipt | None:
    """Look for the text among the newest of the talk with the recipient.

    Raises:
        SendError: ambiguous, when the talk cannot be read.
    """
    params = {
        "platform": platform,
        "user_id": out.recipient,
        "fields": "messages.limit(25){id,from,message,created_time}",
    }
    answer = graph.call(account, "GET", f"{sender}/conversations", params)
    for talk in answer.get("data", []):
        for row in (talk.get("messages") or {}).get("data", []):
            if is_own(row, account, sender) and row.get("message") == text:
                return Receipt(str(row["id"]), "Looked up.")
    return None


def is_own(row: dict[str, Any], account: AccountAccess, *more: str) -> bool:
    """Whether something was said by us."""
    said_by = str((row.get("from") or {}).get("id", ""))
    return said_by in {account.address, str(account.settings.get("page_id", "")), *more}
