"""What others deliver: from whom it is, whether we take anything from there, and which of our actors it is for."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import datetime

from django.utils import timezone

from torget.adapters.activitypub import blocks, named, remotes
from torget.adapters.activitypub import ours as our
from torget.adapters.activitypub.models import DomainBlock, Peer, Remote
from torget.adapters.activitypub.ours import NETWORK, Ours
from torget.channels import accounts
from torget.channels.contract import AccountAccess, BadSignature, NothingToKeep, RawItem
from torget.conversations.known import is_known
from torget.intake import rules as intake
from torget.protocols.activitypub import Activity, Claim, Malformed, reading
from torget.protocols.http_signatures import Checked, Invalid, Request, key_id_of, verify
from torget.protocols.http_signatures.request import authority

MEDIA_TYPE_CHARS = 120
MOST_BYTES = 1_000_000  # of an activity; Mastodon refuses more, too


def request_of(origin: str, headers: Mapping[str, str]) -> Request:
    """The request as its sender signed it; a proxy in front may have ended its TLS, so the scheme is our own address's."""
    scheme, _colon, rest = origin.partition("://")
    host = headers.get("host") or headers.get(":authority") or rest
    return Request(
        headers.get(":method", "POST"),
        scheme,
        authority(scheme, host),
        headers.get(":path", ""),
        headers,
    )


def take(account: AccountAccess, headers: Mapping[str, str], body: bytes) -> RawItem:
    """Check a delivery to an inbox of ours; the item to store. Copies go to our other actors it is for.

    Until the signature holds, nothing is read of it but who is said to do what: the work a stranger can cause is bounded.

    Raises:
        BadSignature: not from whom it says, too old, tampered with, or from a server that is blocked.
    """
    at = timezone.now()
    mine = our.of(account)
    if len(body) > MOST_BYTES:
        raise BadSignature("The activity is too large.")
    request = request_of(mine.origin, headers)
    key_id = _key_id(request)
    try:
        document = reading.load(body)
        claim = reading.claim(document)
    except Malformed as fault:
        raise BadSignature(f"Not an activity: {fault}") from fault
    municipality_id = accounts.municipality_of(account.id) or 0
    blocked = blocks.severity(municipality_id, claim.actor)
    if blocked == DomainBlock.Severity.SUSPEND:
        raise BadSignature("This server is blocked.")
    remote, checked = check(request, key_id, body, claim, mine, at=at)
    activity = reading.activity(document)
    _remember_way(remote.host, checked)
    item = RawItem(
        f"{activity.id or activity.actor}#{hashlib.sha256(body).hexdigest()[:16]}",
        body,
        headers.get("content-type", "")[:MEDIA_TYPE_CHARS],
        {
            "actor-name": remote.name,
            "actor-handle": remote.handle,
            "actor-page": remote.page,
            "signed": checked.way,
            **({"silenced": "1"} if blocked else {}),
            **named.fetched(activity, mine),
        },
    )
    _hand_on(municipality_id, account.id, activity, item, at=at)
    return item


def _key_id(request: Request) -> str:
    try:
        return key_id_of(request)
    except Invalid as fault:
        raise BadSignature(str(fault)) from fault


def check(
    request: Request, key_id: str, body: bytes, claim: Claim, mine: Ours, *, at: datetime
) -> tuple[Remote, Checked]:
    """Hold the signature against the actor's key; once more with fresh keys when it fails.

    Raises:
        BadSignature: it does not hold.
        NothingToKeep: somebody we never knew is no more.
    """
    if reading.host_of(key_id) != reading.host_of(claim.actor):
        raise BadSignature("The key is not the actor's.")
    gone = claim.type == "Delete" and claim.object_id == claim.actor
    if gone and remotes.known(claim.actor) is None:
        # Their key is gone as well. A refusal would have their server tell us again and again.
        raise NothingToKeep("Somebody we never knew is gone.")
    try:
        remote = remotes.actor(claim.actor, mine, at=at)
    except remotes.Unreachable as fault:
        if fault.gone and claim.type == "Delete":
            raise NothingToKeep(
                "Somebody we never knew took something back, and is gone."
            ) from fault
        raise BadSignature(f"The actor's key could not be fetched: {fault}") from fault
    try:
        return remote, held_by(remote, key_id, request, body)
    except Invalid as fault:
        if not remotes.may_ask_again(remote, at=at):
            raise BadSignature(str(fault)) from fault
    try:
        remote = remotes.refresh(claim.actor, mine, at=at)
        return remote, held_by(remote, key_id, request, body)
    except (Invalid, remotes.Unreachable) as fault:
        raise BadSignature(str(fault)) from fault


def held_by(remote: Remote, key_id: str, request: Request, body: bytes | None) -> Checked:
    """The signature held against the key the actor has under that name.

    Raises:
        Invalid: it does not hold, or the actor has no such key.
    """
    key = remotes.key_in(remote, key_id)
    if key is None:
        raise Invalid("The actor has no such key.")
    return verify(request, body, key, now=time.time())


def reader(request: Request, mine: Ours, *, at: datetime) -> Remote:
    """Who asks to read something, by their signature (authorised fetch).

    Raises:
        BadSignature: nobody we can tell.
    """
    try:
        key_id = key_id_of(request)
        remote = remotes.owner_of(key_id, mine, at=at)
        held_by(remote, key_id, request, None)
    except (Invalid, remotes.Unreachable) as fault:
        raise BadSignature(str(fault)) from fault
    return remote


def _remember_way(host: str, checked: Checked) -> None:
    """What a server signs with it can most likely read, too."""
    way = f"{checked.way}-{checked.key.kind}"
    if not Peer.objects.filter(host=host, signs=way).exists():
        Peer.objects.update_or_create(host=host, defaults={"signs": way})


def concerns(activity: Activity, mine: Ours) -> bool:
    """Whether an activity is for this actor of ours: by its address, or by what it is about."""
    concerned = {*activity.addressed, *activity.objects, activity.target}
    for body in activity.bodies:
        for name in ("to", "object", "inReplyTo"):
            concerned |= set(reading.ids_of(body.get(name)))
        concerned |= set(reading.others_of(body))
        tags = [tag for tag in reading.many(body.get("tag")) if isinstance(tag, Mapping)]
        concerned |= {reading.id_of(tag.get("href")) for tag in tags}
    return any(uri == mine.actor or mine.is_ours(uri) for uri in concerned)


def _hand_on(
    municipality_id: int, account_id: int, activity: Activity, item: RawItem, *, at: datetime
) -> None:
    """Our other actors get what is for them: most servers deliver to the shared inbox only."""
    others = accounts.on_network(NETWORK).filter(municipality=municipality_id)
    for other in others.exclude(pk=account_id):
        theirs = our.without_secrets(other)
        deletes = activity.type == "Delete" and is_known(other.pk, activity.object_id)
        if concerns(activity, theirs) or deletes:
            intake.receive(other.pk, item, at=at)
