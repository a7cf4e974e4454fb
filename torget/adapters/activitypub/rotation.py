"""Which servers may not have our new key yet: they are spoken to with the one before, until its time is over.

No server drops what we say unseen because its copy of our actor is old: many answer 202 before they look.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from urllib.parse import urldefrag

from torget.adapters.activitypub import inbound
from torget.adapters.activitypub.models import OldCopy, Remote
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


def begin(account_id: int, key: str, inboxes: Iterable[str]) -> None:
    """Keys change, in the caller's transaction: the servers of these inboxes know the actor by its old key.

    Whoever comes to know it later has the new one from the first, and is spoken to with that.
    """
    OldCopy.objects.filter(account=account_id).delete()
    hosts = {reading.host_of(inbox) for inbox in inboxes}
    rows = [OldCopy(account_id=account_id, key=key, host=host) for host in sorted(hosts) if host]
    OldCopy.objects.bulk_create(rows, batch_size=1_000)


def note_taken(taken: Iterable[tuple[int, str, str]]) -> None:
    """These servers (account, address of its key in force, host) took something that only that key proves."""
    for account, key, host in set(taken):
        OldCopy.objects.filter(account=account, key=key, host=host).delete()


def holders(
    ours: Iterable[Ours | None], hosts: Collection[str], *, at: datetime
) -> set[tuple[str, str]]:
    """Of the actors that change keys: which of these hosts may not have the key in force, as (its address, host)."""
    keys = [mine.key_id("rsa") for mine in ours if mine is not None and mine.changes_keys(at)]
    rows = OldCopy.objects.filter(key__in=keys, host__in=hosts) if keys else OldCopy.objects.none()
    return set(rows.values_list("key", "host"))
