"""What an activity only names by its address: fetched when it is delivered, so that it can be read with it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from torget.adapters.activitypub import remotes
from torget.adapters.activitypub.ours import Ours
from torget.protocols.activitypub import Activity, reading

HEADER = "named"
MOST_FETCHED = 3
MOST_CHARS = 200_000


def fetched(activity: Activity, mine: Ours) -> dict[str, str]:
    """The documents a Create or Update for us names, as a header of its envelope; {} when there is nothing to fetch.

    Only from the actor's own server, a few at most. What cannot be had is left out: its envelope is set aside.
    """
    here = f"{mine.origin}/ap/"
    if activity.type not in ("Create", "Update") or not any(uri.startswith(here) for uri in activity.addressed):  # fmt: skip
        return {}
    host = reading.host_of(activity.actor)
    wanted = [uri for uri in dict.fromkeys(activity.named) if uri != activity.actor and reading.host_of(uri) == host]  # fmt: skip
    documents_fetched = {}
    for uri in wanted[:MOST_FETCHED]:
        try:
            document = dict(remotes.fetch(uri, mine).document)
        except remotes.Unreachable:
            continue
        if reading.id_of(document.get("id")) == uri:
            documents_fetched[uri] = document
    written = json.dumps(documents_fetched, ensure_ascii=False)
    return {HEADER: written} if documents_fetched and len(written) <= MOST_CHARS else {}


def documents(headers: Mapping[str, str]) -> dict[str, Mapping[str, object]]:
    """The documents in an envelope's header, by their address."""
    by_uri = json.loads(headers.get(HEADER, "{}"))
    return {uri: row for uri, row in by_uri.items() if isinstance(row, Mapping)}
