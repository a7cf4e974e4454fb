"""Publishing in two steps, as Instagram and Threads have it: a container nobody sees, then one call that shows it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from torget.channels.contract import SendError

WAIT_SECONDS = 8.0
STEP_SECONDS = 0.5
READY = frozenset({"FINISHED", "PUBLISHED"})
FAILED = frozenset({"ERROR", "EXPIRED"})

Get = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]


def until_ready(get: Get, container: str, field: str) -> None:
    """Wait a little for Meta to have fetched the picture.

    Raises:
        SendError: it could not, or not yet: nothing is shown, and trying again is safe.
    """
    until = time.monotonic() + WAIT_SECONDS
    while True:
        state = str(get(container, {"fields": field}).get(field, ""))
        if state in READY:
            return
        if state in FAILED:
            raise SendError(_("Meta fikk ikke hentet bildet."), permanent=state == "ERROR")
        if time.monotonic() > until:
            raise SendError("Meta is not done with the picture yet.", retry_after_seconds=60.0)
        time.sleep(STEP_SECONDS)


def room(answer: Mapping[str, Any]) -> None:
    """See that the day's posts are not used up (`content_publishing_limit`, `threads_publishing_limit`).

    Raises:
        SendError: they are.
    """
    for limit in answer.get("data") or []:
        config = limit.get("config") or {}
        total, used = config.get("quota_total"), limit.get("quota_usage")
        if isinstance(total, int) and isinstance(used, int) and used >= total:
            raise SendError(
                f"{used} of {total} posts a day are used.",
                limited=True,
                retry_after_seconds=3600.0,
            )
