"""Inbox deliveries: an activity for one inbox each; claimed in batches with a lease, settled in batches."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Exists, F, OuterRef

from torget.adapters.activitypub import blocks
from torget.adapters.activitypub.models import Act, APObject, Follower, InboxDelivery, Remote
from torget.channels import accounts
from torget.protocols.activitypub import reading
from torget.transitions import transition_rows

LEASE = timedelta(seconds=60)
KEEP_SENT = timedelta(days=7)
KEEP_GIVEN_UP = timedelta(days=90)
# After these waits a delivery is given up: four and a half days, so that a server may be down over a long weekend.
WAITS_SECONDS = (60, 300, 1_800, 7_200, 6 * 3_600, 12 * 3_600, 24 * 3_600, 24 * 3_600, 36 * 3_600)
# However often it was tried without being counted.
LONGEST_WAIT = timedelta(seconds=sum(WAITS_SECONDS)) * 1.2

UNDELIVERED = (InboxDelivery.State.DUE, InboxDelivery.State.SENDING, InboxDelivery.State.GIVEN_UP)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery this worker holds the lease of."""

    id: int
    account_id: int
    inbox: str
    host: str
    attempts: int
    body: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class Failed:
    """How a delivery did not arrive. With `due_at` it is tried again then; without, it is given up."""

    id: int
    due_at: datetime | None
    status: int
    detail: str


@dataclass(slots=True)
class Round:
    """What came of a round, to be written down together."""

    sent: list[int] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    back_again: list[str] = field(default_factory=list)  # hosts that were away
    # Took what only the new key proves (see rotation).
    renewed: list[tuple[int, str, str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sent) + len(self.failed) + len(self.back)


def put(act: Act, inboxes: Iterable[str], *, at: datetime) -> int:
    """Address an act to inboxes, each once, in the caller's transaction. How many there are."""
    rows = [
        InboxDelivery(
            act=act, inbox=inbox, host=reading.host_of(inbox), next_attempt_at=at, created_at=at
        )
        for inbox in dict.fromkeys(inboxes)
        if reading.host_of(inbox)
    ]
    InboxDelivery.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1_000)
    if rows:
        with connection.cursor() as cursor:
            cursor.execute("NOTIFY torget_fanout")
    return len(rows)


def sendable_accounts() -> list[int]:
    """Accounts whose deliveries may go now; those of paused ones wait."""
    return [account.pk for account in accounts.on_network("activitypub") if account.may_send]


# What is edited or withdrawn must not come before what it is about: an act's delivery waits while an earlier one of the
# same object for the same inbox has not come through. What was taken back is not sent any more.
_CLAIM = """
WITH due AS MATERIALIZED (
  SELECT p.id FROM activitypub_parcel p JOIN activitypub_act a ON a.id = p.act_id
  LEFT JOIN activitypub_thing t ON t.id = a.thing_id
  WHERE p.state = 'due' AND p.next_attempt_at <= %(at)s AND p.host <> ALL(%(without)s)
    AND a.account_id = ANY(%(accounts)s)
    AND (t.withdrawn_at IS NULL OR a.done_at >= t.withdrawn_at)
    AND (NOT a.follows_up OR NOT EXISTS (
      SELECT 1 FROM activitypub_parcel q JOIN activitypub_act b ON b.id = q.act_id
      WHERE b.thing_id = a.thing_id AND b.id < a.id AND q.inbox = p.inbox AND (q.state = 'sending'
        OR q.state = 'due' AND (t.withdrawn_at IS NULL OR b.done_at >= t.withdrawn_at))))
  ORDER BY p.next_attempt_at, p.id FOR UPDATE OF p SKIP LOCKED LIMIT %(limit)s)
UPDATE activitypub_parcel p SET state = 'sending', attempts = attempts + 1, lease_until = %(lease)s
FROM due, activitypub_act a WHERE p.id = due.id AND a.id = p.act_id
RETURNING p.id, a.account_id, p.inbox, p.host, p.attempts, a.body, a.digest
"""


def claim(
    accounts: Sequence[int], *, at: datetime, limit: int, without: Sequence[str] = ()
) -> list[Claimed]:
    """Take deliveries that are due, but none for the hosts in `without`. Safe from many workers."""
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "at": at,
                "lease": at + LEASE,
                "limit": limit,
                "accounts": list(accounts),
                "without": list(without),
            },
        )
        return [
            Claimed(pk, account, inbox, host, attempts, bytes(body), digest)
            for pk, account, inbox, host, attempts, body, digest in cursor.fetchall()
        ]


def give_back(ids: Sequence[int], *, due_at: datetime) -> None:
    """Not begun: due again, and not counted as an attempt."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE activitypub_parcel SET state = 'due', attempts = attempts - 1, lease_until = NULL, "
                "next_attempt_at = %s WHERE id = ANY(%s) AND state = 'sending'",
                (due_at, list(ids)),
            )


def settle_sent(ids: Sequence[int], *, at: datetime) -> None:
    """They arrived; one statement for the batch."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE activitypub_parcel SET state = 'sent', settled_at = %s, lease_until = NULL, status = 202, "
                "detail = '' WHERE id = ANY(%s) AND state IN ('sending', 'due')",
                (at, list(ids)),
            )


_FAILED = """
UPDATE activitypub_parcel p SET
  state = CASE WHEN f.due_at IS NULL THEN 'given_up' ELSE 'due' END,
  settled_at = CASE WHEN f.due_at IS NULL THEN %(at)s END,
  next_attempt_at = COALESCE(f.due_at, p.next_attempt_at), lease_until = NULL, status = f.status, detail = f.detail
FROM (SELECT unnest(%(ids)s::bigint[]) AS id, unnest(%(due)s::timestamptz[]) AS due_at,
             unnest(%(status)s::int[]) AS status, unnest(%(detail)s::text[]) AS detail) f
WHERE p.id = f.id AND p.state = 'sending'
"""


def settle_failed(failed: Sequence[Failed], *, at: datetime) -> None:
    """They did not arrive: tried again later, or given up with the reason on the row."""
    if failed:
        with connection.cursor() as cursor:
            cursor.execute(
                _FAILED,
                {
                    "at": at,
                    "ids": [failure.id for failure in failed],
                    "due": [failure.due_at for failure in failed],
                    "status": [failure.status for failure in failed],
                    "detail": [failure.detail[:200] for failure in failed],
                },
            )


def put_off(host: str, *, until: datetime) -> None:
    """Nothing for this host is due before then: what waits for it must not stand in front of the others."""
    InboxDelivery.objects.filter(
        host=host, state=InboxDelivery.State.DUE, next_attempt_at__lt=until
    ).update(next_attempt_at=until)


_PROBE = """
UPDATE activitypub_parcel SET next_attempt_at = %(at)s, attempts = GREATEST(attempts - 1, 0) WHERE state = 'due' AND id IN (
  SELECT DISTINCT ON (p.host) p.id FROM activitypub_parcel p JOIN activitypub_peer h ON h.host = p.host
  WHERE p.state = 'due' AND h.failing_since < %(at)s - interval '1 minute' AND (h.closed_until IS NULL OR h.closed_until <= %(at)s)
    AND NOT EXISTS (SELECT 1 FROM activitypub_parcel q WHERE q.host = p.host AND q.state = 'due' AND q.next_attempt_at <= %(at)s)
  ORDER BY p.host, p.id)
"""


def probe(*, at: datetime) -> int:
    """Of each server that does not answer, the oldest that waits is tried now, without counting; how many.

    A server that is back is found that way as often as its line opens, also when nothing for it would be due for hours.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PROBE, {"at": at})
        return int(cursor.rowcount)


def bring_forward(host: str, *, at: datetime) -> int:
    """The host answers again: what waits for it is due now, in the order it was made. How many.

    Also what was due before: else what was put off while it was away would come before what is older.
    """
    return InboxDelivery.objects.filter(host=host, state=InboxDelivery.State.DUE).update(
        next_attempt_at=at
    )


def cancel(ap_object: APObject) -> set[str]:
    """What has not gone of an object does not go, in the caller's transaction. The inboxes that certainly have none of it.

    One that was tried and not answered may have it all the same.
    """
    waiting = InboxDelivery.objects.filter(act__ap_object=ap_object, state=InboxDelivery.State.DUE)
    untouched = set(waiting.filter(attempts=0).values_list("act", "inbox"))
    waiting.delete()
    acts = ap_object.acts.values_list("pk", "inboxes")
    addressed = {(pk, inbox) for pk, inboxes in acts for inbox in inboxes}
    return {inbox for _pk, inbox in addressed} - {inbox for _pk, inbox in addressed - untouched}


def lose_expired(*, at: datetime) -> int:
    """Whoever held these died. They are sent again: the same activity twice is one for who receives it (its id)."""
    expired = InboxDelivery.objects.filter(state=InboxDelivery.State.SENDING, lease_until__lt=at)
    return transition_rows(expired, InboxDelivery.State.DUE, lease_until=None)


def forget_inbox(inbox: str) -> list[int]:
    """The inbox is gone for good: who had it follows no more, and what waits for it is given up. What that was."""
    gone = Remote.objects.filter(inbox=inbox)
    Follower.objects.filter(remote__in=gone).delete()
    waiting = InboxDelivery.objects.filter(inbox=inbox, state=InboxDelivery.State.DUE)
    ids = list(waiting.values_list("pk", flat=True))
    waiting = InboxDelivery.objects.filter(pk__in=ids, state=InboxDelivery.State.DUE)
    transition_rows(waiting, InboxDelivery.State.GIVEN_UP, detail="Gone.")
    return ids


def keep_from(host: str, municipality_id: int, *, at: datetime) -> int:
    """The server is shut out: what waits for it is given up. What is in flight this second still arrives."""
    waiting = InboxDelivery.objects.filter(
        blocks.under(host, "host"),
        act__account__municipality=municipality_id,
        state=InboxDelivery.State.DUE,
    )
    return transition_rows(waiting, InboxDelivery.State.GIVEN_UP, settled_at=at, detail="Blocked.")


def due_anew(account_id: int, host: str, *, at: datetime) -> int:
    """What was given up for a host is due again, in the caller's transaction. How many.

    Not what is overtaken: a later act on the same object has reached the inbox, or took the thing back.
    """
    later = Act.objects.filter(ap_object=OuterRef("act__ap_object"), id__gt=OuterRef("act_id"))
    pending = InboxDelivery.objects.filter(
        act=OuterRef("pk"), inbox=OuterRef(OuterRef("inbox")), state__in=UNDELIVERED
    )
    given_up = (
        InboxDelivery.objects.filter(
            act__account=account_id, host=host, state=InboxDelivery.State.GIVEN_UP
        )
        .exclude(Exists(later.exclude(Exists(pending))))
        .exclude(Exists(later), act__ap_object__withdrawn_at__isnull=False)
    )
    ids = list(given_up.values_list("pk", flat=True))
    count = transition_rows(
        InboxDelivery.objects.filter(pk__in=ids, state=InboxDelivery.State.GIVEN_UP),
        InboxDelivery.State.DUE,
        attempts=0,
        next_attempt_at=at,
        settled_at=None,
        status=0,
        detail="",
    )
    if count:
        with connection.cursor() as cursor:
            cursor.execute("NOTIFY torget_fanout")
    return count


def try_again(key: str, *, at: datetime) -> int:
    """What was given up of an act is due again, but not for servers that are shut out; how many."""
    rows = InboxDelivery.objects.filter(act__key=key, state=InboxDelivery.State.GIVEN_UP)
    fresh = {"attempts": 0, "next_attempt_at": at, "settled_at": None, "detail": ""}
    return transition_rows(rows.exclude(detail="Blocked."), InboxDelivery.State.DUE, **fresh)


def prune(*, at: datetime) -> int:
    """Forget deliveries that arrived long ago, and what nobody sent again for a quarter of a year."""
    old = InboxDelivery.objects.filter(
        state=InboxDelivery.State.SENT, settled_at__lt=at - KEEP_SENT
    )
    given_up = InboxDelivery.objects.filter(
        state=InboxDelivery.State.DUE, attempts__gt=0, created_at__lt=at - LONGEST_WAIT
    )
    transition_rows(given_up, InboxDelivery.State.GIVEN_UP, settled_at=at)
    lost = InboxDelivery.objects.filter(
        state=InboxDelivery.State.GIVEN_UP, created_at__lt=at - KEEP_GIVEN_UP
    )
    # In flight when it was taken back, and not arrived: it goes no more.
    back = InboxDelivery.objects.filter(
        state=InboxDelivery.State.DUE, act__done_at__lt=F("act__ap_object__withdrawn_at")
    )
    for act in Act.objects.filter(deliveries__in=lost).distinct():
        hosts = lost.filter(act=act).values_list("host", flat=True)
        Act.objects.filter(pk=act.pk).update(lost=sorted({*act.lost, *hosts}))
    return old.delete()[0] + lost.delete()[0] + back.delete()[0]
