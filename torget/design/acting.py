"""Running a rule from a filled-in form, in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.forms import Form

from torget.errors import Refused


def done(
    request: Any,
    form: Form,
    do: Callable[[dict[str, Any]], object],
    message: str,
    *,
    at: str | None = None,
) -> bool:
    """Whether the form was sent, is of the right shape and the rule let it pass; then `said` is shown on the next page.

    A refusal is put beside the field `at` (on top of the form without one), and everything typed is kept.
    """
    if request.method != "POST" or not form.is_valid():
        return False
    try:
        do(form.cleaned_data)
    except Refused as refusal:
        form.add_error(at, refusal.message)
        return False
    if message:
        messages.success(request, message)
    return True
