"""News of the fediverse: who follows us and no longer does, likes, shares, votes, replies, moves, blocks, reports."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from torget.adapters.activitypub import ours as our
from torget.adapters.activitypub import shutting
from torget.adapters.activitypub.inbox_deliveries import forget_inbox
from torget.adapters.activitypub.models import APObject, Follower, Remote, Response
from torget.adapters.activitypub.ours import Ours
from torget.channels import accounts
from torget.channels.contract import AccountSnapshot, NetworkEvent
from torget.channels.rules import raise_alarm
from torget.protocols.activitypub import writing

News = Mapping[str, Any]
LONG_AGO = 10 * 365
_RESPONSES = {"Like": "like", "Announce": "share"}


def on_event(event: NetworkEvent, account: AccountSnapshot, *, at: datetime) -> None:
    """Do what the news asks for, in the caller's transaction. News of a kind we have no use for changes nothing."""
    data = event.data
    remote = Remote.objects.filter(uri=data.get("actor", "")).first()
    act = _HEEDED.get(str(data.get("what", "")))
    if act is not None and remote is not None:
        act(data, our.of(account), remote, at)


def _follow(data: News, mine: Ours, remote: Remote, at: datetime) -> None:
    if data["object"] != mine.actor or not data["id"]:
        return
    municipality = accounts.get(mine.account_id).municipality_id
    if shutting.is_shut_out(municipality, remote.uri, at=at):
        Follower.objects.filter(account_id=mine.account_id, remote=remote).delete()
        shutting.answer(mine, remote, data["id"], "Reject", at=at)
        return
    Follower.objects.update_or_create(
        account_id=mine.account_id,
        remote=remote,
        defaults={"follow": data["id"], "followed_at": at},
    )
    shutting.answer(mine, remote, data["id"], "Accept", at=at)


def _undo(data: News, mine: Ours, remote: Remote, at: datetime) -> None:
    follows = Follower.objects.filter(remote=remote)
    if data["object_type"] == "Follow" and data["of"]:
        if data["of"] == mine.actor:
            follows.filter(account_id=mine.account_id).delete()
    elif data["object"]:
        follows.filter(follow=data["object"]).delete()
    theirs = Response.objects.filter(actor=remote.uri).exclude(kind="reply")
    if (kind := _RESPONSES.get(data["object_type"])) and data["of"]:
        # With the whole Like in it: one account likes an object once, so its id (which it need not have) is no matter.
        theirs.filter(kind=kind, ap_object__uri=data["of"]).delete()
    elif data["object"]:
        theirs.filter(uri=data["object"]).delete()


def _ap_object(data: News, mine: Ours) -> APObject | None:
    return APObject.objects.filter(
        account_id=mine.account_id, uri=data["object"], withdrawn_at=None
    ).first()


def _respond(kind: str) -> Callable[[News, Ours, Remote, datetime], None]:
    """Counted once. A like or share is its actor's only one of the object, whatever ids it comes with."""

    def note(data: News, mine: Ours, remote: Remote, at: datetime) -> None:
        ap_object = _ap_object(data, mine)
        if ap_object is None or not data["id"]:
            return
        more = {"at": at, "hidden": bool(data.get("hidden"))}
        rows = Response.objects
        if kind in _RESPONSES.values():
            # The newest id counts: that is the one an Undo names.
            rows.update_or_create(
                ap_object=ap_object,
                kind=kind,
                actor=remote.uri,
                defaults={"uri": data["id"], "at": at},
            )
        elif kind == Response.Kind.VOTE:
            rows.get_or_create(
                ap_object=ap_object,
                kind=kind,
                actor=remote.uri,
                option=data["option"],
                defaults={"uri": data["id"], **more},
            )
        else:
            rows.get_or_create(
                ap_object=ap_object, kind=kind, uri=data["id"], actor=remote.uri, defaults=more
            )

    return note


def _vote(data: News, mine: Ours, remote: Remote, at: datetime) -> None:
    """Counted once a person and option; one answer only where only one may be given."""
    ap_object = _ap_object(data, mine)
    if ap_object is None:
        return
    several = "anyOf" in ap_object.document
    options = [
        option["name"] for option in ap_object.document.get("anyOf" if several else "oneOf", [])
    ]
    cast = Response.objects.filter(ap_object=ap_object, kind=Response.Kind.VOTE, actor=remote.uri)
    before = cast.filter(option=data["option"]) if several else cast
    over = ap_object.document.get("endTime", "") < writing.stamp(at)
    if data["option"] in options and not over and not before.exists():
        _respond("vote")(data, mine, remote, at)


def _unsaid(data: News, mine: Ours, remote: Remote, at: datetime) -> None:
    Response.objects.filter(actor=remote.uri, kind="reply", uri=data["object"]).delete()


def _gone(data: News, mine: Ours, remote: Remote, at: datetime) -> None:
    """Their account is no more: nothing is sent there, and what they liked is forgotten. What they said to us stays."""
    Follower.objects.filter(remote=remote).delete()
    Response.objects.filter(actor=remote.uri).exclude(kind="reply").delete()
    Remote.objects.filter(pk=remote.pk).update(gone_at=at, name="", handle="", page="")
    forget_inbox(remote.inbox)


def _changed(data: News, mine: Ours, remote: Remote, at: datetime) -> None:
    """Fetched anew the next time they speak."""
    Remote.objects.filter(pk=remote.pk).update(
        fetched_at=datetime.min.replace(year=2000, tzinfo=at.tzinfo)
    )


def _moved(data: News, mine: Ours, remote: Remote, at: datetime) -> None:
    """Their new account follows us by itself if it wants to; the old one is only noted to have moved."""
    if data["object"] == remote.uri and data["target"]:
        Remote.objects.filter(pk=remote.pk).update(moved_to=data["target"])


def _blocked(data: News, mine: Ours, remote: Remote, at: datetime) -> None:
    if data["object"] == mine.actor:
        Follower.objects.filter(account_id=mine.account_id, remote=remote).delete()


def _reported(data: News, mine: Ours, remote: Remote, at: datetime) -> None:
    """Another server's moderators tell us of something of ours: a person must look at it."""
    about = [uri for uri in data["objects"] if uri == mine.actor or mine.is_ours(uri)]
    if not about:
        return
    account = accounts.get(mine.account_id)
    detail = _("%(host)s har fått en klage på det vi har publisert: %(about)s") % {
        "host": remote.host,
        "about": ", ".join(about[:5]),
    }
    raise_alarm(
        "activitypub.flag",
        f"flag:{hashlib.sha256(data['id'].encode()).hexdigest()[:40]}",
        detail,
        municipality=account.municipality,
        at=at,
    )


def _rejected(data: News, mine: Ours, remote: Remote, at: datetime) -> None:
    """We follow nobody, so nothing of ours is accepted or rejected."""


_HEEDED: Mapping[str, Callable[[News, Ours, Remote, datetime], None]] = {
    "Follow": _follow,
    "Undo": _undo,
    "Like": _respond("like"),
    "Announce": _respond("share"),
    "Reply": _respond("reply"),
    "Vote": _vote,
    "Unsaid": _unsaid,
    "Gone": _gone,
    "Update": _changed,
    "Move": _moved,
    "Block": _blocked,
    "Flag": _reported,
    "Accept": _rejected,
    "Reject": _rejected,
}
