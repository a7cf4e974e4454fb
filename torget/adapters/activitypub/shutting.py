"""Telling those we shut out that they follow us no longer: else their server believes that they do, for ever."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from torget.adapters.activitypub import acts
from torget.adapters.activitypub import ours as our
from torget.adapters.activitypub.models import Follower, Remote
from torget.adapters.activitypub.ours import NETWORK, Ours
from torget.channels import accounts
from torget.conversations import known
from torget.protocols.activitypub import writing

MOST_AT_ONCE = 500


def reject(followers: QuerySet[Follower], *, at: datetime) -> int:
    """Tell each that their follow is rejected, and drop it, in the caller's transaction. How many."""
    rows = list(followers.select_related("account__municipality", "remote"))
    for row in rows:
        answer(our.without_secrets(row.account), row.remote, row.follow, "Reject", at=at)
    Follower.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)


def answer(mine: Ours, remote: Remote, follow: str, kind: str, *, at: datetime) -> None:
    """Accept or reject a follow; the same answer to the same follow is given once."""
    key = f"{kind.lower()}-{mine.account_id}-{acts.mark_of(follow)}"
    about: dict[str, Any] = {"type": "Follow", "actor": remote.uri, "object": mine.actor}
    activity = writing.activity(
        kind, f"{mine.actor}#{key}", actor=mine.actor, about={"id": follow, **about}, to=[remote.uri]
    )  # fmt: skip
    # A server that is shut out is told that, too; whoever calls this with an Accept has seen that it is not.
    acts.do(
        key, mine, activity, [remote.inbox], receipt=activity["id"], at=at, though_shut_out=True
    )


def is_shut_out(municipality_id: int, uri: str, *, at: datetime) -> bool:
    """Whether staff have blocked the one with that actor."""
    return known.is_blocked(NETWORK, uri[:320], on=at.date(), municipality_id=municipality_id)


def reject_the_blocked(*, at: datetime) -> int:
    """Reject the follows of persons staff have blocked since; how many."""
    count = 0
    for account in accounts.on_network(NETWORK):
        place = {"municipality_id": account.municipality_id, "most": MOST_AT_ONCE}
        names = known.blocked(NETWORK, on=at.date(), **place)
        count += reject(Follower.objects.filter(account=account, remote__uri__in=names), at=at)
    return count
