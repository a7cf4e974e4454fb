"""pgvector in our own database server: only its superuser may add it, and that one cannot sign in.

Added to the database and to the template of new ones, in single-user mode, once. A server without pgvector says no, and
answers are then found by words only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

_STAMP = "torget.vectors"
_ADD = "CREATE EXTENSION IF NOT EXISTS vector;\n\n"


def add(
    run: Callable[[list[str], int | None, str], None],
    postgres: str,
    account: int | None,
    data: Path,
    *names: str,
) -> None:
    """Add it to the databases `names` and to template1, while no server runs. Done before: nothing."""
    stamp = data / _STAMP
    if stamp.exists():
        return
    for name in ("template1", *names):
        # Without exit_on_error: an extension that is not there is no fault.
        run([postgres, "--single", "-j", "-D", str(data), name], account, _ADD)
    stamp.touch(mode=0o644)
