"""The database of an installation that has none: PostgreSQL's own binaries, run by us."""

from __future__ import annotations

from pathlib import Path


def url(home: Path) -> str:
    """Connection address of the embedded database below home (whether or not it runs)."""
    return f"postgresql://torget@/torget?host={home / 'run'}"
