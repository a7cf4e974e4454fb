"""Which servers have our new key: those are spoken to with it, the others with the one before, until its time is over.

No server drops what we say unseen because its copy of our actor is old: many answer 202 before they look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from urllib.parse import urldefrag

from torget.adapters.activitypub import inbound
from torget.adapters.activitypub.models import KeySeen, Remote
from torget.adapters.activitypub.ours import Ours
from torget.protocols.activitypub import reading
from torget.protocols.http_signatures import Invalid, Request, key_id_of


def note_fetch(asked: Request, mine: Ours) -> None:
    """A server has just been given our actor: when it signed for that, and we know its key, it has the new key.

    Nobody is asked for a key here. Who only says that they are a server, or whose key we do not have, changes nothing.
    """
    try:
        key_id = key_id_of(asked)
    except Invalid:
        return
    host = reading.host_of(key_id)
    rows = Remote.objects.filter(uri=urldefrag(key_id).url) | Remote.objects.filter(
        host=host, keys__contains=[{"id": key_id}]
    )
    remote = rows.first()
    if remote is None or remote.host != host:
        return
    try:
        inbound.held_by(remote, key_id, asked, None)
    except Invalid:
        return
    note_taken([(mine.account_id, mine.key_id("rsa"), host)])


def note_taken(taken: Iterable[tuple[int, str, str]]) -> None:
    """These servers (account, address of its key in force, host) took something that only that key proves."""
    rows = [KeySeen(account_id=account, key=key, host=host) for account, key, host in set(taken)]
    if rows:
        KeySeen.objects.bulk_create(rows, ignore_conflicts=True)


def seen(
    ours: Iterable[Ours | None], hosts: Collection[str], *, at: datetime
) -> set[tuple[str, str]]:
    """Of the actors that change keys: which of these hosts has which key in force, as (address of the key, host)."""
    keys = [mine.key_id("rsa") for mine in ours if mine is not None and mine.changes_keys(at)]
    rows = KeySeen.objects.filter(key__in=keys, host__in=hosts) if keys else KeySeen.objects.none()
    return set(rows.values_list("key", "host"))
