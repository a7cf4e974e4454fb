"""What is noted of the seals outside the database: a file a month, one signed line a seal, only ever added to.

Lines are JSON with a `kind`: `seal` (number, rows sealed, hash, time), `key` (a key began to sign), `told` (rows that tell of
earlier days, such as an example's story), `restored` (a backup was put back: seals above are no more), `stamp` (a time stamp).
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from torget.history.keys import Key, signed_by

CONTEXT = b"torget anchor 1\x00"

Line = dict[str, Any]


def folder() -> Path:
    """Where the files lie."""
    return Path(settings.ANCHORS)


def add(key: Key, kind: str, *, at: datetime, **facts: Any) -> None:
    """Add one signed line, on disk when this returns."""
    line: Line = {"kind": kind, "at": at.isoformat(timespec="microseconds"), **facts}
    line["key"] = key.fingerprint.hex()
    line["signature"] = key.sign(_message(line)).hex()
    folder().mkdir(parents=True, exist_ok=True)
    path = folder() / f"{at:%Y-%m}.jsonl"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(line, separators=(",", ":"), sort_keys=True).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def lines() -> Iterator[Line]:
    """Every line, oldest first. One that cannot be read is given as kind `unreadable`."""
    for path in sorted(folder().glob("????-??.jsonl")):
        with path.open("rb") as file:
            for number, raw in enumerate(file, 1):
                try:
                    line = json.loads(raw)
                    line["kind"], line["signature"]
                except (ValueError, KeyError, TypeError):
                    line = {"kind": "unreadable", "where": f"{path.name}:{number}"}
                yield line


def genuine(line: Line, publics: dict[str, bytes]) -> bool:
    """Whether a key we know signed the line as it stands."""
    public = publics.get(str(line.get("key")))
    unsigned = {name: value for name, value in line.items() if name != "signature"}
    try:
        signature = bytes.fromhex(line["signature"])
    except (KeyError, ValueError, TypeError):
        return False
    return public is not None and signed_by(public, signature, _message(unsigned))


def _message(line: Line) -> bytes:
    return CONTEXT + json.dumps(line, separators=(",", ":"), sort_keys=True).encode()
