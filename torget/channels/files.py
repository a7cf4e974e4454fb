"""Files by the hash of their content: the same picture sent twice is kept once."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from django.conf import settings

from torget.errors import Refused


def path_of(sha256: str) -> Path:
    """Where a file of that hash lies."""
    return Path(settings.MEDIA_ROOT) / sha256[:2] / sha256[2:4] / sha256


def put(content: bytes) -> str:
    """Keep the bytes, durably; their SHA-256 in hex. Keeping them again changes nothing."""
    sha256 = hashlib.sha256(content).hexdigest()
    target = path_of(sha256)
    if target.exists():
        return sha256
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(name).rename(target)
    return sha256


def get(sha256: str) -> bytes:
    """The bytes again.

    Raises:
        Refused: the file is gone from the disk (the doctor finds such).
    """
    try:
        return path_of(sha256).read_bytes()
    except FileNotFoundError as fault:
        raise Refused(
            f"File {sha256[:12]} is missing on disk. Run torget doctor.", "file_missing"
        ) from fault
