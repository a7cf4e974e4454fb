"""What a seal is made of: leaves, their Merkle tree, and the chain (RFC 6962 §2.1, SHA-256)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC

from torget.history.models import Entry, Seal

GENESIS = bytes(32)
CONTEXT = b"torget seal 1\x00"


def leaf(entry: Entry) -> bytes:
    """Hash of one entry: SHA-256 of 0x00 and its canonical JSON (RFC 6962 §2.1)."""
    stamp = (
        [entry.written_at.astimezone(UTC).isoformat(timespec="microseconds")]
        if entry.written_at
        else []
    )
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
            *stamp,
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


def message(seal: Seal) -> bytes:
    """What is signed of a seal: its hash, which binds all before it, and its time."""
    moment = seal.sealed_at.astimezone(UTC).isoformat(timespec="microseconds")
    return CONTEXT + bytes(seal.hash) + moment.encode()
