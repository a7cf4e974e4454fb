"""Letters the square writes by itself: receipts, links, transcripts, news to those who follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import models

from torget.channels.contract import Outgoing
from torget.channels.models import Account
from torget.channels.rules import letter_account
from torget.outbox import rules as outbox
from torget.outbox.models import Delivery

MAX_KEY_CHARS = 80


@dataclass(frozen=True, slots=True)
class Letter:
    """What is written, in the language of whoever gets it.

    Attributes:
        key: the same key again is the same letter, which is never sent twice.
        case: the key of a conversation an answer to the letter belongs to.
        case_url: where it is read.
    """

    key: str
    subject: str
    body: str
    language: str = ""
    case: str = ""
    case_url: str = ""


def no_way_out(municipality_id: int) -> bool:
    """Whether the municipality has no account to write letters from."""
    return letter_account(municipality_id) is None


def write(
    letter: Letter,
    address: str,
    *,
    about: models.Model,
    municipality_id: int,
    now: datetime,
    name: str = "",
    priority: int = 3,
    account: Account | None = None,
) -> Delivery | None:
    """Put an automatic letter in the outbox, in the caller's transaction: no machine that answers letters answers it.

    It goes out from the municipality's own account for letters, unless another is given. None when there is none.
    """
    account = account or letter_account(municipality_id)
    if account is None:
        return None
    out = Outgoing(
        idempotency_key=letter.key[:MAX_KEY_CHARS],
        recipient=address,
        recipient_name=name,
        subject=letter.subject,
        body=letter.body,
        case=letter.case,
        case_url=letter.case_url,
        language=letter.language,
        automatic=True,
    )
    return outbox.enqueue(account, out, about=about, at=now, priority=priority)
