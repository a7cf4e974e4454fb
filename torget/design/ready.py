"""Pages that are the same for everyone: a view marks its answer, and the front keeps its bytes ready."""

from __future__ import annotations

from django.http import HttpResponse

SECONDS = "5"
MARK = "X-Ready-Seconds"
UNCHANGED = "X-Ready-Unchanged"
# For the front alone: the answer is for somebody of the staff.
STAFF = "X-Ready-Staff"
# In a page that is the same for everyone no form has a number of its own; the browser makes one.
NO_NONCE = {"nonce": ""}


def ready(response: HttpResponse) -> HttpResponse:
    """Mark a page that is the same for everyone, whoever they are: the front keeps its bytes ready for a few seconds."""
    response[MARK] = SECONDS
    return response


def unchanged(response: HttpResponse) -> HttpResponse:
    """Mark the answer to a POST that changed nothing anybody reads in public (a heartbeat, a draft)."""
    response[UNCHANGED] = "1"
    return response
