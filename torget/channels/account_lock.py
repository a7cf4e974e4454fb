"""One listener per account, however many workers there are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_LOCK_SPACE = 7441  # ours among the database's advisory locks


@contextmanager
def account_lock(account_id: int) -> Iterator[bool]:
    """Hold the account for this process; False: another holds it. The next takes over when the holder dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK_SPACE, account_id])
        row = cursor.fetchone()
    ours = bool(row and row[0])
    try:
        yield ours
    finally:
        # After a fault of the database the lock went with the connection.
        if ours and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK_SPACE, account_id])
