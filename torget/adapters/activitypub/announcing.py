"""Telling the servers that know an actor of ours when anything of it changes, whatever changed it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import uuid4

from django.db import connection, transaction

from torget.adapters.activitypub import acts, documents, inbox_deliveries, shutting
from torget.adapters.activitypub import ours as our
from torget.adapters.activitypub.models import Act, InboxDelivery, OldCopy, Profile
from torget.adapters.activitypub.ours import NETWORK
from torget.channels import accounts
from torget.channels import rules as channels
from torget.channels.models import Account
from torget.channels.secrets import seal, unseal
from torget.errors import Refused
from torget.protocols.activitypub import PUBLIC, reading, writing
from torget.protocols.http_signatures import BadKey

KEY = "profile-"
_LOCK = 0x70726F66  # one process at a time looks
# Every inbox that something of ours went to lately: what an account has said for a quarter of a year.
_REACHED = """
SELECT DISTINCT jsonb_array_elements_text(inboxes) FROM activitypub_act
WHERE account_id = %s AND done_at > %s - interval '90 days'
UNION SELECT DISTINCT COALESCE(NULLIF(r.shared_inbox, ''), r.inbox) FROM activitypub_follower f
JOIN activitypub_remote r ON r.id = f.remote_id WHERE f.account_id = %s AND r.gone_at IS NULL
"""


def known_to(account_id: int, *, at: datetime) -> list[str]:
    """One inbox of each server that knows the actor: it follows, or has heard from it in the last quarter of a year."""
    with connection.cursor() as cursor:
        cursor.execute(_REACHED, [account_id, at, account_id])
        inboxes = sorted(row[0] for row in cursor.fetchall())
    # The shortest of a server's inboxes is the shared one, where it has one; an actor is kept once by its server.
    by_host = {reading.host_of(inbox): inbox for inbox in sorted(inboxes, key=len, reverse=True)}
    return [inbox for host, inbox in by_host.items() if host]


def digest_of(account: Account, *, at: datetime) -> str:
    """What the actor's document is now, in short.

    Raises:
        BadKey, KeyError: the account has no keys.
    """
    document = acts.bytes_of(documents.actor_of(account, at=at))
    return hashlib.sha256(document).hexdigest()


def announce(account: Account, *, at: datetime, due_at: datetime | None = None) -> Act:
    """An Update of the actor to every server that knows it, in the caller's transaction; one that waits is replaced.

    Raises:
        BadKey, KeyError: the account has no keys.
    """
    mine = our.of(channels.access(account))
    waiting = InboxDelivery.objects.filter(act__account=account, act__key__startswith=KEY)
    waiting.filter(state=InboxDelivery.State.DUE).delete()
    mark = uuid4().hex
    activity = writing.activity(
        "Update",
        f"{mine.actor}#update-{mark}",
        actor=mine.actor,
        about=documents.actor_of(account, at=at),
        to=[PUBLIC],
        cc=[mine.followers],
        published=at,
    )
    known = known_to(account.pk, at=at)
    act = acts.do(f"{KEY}{mark}", mine, activity, known, receipt=mine.actor, at=at, due_at=due_at)
    Profile.objects.update_or_create(
        account=account, defaults={"digest": digest_of(account, at=at), "told_at": at}
    )
    return act


def announce_changes(*, at: datetime) -> int:
    """Announce the actors whose documents are not what was told of them last; how many. A new one nobody knows yet."""
    count = 0
    digests = dict(Profile.objects.values_list("account", "digest"))
    for account in accounts.on_network(NETWORK):
        try:
            digest = digest_of(account, at=at)
            if account.pk not in digests:
                Profile.objects.create(account=account, digest=digest, told_at=at)
            elif digests[account.pk] != digest:
                announce(account, at=at)
                count += 1
        except (BadKey, KeyError, Refused):
            continue  # it cannot sign either; its health says so
    return count


def forget_old_keys(*, at: datetime) -> None:
    """Keys whose time is over are not kept."""
    for account in accounts.on_network(NETWORK).filter(settings__has_key="before"):
        if account.network != NETWORK or our.of(channels.access(account)).changes_keys(at):
            continue
        secrets = unseal(bytes(account.secrets))
        account.secrets = seal({k: v for k, v in secrets.items() if not k.endswith("_before")})
        account.settings = {k: v for k, v in account.settings.items() if k != "before"}
        account.save(update_fields=["settings", "secrets"])
        OldCopy.objects.filter(account=account).delete()


def tidy(*, at: datetime) -> None:
    """What is done once a minute by one process of all: servers that were away are tried, and what has changed is told."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return
        inbox_deliveries.probe(at=at)
        forget_old_keys(at=at)
        announce_changes(at=at)
        shutting.reject_the_blocked(at=at)
