"""Putting things in the outbox, claiming them, and settling how it went."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from torget.channels import files
from torget.channels.contract import File, Outgoing, Receipt, SendError
from torget.channels.models import Account
from torget.errors import Stale
from torget.history.rules import record
from torget.outbox.models import Delivery
from torget.outbox.ordering import Later, set_aside
from torget.outbox.trail import move
from torget.people.actor import Actor, check
from torget.transitions import transition_rows

State = Delivery.State
LEASE_SECONDS = settings.LEASE_SECONDS
# Sending begins in the first half of the lease or not at all, and no send lasts longer than the other half: so when
# a lease is over, whoever held it is certainly not sending any more, and a look-up tells the truth.
BEGIN_WITHIN = timedelta(seconds=LEASE_SECONDS / 2)
FIRST_LOOK_AFTER = timedelta(seconds=5)
BACKOFF_SECONDS = (10, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery this worker holds the lease of."""

    id: int
    account_id: int
    attempts: int
    payload: dict[str, Any]
    begin_before: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to send along, already kept by its hash."""

    sha256: str
    name: str
    media_type: str
    alt: str = ""


def enqueue(
    account: Account,
    out: Outgoing,
    *,
    about: models.Model,
    at: datetime,
    attachments: Sequence[Attachment] = (),
    priority: int = 5,
    after: Delivery | None = None,
    instead_of: Iterable[Delivery] = (),
) -> Delivery:
    """Put one thing in the outbox, in the caller's transaction. The same idempotency key again returns the first row.

    With `after` it acts on what that delivery sends: it waits until that has gone out, and its `target` is the receipt.
    `instead_of` are earlier changes of the same thing: those not begun are taken back, and it never overtakes one that is.
    """
    earlier = [
        delivery for delivery in instead_of if delivery.idempotency_key != out.idempotency_key
    ]
    behind = [delivery.pk for delivery in earlier if not set_aside(delivery, at=at)]
    payload = {
        name: getattr(out, name)
        for name in Outgoing.__dataclass_fields__
        if name != "attachments" and getattr(out, name) not in ("", (), False, {})
    }
    payload["references"] = list(out.references)
    payload["files"] = [[file.sha256, file.name, file.media_type, file.alt] for file in attachments]
    if after is not None:
        payload["after"] = after.pk
    if behind:
        payload["behind"] = behind
    delivery, new = Delivery.objects.get_or_create(
        idempotency_key=out.idempotency_key,
        defaults={
            "account": account,
            "recipient": out.recipient,
            "subject_type": about._meta.label_lower,
            "subject_id": about.pk,
            "payload": payload,
            "priority": priority,
            "created_at": at,
            "next_attempt_at": at,
        },
    )
    if new:
        with connection.cursor() as cursor:
            cursor.execute("NOTIFY torget_outbox")
    return delivery


def outgoing(payload: dict[str, Any]) -> Outgoing:
    """The value an adapter sends, from a delivery's payload.

    Raises:
        Refused: a file of it is gone.
    """
    fields = {"recipient": "", "body": "", **payload}  # what is empty is not written down
    after = fields.pop("after", None)
    fields.pop("behind", None)
    fields |= fields.pop("extra", {})  # as it was written down before each had a field
    loaded = [
        File(name, media_type, files.get(sha256), *alt)
        for sha256, name, media_type, *alt in fields.pop("files", [])
    ]
    out = replace(Outgoing(**fields), attachments=loaded)
    if after is not None and not out.target:
        receipts = Delivery.objects.filter(pk=after).values_list("receipt", flat=True)
        out = replace(out, target=receipts.first() or "")
    return out


def cancel_unsent(delivery: Delivery, *, at: datetime) -> bool:
    """Take back what has not begun to go out; False: it has."""
    return move(delivery.pk, ["due"], State.CANCELLED, at=at, detail="Withdrawn before it went.")


def reword_unsent(delivery: Delivery, body: str) -> bool:
    """Let what has not begun to go out say something else; False: it has."""
    waiting = Delivery.objects.filter(pk=delivery.pk, state=State.DUE, attempts=0)
    return bool(waiting.update(payload={**delivery.payload, "body": body}))


def put_off(claimed: Claimed, later: Later, *, at: datetime) -> None:
    """Certainly not begun: due again in a while, and not counted as an attempt."""
    transition_rows(
        Delivery.objects.filter(pk=claimed.id, state=State.SENDING, attempts=claimed.attempts),
        State.DUE,
        lease_until=None,
        attempts=claimed.attempts - 1,
        next_attempt_at=at + timedelta(seconds=later.seconds),
    )


# Materialized, for in a plain `WHERE id IN (SELECT ... LIMIT n)` the planner may ask the inner question
# again for every row, and then one worker takes all there is instead of n.
_CLAIM = """
WITH next AS MATERIALIZED (
  SELECT id FROM outbox_delivery
  WHERE state = 'due' AND next_attempt_at <= %(at)s AND account_id = ANY(%(accounts)s)
  ORDER BY priority, next_attempt_at, id FOR UPDATE SKIP LOCKED LIMIT %(limit)s)
UPDATE outbox_delivery d SET state = 'sending', attempts = d.attempts + 1, lease_until = %(lease)s
FROM next WHERE d.id = next.id
RETURNING d.id, d.account_id, d.attempts, d.payload
"""


def claim(account_ids: Sequence[int], *, at: datetime, limit: int = 100) -> list[Claimed]:
    """Take what is due from these accounts, leased. When this returns the intent to send is committed."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "lease": at + timedelta(seconds=LEASE_SECONDS),
                "at": at,
                "accounts": list(account_ids),
                "limit": limit,
            },
        )
        rows = cursor.fetchall()
    before = at + BEGIN_WITHIN
    return [
        Claimed(pk, account, attempts, _loaded(payload), before)
        for pk, account, attempts, payload in rows
    ]


def _loaded(payload: Any) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(payload) if isinstance(payload, str) else payload
    return loaded


def give_back(claimed: Sequence[Claimed]) -> None:
    """Certainly not begun: due as before, and not counted as an attempt."""
    for taken in claimed:
        rows = Delivery.objects.filter(pk=taken.id, state=State.SENDING, attempts=taken.attempts)
        transition_rows(rows, State.DUE, lease_until=None, attempts=taken.attempts - 1)


_SENT = """
UPDATE outbox_delivery d SET state = 'sent', sent_at = %(at)s, lease_until = NULL, error = '', receipt = s.receipt, url = s.url,
  trail = trail || jsonb_build_array(jsonb_build_object('at', %(at)s::timestamptz, 'outcome', 'sent', 'detail', s.detail,
    'remark', s.remark))
FROM jsonb_to_recordset(%(sent)s::jsonb) AS s(id bigint, receipt text, detail text, url text, remark text)
WHERE d.id = s.id AND d.state IN ('sending', 'unknown', 'due')
"""


def settle_sent(done: Sequence[tuple[int, Receipt]], *, at: datetime) -> None:
    """The network took these. One statement for the whole batch; settled ones are left as they are.

    One that is due again is settled too: its sender was slow, was given up, and comes after all with good news.
    """
    if not done:
        return
    sent = [
        {
            "id": pk,
            "receipt": receipt.external_id[:500],
            "detail": receipt.detail[:500],
            "url": _page(receipt.url),
            "remark": receipt.remark[:500],
        }
        for pk, receipt in done
    ]
    with connection.cursor() as cursor:
        # As JSON: a list of texts is written an element at a time by the driver, and was a fifth of the time.
        cursor.execute(_SENT, {"at": at, "sent": json.dumps(sent)})


def _page(url: str) -> str:
    """An address colleagues may follow; another server's own words may be anything ("javascript:")."""
    return url if url.startswith(("https://", "http://")) and len(url) <= 500 else ""


def settle_failed(claimed: Claimed, fault: SendError, *, at: datetime) -> Delivery.State:
    """A send did not succeed: refused for good, due again later, or unknown. Returns which.

    Of an attempt that was given up meanwhile nothing is written: somebody else has the delivery now.
    """
    state, due_at = State.DUE, at
    if fault.ambiguous:
        # The other side may still be writing it down: asked too soon it would say no, and we would send again.
        state, due_at = State.UNKNOWN, at + FIRST_LOOK_AFTER
    elif fault.permanent or claimed.attempts > len(BACKOFF_SECONDS):
        state = State.REFUSED
    else:
        wait = fault.retry_after_seconds or BACKOFF_SECONDS[claimed.attempts - 1]
        due_at = at + timedelta(seconds=wait)
    moved = move(
        claimed.id,
        ["sending"],
        state,
        at=at,
        detail=str(fault),
        attempts=claimed.attempts,
        next_attempt_at=due_at,
    )
    if moved and state == State.REFUSED:
        tell(claimed.id, "delivery.refused", at=at)
    return state


def tell(pk: int, verb: str, *, at: datetime) -> None:
    """History of an outcome a person must see: open screens hear of it."""
    with transaction.atomic():
        delivery = Delivery.objects.select_related("account").get(pk=pk)
        record(
            verb,
            delivery,
            by=Actor.system(delivery.account.municipality_id),
            at=at,
            about=[delivery.subject_type, delivery.subject_id],
        )


def lose_expired(*, at: datetime) -> int:
    """Whoever held these died while sending: whether they went out is unknown. How many there were."""
    expired = Delivery.objects.filter(state=State.SENDING, lease_until__lt=at)
    return transition_rows(
        expired,
        State.UNKNOWN,
        lease_until=None,
        next_attempt_at=at,
        error="The sender stopped before the answer came.",
    )


def unsettled(*, at: datetime, limit: int = 50) -> list[Delivery]:
    """Unknown deliveries whose next look-up is due; each is put off so that two workers do not look at once."""
    with transaction.atomic():
        rows = list(
            Delivery.objects.select_for_update(skip_locked=True)
            .filter(state=State.UNKNOWN, next_attempt_at__lte=at)
            .order_by("next_attempt_at")[:limit]
        )
        Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
            next_attempt_at=at + BEGIN_WITHIN
        )
    return rows


def settle_looked_up(delivery: Delivery, receipt: Receipt | None, *, at: datetime) -> None:
    """A look-up told: it went out, or it certainly did not (then it is due again)."""
    if receipt is not None:
        settle_sent([(delivery.pk, receipt)], at=at)
    else:
        move(
            delivery.pk,
            ["unknown"],
            State.DUE,
            at=at,
            detail="Looked up: not sent.",
            attempts=delivery.attempts,
            next_attempt_at=at,
        )


def settle_by_person(delivery: Delivery, outcome: str, *, by: Actor, at: datetime) -> None:
    """A person decides about an unknown or refused delivery: "sent", "again" or "cancel".

    Raises:
        NotAllowed: no duty lead.
        Stale: it is not in that state any more.
    """
    check(by, "outbox.settle", delivery.account.unit)
    state = {"sent": State.SENT, "again": State.DUE, "cancel": State.CANCELLED}[outcome]
    origin = ["unknown"] if outcome == "sent" else ["unknown", "refused"]
    with transaction.atomic():
        if not move(delivery.pk, origin, state, at=at, detail="", next_attempt_at=at):
            raise Stale(_("Sendingen er allerede avgjort. Last siden på nytt."))
        record("delivery.settled", delivery, by=by, at=at, outcome=outcome)
