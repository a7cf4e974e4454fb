"""Sealing history: a SHA-256 Merkle chain, and the check that finds what was tampered with."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from django.db import OperationalError, connection, transaction

from torget.history.models import Entry, Seal

SEAL_AT_MOST = 20_000
GENESIS = bytes(32)


def leaf(entry: Entry) -> bytes:
    """Hash of one entry: SHA-256 of 0x00 and its canonical JSON (RFC 6962 §2.1)."""
    canonical = json.dumps(
        [
            entry.pk,
            entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            entry.municipality_id,
            entry.actor_kind,
            entry.actor_id,
            entry.verb,
            entry.subject_type,
            entry.subject_id,
            entry.data,
        ],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(b"\x00" + canonical.encode()).digest()


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Root of the Merkle tree over leaf hashes (RFC 6962 §2.1); the empty tree is SHA-256 of nothing."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(
        b"\x01" + merkle_root(leaves[:split]) + merkle_root(leaves[split:])
    ).digest()


def chain(previous: bytes, root: bytes, last_entry_id: int, count: int) -> bytes:
    """Hash that binds a seal to the one before."""
    return hashlib.sha256(previous + root + last_entry_id.to_bytes(8) + count.to_bytes(8)).digest()


def seal(*, at: datetime) -> Seal | None:
    """Seal what has been written since the last seal; None when nothing was, or writers are busy (try again later).

    The table lock waits for writers in flight, so that every id up to the highest seen is settled: no row
    can slip in below a seal afterwards. A long transaction makes us give up rather than queue writers behind us.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
                cursor.execute("LOCK TABLE history_seal IN EXCLUSIVE MODE")
                cursor.execute("LOCK TABLE history_entry IN SHARE MODE")
            last = Seal.objects.order_by("-last_entry_id").first()
            entries = list(
                Entry.objects.filter(pk__gt=last.last_entry_id if last else 0).order_by("pk")[
                    :SEAL_AT_MOST
                ]
            )
            if not entries:
                return None
            leaves = [leaf(entry) for entry in entries]
            previous, root = bytes(last.hash) if last else GENESIS, merkle_root(leaves)
            return Seal.objects.create(
                sealed_at=at,
                last_entry_id=entries[-1].pk,
                ids=[entry.pk for entry in entries],
                leaves=b"".join(leaves),
                root=root,
                previous=previous,
                hash=chain(previous, root, entries[-1].pk, len(entries)),
            )
    except OperationalError as fault:
        if "lock timeout" in str(fault) or "deadlock" in str(fault):
            return None
        raise


def _seal_faults(one: Seal, previous: bytes) -> Iterator[str]:
    leaves = [bytes(one.leaves[i : i + 32]) for i in range(0, len(one.leaves), 32)]
    root = merkle_root(leaves)
    intact = (
        bytes(one.previous) == previous
        and bytes(one.root) == root
        and len(leaves) == len(one.ids)
        and one.ids[-1] == one.last_entry_id
        and bytes(one.hash) == chain(previous, root, one.last_entry_id, len(leaves))
    )
    if not intact:
        yield f"Seal {one.pk} (history up to row {one.last_entry_id}) has itself been changed."


def _row_faults(one: Seal, first_id: int) -> Iterator[str]:
    sealed = {pk: bytes(one.leaves[i * 32 : i * 32 + 32]) for i, pk in enumerate(one.ids)}
    found: set[int] = set()
    rows: Iterable[Entry] = (
        Entry.objects.filter(pk__gt=first_id, pk__lte=one.last_entry_id).order_by("pk").iterator()
    )
    for entry in rows:
        found.add(entry.pk)
        if entry.pk not in sealed:
            yield f"History row {entry.pk} was inserted after it was sealed."
        elif leaf(entry) != sealed[entry.pk]:
            yield f"History row {entry.pk} was changed after it was sealed."
    for pk in sorted(sealed.keys() - found):
        yield f"History row {pk} was removed after it was sealed."


def verify() -> list[str]:
    """A sentence for every seal or row that is not as it was sealed; empty when all is well."""
    faults: list[str] = []
    previous, first_id = GENESIS, 0
    for one in Seal.objects.order_by("last_entry_id").iterator():
        faults += _seal_faults(one, previous)
        faults += _row_faults(one, first_id)
        previous, first_id = bytes(one.hash), one.last_entry_id
    return faults
