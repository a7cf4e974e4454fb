"""Checking history: rows against seals, seals against their signatures, the chain against what is noted outside."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from torget.history import anchors
from torget.history.keys import FINGERPRINT_BYTES, LOST, load, shown, signed_by
from torget.history.models import Entry, Seal
from torget.history.tree import GENESIS, chain, leaf, merkle_root, message

# What is told of is written at once; a worker may be slow, and clocks differ.
APART = timedelta(hours=1)


@dataclass(slots=True)
class Outside:
    """What is noted outside the database, as far as its lines are genuine."""

    publics: dict[str, bytes] = field(default_factory=dict)
    seals: dict[int, str] = field(default_factory=dict)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    begun: list[tuple[str, str]] = field(default_factory=list)
    strange: set[str] = field(default_factory=set)
    newest: int = 0
    last_key: str = ""
    faults: list[str] = field(default_factory=list)

    def tells(self, entry_id: int) -> bool:
        """Whether a row is noted to tell of earlier days."""
        at = bisect_right(self.ranges, (entry_id, 2**63))
        return at > 0 and self.ranges[at - 1][0] <= entry_id <= self.ranges[at - 1][1]


def outside() -> Outside:
    """Read the lines, and tell of those that cannot be trusted."""
    here = Outside()
    if key := load():
        here.publics[key.fingerprint.hex()] = key.public
    for line in anchors.lines():
        if line["kind"] == "key" and "public" in line:
            here.publics.setdefault(str(line.get("key")), bytes.fromhex(str(line["public"])))
        if not anchors.genuine(line, here.publics):
            where = line.get("where") or f"{line['kind']} of {line.get('at')}"
            here.faults.append(f"A line noted of the seals has been changed ({where}).")
            continue
        if line["kind"] == "key":
            here.begun.append((str(line["key"]), str(line["at"])))
        elif str(line["key"]) not in {name for name, _at in here.begun} | here.strange:
            here.strange.add(str(line["key"]))
            here.faults.append(
                f"From {line['at']} the seals are signed by a key nobody began ({line['key']}):"
                " seal.key has been replaced."
            )
        _take(here, line)
    here.ranges.sort()
    if key and here.last_key and here.last_key != key.fingerprint.hex():
        here.faults.append(
            "The sealing key is another than the one that signed last"
            f" ({here.last_key}, now {key.fingerprint.hex()}): seal.key has been replaced."
        )
    if key and not here.last_key and Seal.objects.exclude(signature=b"").exists():
        here.faults.append(f"What was noted of the seals in {anchors.folder()} is gone.")
    if key is None and Seal.objects.exclude(signature=b"").exists():
        here.faults.append(LOST)
    return here


def _take(here: Outside, line: anchors.Line) -> None:
    here.last_key = str(line["key"])
    if line["kind"] == "seal":
        here.seals[int(line["to"])] = str(line["hash"])
        here.newest = max(here.newest, int(line["to"]))
    elif line["kind"] == "told":
        here.ranges.append((int(line["first"]), int(line["last"])))
    elif line["kind"] == "restored":
        here.newest = int(line["to"])
        here.seals = {to: hash_ for to, hash_ in here.seals.items() if to <= here.newest}


def verify(*, at: datetime | None = None) -> list[str]:
    """A sentence for every seal or row that is not as it was sealed, signed and noted; empty when all is well.

    With `at`, the time of looking, what rows tell is also held against when the database wrote them.
    """
    here = outside()
    faults = list(here.faults)
    walk = Walk(here, at)
    for seal in Seal.objects.order_by("last_entry_id").iterator():
        faults += walk.seal_faults(seal)
        faults += walk.row_faults(seal)
        walk.previous, walk.first_id = bytes(seal.hash), seal.last_entry_id
        walk.sealed_at = seal.sealed_at
    faults += [
        f"The seal of history up to row {to}, noted outside, is no more: the end of history has been cut off."
        for to in sorted(here.seals)
    ]
    return faults


def newest() -> str:
    """The newest seal in words, with the key that signed it: to be kept somewhere else."""
    seal, key = Seal.objects.order_by("-last_entry_id").first(), load()
    if seal is None or key is None:
        return ""
    return (
        f"seal {seal.pk}, history up to row {seal.last_entry_id}, {seal.sealed_at:%Y-%m-%d %H:%M:%S} UTC,"
        f" hash {bytes(seal.hash).hex()}, signature {bytes(seal.signature).hex()}, key {shown(key.public)}"
    )


@dataclass(slots=True)
class Walk:
    """A walk along the chain: where it has come, and what it knows."""

    here: Outside
    at: datetime | None
    previous: bytes = GENESIS
    first_id: int = 0
    sealed_at: datetime | None = None
    signed: bool = False
    stamped: bool = False
    latest: datetime | None = None

    def seal_faults(self, seal: Seal) -> Iterator[str]:
        """What is wrong with a seal: its tree, its place in the chain, its signature, what is noted of it."""
        named = f"Seal {seal.pk} (history up to row {seal.last_entry_id})"
        leaves = [bytes(seal.leaves[i : i + 32]) for i in range(0, len(seal.leaves), 32)]
        root = merkle_root(leaves)
        intact = (
            bytes(seal.previous) == self.previous
            and bytes(seal.root) == root
            and len(leaves) == len(seal.ids)
            and seal.ids[-1:] == [seal.last_entry_id]
            and bytes(seal.hash) == chain(self.previous, root, seal.last_entry_id, len(leaves))
        )
        if not intact:
            yield f"{named} has itself been changed."
        noted = self.here.seals.pop(seal.last_entry_id, None)
        if noted is not None and noted != bytes(seal.hash).hex():
            yield f"{named} is another than the one noted outside."
        signature = bytes(seal.signature)
        self.signed = self.signed or bool(signature)
        if not self.signed:
            return  # from before seals were signed: the first signed one binds them
        public = self.here.publics.get(signature[:FINGERPRINT_BYTES].hex())
        if public is None or not signed_by(public, signature, message(seal)):
            yield f"{named} is not signed by our key: it was forged."

    def row_faults(self, seal: Seal) -> Iterator[str]:
        """What is wrong with the rows a seal is of."""
        sealed = {pk: bytes(seal.leaves[i * 32 : i * 32 + 32]) for i, pk in enumerate(seal.ids)}
        ids: set[int] = set()
        rows: Iterable[Entry] = (
            Entry.objects.filter(pk__gt=self.first_id, pk__lte=seal.last_entry_id)
            .order_by("pk")
            .iterator()
        )
        for entry in rows:
            ids.add(entry.pk)
            if entry.pk not in sealed:
                yield f"History row {entry.pk} was inserted after it was sealed."
            elif leaf(entry) != sealed[entry.pk]:
                yield f"History row {entry.pk} was changed after it was sealed."
            else:
                yield from self._time_faults(entry)
        for pk in sorted(sealed.keys() - ids):
            yield f"History row {pk} was removed after it was sealed."

    def _time_faults(self, entry: Entry) -> Iterator[str]:
        written_at = entry.written_at
        if written_at is None and self.stamped:
            yield f"History row {entry.pk} lacks the time it was written: the database did not stamp it."
        self.stamped = self.stamped or written_at is not None
        # Rows of before the database stamped them tell their times as they were told; see decision 0013.
        if self.here.tells(entry.pk) or not self.stamped:
            return
        before = max(filter(None, (self.latest, self.sealed_at)), default=None)
        told_at = min(entry.at, written_at or entry.at)
        self.latest = max(told_at, self.latest or told_at)
        if before is not None and entry.at < before - APART:
            yield (
                f"History row {entry.pk} tells of {entry.at:%Y-%m-%d %H:%M}, before what was written"
                " and sealed ahead of it: it is backdated or forged."
            )
        elif (
            self.at and written_at and written_at <= self.at and abs(entry.at - written_at) > APART
        ):
            yield (
                f"History row {entry.pk} tells of {entry.at:%Y-%m-%d %H:%M}, and was written"
                f" {written_at:%Y-%m-%d %H:%M}: it is backdated or forged."
            )
