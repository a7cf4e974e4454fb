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


def fetched(said: Activity, mine: Ours) -> dict[str, str]:
    """The documents a Create or Update for us names, as a header of its envelope; {} when there is nothing to fetch.

    Only from the actor's own server, a few at most. What cannot be had is left out: its envelope is set aside.
    """
    here = f"{mine.origin}/ap/"
    if said.type not in ("Create", "Update") or not any(one.startswith(here) for one in said.addressed):  # fmt: skip
        return {}
    host = reading.host_of(said.actor)
    wanted = [uri for uri in dict.fromkeys(said.named) if uri != said.actor and reading.host_of(uri) == host]  # fmt: skip
    found = {}
    for uri in wanted[:MOST_FETCHED]:
        try:
            document = dict(remotes.fetch(uri, mine).document)
        except remotes.Unreachable:
            continue
        if reading.id_of(document.get("id")) == uri:
            found[uri] = document
    written = json.dumps(found, ensure_ascii=False)
    return {HEADER: written} if found and len(written) <= MOST_CHARS else {}


def documents(headers: Mapping[str, str]) -> dict[str, Mapping[str, object]]:
    """The documents in an envelope's header, by their address."""
    held = json.loads(headers.get(HEADER, "{}"))
    return {uri: one for uri, one in held.items() if isinstance(one, Mapping)}
