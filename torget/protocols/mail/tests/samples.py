"""The corpus of invented mails, shaped like what real clients and servers send."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from torget.protocols.mail import Mail, read

CORPUS = Path(__file__).parent / "corpus"
NAMES = sorted(path.stem for path in CORPUS.glob("*.eml"))
OWN = "postmottak@nordvaag.test"
OURS = "t.0123456789abcdef0123456789abcdef@nordvaag.test"
NOW = datetime(2026, 11, 8, 12, 0, tzinfo=UTC)


def raw(name: str) -> bytes:
    """A mail of the corpus as bytes."""
    return (CORPUS / f"{name}.eml").read_bytes()


def sample(name: str) -> Mail:
    """A mail of the corpus, read."""
    return read(raw(name), received_at=NOW)
