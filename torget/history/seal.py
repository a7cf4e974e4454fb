"""Sealing history: a SHA-256 Merkle chain, signed by a key and noted in files that are not in the database."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import OperationalError, connection, transaction

from torget.history import anchors
from torget.history.checking import newest, verify
from torget.history.keys import Key, LostKey, load, make
from torget.history.models import Entry, Seal
from torget.history.tree import GENESIS, chain, leaf, merkle_root, message

__all__ = ["leaf", "merkle_root", "newest", "seal", "verify"]

SEAL_AT_MOST = 20_000


def ready_key(*, at: datetime) -> Key:
    """The sealing key; made when nothing was ever signed here.

    Raises:
        LostKey: there are signed seals, and no key.
    """
    if key := load():
        return key
    if Seal.objects.exclude(signature=b"").exists():
        raise LostKey
    key = make()
    anchors.add(key, "key", at=at, public=key.public.hex())
    return key


def seal(*, at: datetime) -> Seal | None:
    """Seal what has been written since the last seal; None when nothing was, or writers are busy (try again later).

    The seal is signed, and noted outside the database when it is committed.

    The table lock (taken by a function: we have no right to it) waits for writers in flight, so that every id up to the
    highest seen is settled: no row can slip in below a seal afterwards. A long transaction makes us give up rather than
    queue writers behind us.

    Raises:
        LostKey: there are signed seals, and no key.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '500ms'")
                cursor.execute("SELECT history_lock()")
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
            key = ready_key(at=at)
            new = Seal(
                sealed_at=at,
                last_entry_id=entries[-1].pk,
                ids=[entry.pk for entry in entries],
                leaves=b"".join(leaves),
                root=root,
                previous=previous,
                hash=chain(previous, root, entries[-1].pk, len(entries)),
            )
            new.signature = key.sign(message(new))
            Seal.objects.bulk_create([new])
            transaction.on_commit(partial(_note, key, new))
            return new
    except OperationalError as fault:
        if "lock timeout" in str(fault) or "deadlock" in str(fault):
            return None
        raise


def _note(key: Key, seal: Seal) -> None:
    anchors.add(
        key,
        "seal",
        at=seal.sealed_at,
        seal=seal.pk,
        to=seal.last_entry_id,
        hash=bytes(seal.hash).hex(),
        signed=bytes(seal.signature).hex(),
    )


def note_told(first_id: int, last_id: int, *, at: datetime) -> None:
    """Note that these rows tell of earlier days on purpose: an example's story."""
    anchors.add(ready_key(at=at), "told", at=at, first=first_id, last=last_id)


def note_restored(*, at: datetime) -> None:
    """Note that a backup was put back: seals above the newest it holds are no more."""
    newest_row = (
        Seal.objects.order_by("-last_entry_id").values_list("last_entry_id", flat=True).first()
    )
    key = ready_key(at=at)
    if not any(line.get("public") == key.public.hex() for line in anchors.lines()):
        anchors.add(key, "key", at=at, public=key.public.hex())
    anchors.add(key, "restored", at=at, to=newest_row or 0)


def begin_anew(*, at: datetime) -> Key:
    """A new key in the place of a lost one, noted outside as such."""
    key = make()
    anchors.add(key, "key", at=at, public=key.public.hex())
    return key
