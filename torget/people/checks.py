"""What `torget doctor` looks at: second factors nobody can read, and what should have been forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from torget.people import retention
from torget.people.rules import unreadable_factors


def factors(_at: datetime) -> Iterator[str]:
    """Second factors encrypted with another key."""
    if lost := len(unreadable_factors()):
        yield f"Second factors of {lost} members of staff were encrypted with another key: they cannot sign in. Put secret.key back from the backup, or let them begin anew: torget new-key secret --yes."


def forgetting(at: datetime) -> Iterator[str]:
    """Rows whose time is over."""
    for rule, many in retention.overdue(at=at):
        yield f"{many} rows of {rule.table} should have been forgotten ({rule.after}). See to it that torget work runs (job people.forget)."
