"""Signed webhook in, committed row, 202 out: how many a second, beside what the database alone could take."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import subprocess
import sys
import time
import uuid
from typing import Any

import psycopg
from django.utils import timezone

from torget.bench.place import open_account
from torget.bench.result import Result, Round, percentile
from torget.bench.webprocess import web
from torget.channels.models import Account
from torget.intake.models import Envelope
from torget.intake.writer import connect

IN_FLIGHT = 32
ROWS, ROUNDS = 6_000, 4
# The plain way to insert, one statement a row, sent together.
_INSERT = """
INSERT INTO intake_envelope (public_id, account_id, external_id, media_type, headers, body, sha256, size, received_at,
                             state, attempts, error)
VALUES (%s, %s, %s, 'application/json', '{}', %s, %s, %s, %s, 'received', 0, '')
"""


def measure(rows: int = ROWS, rounds: int = ROUNDS) -> Result:
    """Limit and value in turns, `rounds` times `rows` each; a short round of both first, to warm up."""
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    account = open_account("webhook", secret)
    values, limits, times = list[Round](), list[Round](), list[float]()
    with web() as opened, connect() as link:
        for number in range(rounds + 1):
            count = rows if number else max(IN_FLIGHT, rows // 4)
            limit = insert(link, account, count)
            value, took = deliver(opened.port, account, secret, count)
            if number:
                limits.append(limit)
                values.append(value)
                times += took
    p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
    more = {"p50_ms": p50, "p99_ms": p99, "in_flight": IN_FLIGHT}
    return Result("intake", "rows/s", values, limits, more)


def deliver(port: int, account: Account, secret: str, count: int) -> tuple[Round, list[float]]:
    """One round of the real thing. Every acknowledged delivery must be a row.

    Raises:
        RuntimeError: it is not.
    """
    before = Envelope.objects.count()
    order = {
        "port": port,
        "key": str(account.key),
        "secret": secret,
        "count": count,
        "in_flight": IN_FLIGHT,
    }
    told = subprocess.run(
        [sys.executable, "-m", "torget.bench.generator"],
        input=json.dumps(order),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    held = json.loads(told.stdout)
    if Envelope.objects.count() != before + count or len(held["times_ms"]) != count:
        raise RuntimeError("What was acknowledged and what is stored differ.")
    return Round(count, held["seconds"]), held["times_ms"]


def insert(link: psycopg.Connection[Any], account: Account, count: int) -> Round:
    """One round of bare inserts into the same table, 32 rows a commit."""
    at, body = timezone.now(), b"x" * 1_000
    digest = hashlib.sha256(body).digest()
    rows = [
        (uuid.uuid4(), account.pk, uuid.uuid4().hex, body, digest, len(body), at)
        for _row in range(count)
    ]
    started = time.perf_counter()
    for first in range(0, count, IN_FLIGHT):
        with link.transaction(), link.cursor() as cursor:
            cursor.executemany(_INSERT, rows[first : first + IN_FLIGHT])
    return Round(count, time.perf_counter() - started)
