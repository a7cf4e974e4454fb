"""Whose turn it is: what changes something waits for it, and nothing overtakes what came before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from torget.channels.contract import SendError
from torget.outbox.models import Delivery
from torget.outbox.trail import move

State = Delivery.State
STILL_UNDER_WAY = timedelta(seconds=30)  # a request without an answer may come so late


@dataclass(frozen=True, slots=True)
class Later:
    """Not its turn yet: what it changes is still on its way."""

    seconds: float = 3.0


def waits_for(payload: dict[str, Any], *, at: datetime) -> Later | SendError | None:
    """Whether a delivery must wait for the one it changes or one it must not overtake, or can never be sent.

    It can never when what it changes did not go out.
    """
    if behind := payload.get("behind"):  # nearly never: even a query that asks for nothing costs
        for earlier in Delivery.objects.filter(pk__in=behind):
            if not set_aside(earlier, at=at):
                return Later()
    if "after" not in payload:
        return None
    state = Delivery.objects.filter(pk=payload["after"]).values_list("state", flat=True).first()
    if state == State.SENT:
        return None
    if state in {State.REFUSED, State.CANCELLED, None}:
        return SendError("What this changes never went out.", permanent=True)
    return Later()


def set_aside(earlier: Delivery, *, at: datetime) -> bool:
    """Let a newer change take the place of an earlier one; False while that may still be under way.

    One whose outcome is unknown may be on the wire for a while. After that it is never sent again: only the newer is.
    """
    tried_at = datetime.fromisoformat(earlier.trail[-1]["at"]) if earlier.trail else None
    if earlier.state == State.UNKNOWN and tried_at and at < tried_at + STILL_UNDER_WAY:
        return False
    if earlier.state in {State.DUE, State.UNKNOWN}:
        return move(
            earlier.pk, [earlier.state], State.CANCELLED, at=at, detail="A newer change came."
        )
    return earlier.state != State.SENDING


def changes_of(delivery: Delivery) -> Iterable[Delivery]:
    """Earlier changes of what a delivery sent or will send."""
    same = Delivery.objects.filter(
        subject_type=delivery.subject_type, subject_id=delivery.subject_id
    )
    return same.filter(payload__after=delivery.pk)
