"""Small deliveries claimed, sent and settled: how many a second, beside the bare SQL loop."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from django.utils import timezone

from torget.bench.append import adapter
from torget.bench.place import open_account
from torget.bench.result import Result, Round
from torget.channels.models import Account
from torget.intake.writer import connect
from torget.outbox.models import Delivery
from torget.outbox.tasks import BATCH, SENDERS, deliver_due

ROWS, ROUNDS = 5_000, 4
_CLAIM = """
WITH next AS MATERIALIZED (
  SELECT id FROM outbox_delivery WHERE state = 'due' AND next_attempt_at <= now()
  ORDER BY priority, next_attempt_at, id FOR UPDATE SKIP LOCKED LIMIT 100)
UPDATE outbox_delivery d SET state = 'sending', attempts = d.attempts + 1, lease_until = now() + interval '120 s'
FROM next WHERE d.id = next.id RETURNING d.id, d.payload
"""
_DONE = "UPDATE outbox_delivery SET state = 'sent', sent_at = now(), lease_until = NULL WHERE id = ANY(%s)"


def measure(rows: int = ROWS, rounds: int = ROUNDS) -> Result:
    """Limit and value in turns, `rounds` times `rows` each; a short round of both first, to warm up."""
    account = open_account("append")
    values, limits = list[Round](), list[Round]()
    adapter.open()
    with connect() as link, ThreadPoolExecutor(SENDERS, thread_name_prefix="send") as pool:
        for number in range(rounds + 1):
            count = rows if number else max(BATCH, rows // 4)
            put(account, count)
            limit = bare_loop(link, count)
            put(account, count)
            value = real_loop(pool, count)
            if number:
                limits.append(limit)
                values.append(value)
    sent = adapter.close()
    if sent != sum(one.count for one in values) + max(BATCH, rows // 4):
        raise RuntimeError(f"{sent} were sent, which is not what was put in.")
    return Result("queue", "deliveries/s", values, limits, {"batch": BATCH})


def put(account: Account, count: int) -> None:
    """Small deliveries, due now."""
    at = timezone.now()
    Delivery.objects.bulk_create(
        [
            Delivery(
                account=account,
                recipient="kari@innbygger.test",
                subject_type="channels.account",
                subject_id=account.pk,
                payload={"idempotency_key": key, "recipient": "kari@innbygger.test", "body": "Hei"},
                idempotency_key=key,
                created_at=at,
                next_attempt_at=at,
            )
            for key in (uuid.uuid4().hex for _row in range(count))
        ],
        batch_size=1_000,
    )


def real_loop(pool: ThreadPoolExecutor, count: int) -> Round:
    """One round of the outbox's own code.

    Raises:
        RuntimeError: some were left.
    """
    started = time.perf_counter()
    while deliver_due(pool):
        pass
    seconds = time.perf_counter() - started
    if Delivery.objects.exclude(state=Delivery.State.SENT).exists():
        raise RuntimeError("Some deliveries were not sent.")
    return Round(count, seconds)


def bare_loop(link: psycopg.Connection[Any], count: int) -> Round:
    """One round of nothing but the two statements."""
    started = time.perf_counter()
    while rows := link.execute(_CLAIM).fetchall():
        link.execute(_DONE, ([row[0] for row in rows],))
    return Round(count, time.perf_counter() - started)
