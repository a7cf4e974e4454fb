"""WebFinger (RFC 7033) as ActivityPub servers use it: from @name@host to an actor, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

MEDIA_TYPE = "application/jrd+json"
_ACTIVITY = "application/activity+json"
_PROFILE = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
_HANDLE = re.compile(
    r"@?(?P<user>[A-Za-z0-9_](?:[A-Za-z0-9_.\-]{0,62}[A-Za-z0-9_])?)@(?P<host>[A-Za-z0-9.\-\u00a1-\uffff]{1,253}(?::[0-9]{1,5})?)"
)


class Unknown(ValueError):  # noqa: N818 - names the verdict
    """Not a handle, or not an answer about it."""


def split(handle: str) -> tuple[str, str]:
    """User and host of `@kari@example.no`, `kari@example.no` or `acct:kari@example.no`; the host in lower case.

    Raises:
        Unknown: it is none of these.
    """
    match = _HANDLE.fullmatch(handle.strip().removeprefix("acct:"))
    if not match:
        raise Unknown("Not a handle.")
    return match["user"], match["host"].lower()


def query_url(handle: str, *, scheme: str = "https") -> str:
    """Where to ask about a handle (§4).

    Raises:
        Unknown: not a handle.
    """
    user, host = split(handle)
    return (
        f"{scheme}://{host}/.well-known/webfinger?resource={quote(f'acct:{user}@{host}', safe='')}"
    )


def answer(user: str, host: str, actor: str, page: str) -> dict[str, Any]:
    """The JRD about one of our actors (§4.4)."""
    return {
        "subject": f"acct:{user}@{host}",
        "aliases": [actor],
        "links": [
            {"rel": "self", "type": _ACTIVITY, "href": actor},
            {"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": page},
        ],
    }


def read(body: bytes) -> tuple[str, str]:
    """Subject (`user@host`) and the actor's address in an answer.

    Raises:
        Unknown: it names neither.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise Unknown("The answer is not JSON.") from fault
    if not isinstance(document, Mapping) or not isinstance(document.get("links"), list):
        raise Unknown("The answer holds no links.")
    user, host = split(str(document.get("subject", "")))
    for link in document["links"]:
        if isinstance(link, Mapping) and link.get("rel") == "self":
            href = link.get("href")
            if link.get("type") in {_ACTIVITY, _PROFILE} and isinstance(href, str):
                return f"{user}@{host}", href
    raise Unknown("The answer names no actor.")
