"""The `torget` command: sets Django up, then `commands` does the rest."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

import django
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError

from torget.config import env
from torget.config.pgbinaries import ClusterFault


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. What an operator can mend is told in a sentence, without a trace."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "torget.config.settings")
    arguments = list(sys.argv[1:] if words is None else words)
    env.NEW_SECRET_KEY = arguments[:2] == ["new-key", "secret"] and "--yes" in arguments
    try:
        django.setup()
        # Only now: the commands import models.
        return int(import_module("torget.config.commands").main(words))
    except (ClusterFault, ImproperlyConfigured) as fault:
        text = str(fault)
    except OperationalError as fault:
        text = f"The database does not answer: {fault}"
    print(text, file=sys.stderr)  # noqa: T201 - a command speaks at the terminal
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
