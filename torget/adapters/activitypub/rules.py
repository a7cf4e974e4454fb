"""What administrators decide about our place in the fediverse: actors, keys, pinned posts, blocked servers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from torget.adapters.activitypub import announcing, blocks, inbox_deliveries, rotation, shutting
from torget.adapters.activitypub import ours as our
from torget.adapters.activitypub.models import APObject, DomainBlock, Follower
from torget.adapters.activitypub.ours import ED25519_NAME, NETWORK, RSA_NAME
from torget.channels import accounts
from torget.channels import rules as channels
from torget.channels.models import Account
from torget.channels.secrets import seal, unseal
from torget.errors import NotAllowed, Refused
from torget.history.rules import record
from torget.people.actor import Actor, check, check_everywhere
from torget.people.links import absolute
from torget.people.models import Municipality, Unit
from torget.protocols.http_signatures import PublicKey, new_ed25519, new_rsa

USERNAME = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]{0,28}[a-z0-9_])?")
# For as long, who knows only the old key is spoken to with it. Longer than any server we know keeps an actor unasked.
OLD_KEY_DAYS = 30
LOOPS_KNOW = timedelta(seconds=6)  # the loops that carry remember an account's keys for five
_HOST = re.compile(
    r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?::[0-9]{1,5})?"
)


def username_of(text: str) -> str:
    """A name an actor can have.

    Raises:
        Refused: it cannot be one.
    """
    username = text.strip().lower().lstrip("@")
    if not USERNAME.fullmatch(username) or username == "o":
        raise Refused(
            _(
                "Navnet kan ha bokstavene a–z, tall, punktum, bindestrek og understrek. Velg et annet."
            ),
            "bad_username",
        )
    return username


def fresh_keys() -> tuple[dict[str, str], dict[str, str]]:
    """Names and secrets of a new pair: RSA for everybody, Ed25519 for who knows RFC 9421. A name is never used again."""
    mark = token_hex(4)
    names = {"rsa": f"{RSA_NAME}-{mark}", "ed25519": f"{ED25519_NAME}-{mark}"}
    return names, {"rsa": new_rsa(), "ed25519": new_ed25519()}


def open_actor(
    unit: Unit,
    username: str,
    *,
    by: Actor,
    at: datetime,
    name: str = "",
    settings: Mapping[str, Any] | None = None,
) -> Account:
    """Make the unit known in the fediverse as @username@our-host, with keys of its own.

    Raises:
        NotAllowed: the actor is no administrator there.
        Refused: the name cannot be one, or is taken here.
    """
    host = absolute(unit.municipality, "").partition("://")[2]
    address = f"{username_of(username)}@{host}"
    if accounts.is_taken(NETWORK, address):
        raise Refused(_("Navnet er i bruk. Velg et annet."), "account_exists")
    names, secrets = fresh_keys()
    return channels.open_account(
        unit,
        network=NETWORK,
        address=address,
        name=name or unit.name,
        settings={**dict(settings or {}), "keys": names},
        secrets=secrets,
        by=by,
        at=at,
    )


def rotate_keys(account: Account, *, by: Actor, at: datetime, leaked: bool = False) -> None:
    """New keys with new addresses, and an Update of the actor to every server that knows it.

    For a month the old keys stand in the actor's document (`leaked` ones no longer), and what goes to a server that
    has not shown that it knows the new ones is signed with the old (see `rotation`).

    Raises:
        NotAllowed: the actor is no administrator there.
    """
    check(by, "people.administer", account.unit)
    with transaction.atomic():
        account = accounts.locked(account.pk)
        mine = our.of(channels.access(account))
        until = (at + timedelta(days=OLD_KEY_DAYS)).isoformat()
        old = [] if leaked else [dict(key) for key in mine.old_keys(at)]
        for kind in () if leaked else ("rsa", "ed25519"):
            public: PublicKey = mine.key(kind).public()
            old.append({"id": public.id, "key": public.multikey(), "until": until})
        names, secrets = fresh_keys()
        kept = dict(unseal(bytes(account.secrets)))
        before = {kind: mine.key_id(kind) for kind in ("rsa", "ed25519")} | {"until": until}
        kept |= {f"{kind}_before": kept[kind] for kind in ("rsa", "ed25519") if kind in kept}
        account.settings = {**account.settings, "keys": names, "old_keys": old, "before": before}
        account.secrets = seal({**kept, **secrets})
        account.save(update_fields=["settings", "secrets"])
        rotation.begin(
            account.pk, f"{mine.actor}#{names['rsa']}", announcing.known_to(account.pk, at=at)
        )
        announcing.announce(account, at=at, due_at=at + LOOPS_KNOW)
        record("account.keys_rotated", account, by=by, at=at, leaked=leaked)


def pin(ap_object: APObject, pinned: bool, *, by: Actor, at: datetime) -> None:
    """Show a post first on our profile elsewhere, or no longer.

    Raises:
        NotAllowed: the actor is no duty lead or administrator there.
    """
    check(by, "channels.pause", ap_object.account.unit)
    with transaction.atomic():
        APObject.objects.filter(pk=ap_object.pk).update(pinned_at=at if pinned else None)
        record("account.pinned" if pinned else "account.unpinned", ap_object.account, by=by, at=at)


def may_block(municipality: Municipality, by: Actor) -> bool:
    """Whether they decide about servers: that holds for the whole municipality."""
    try:
        check_everywhere(by, "people.administer", municipality)
    except NotAllowed:
        return False
    return True


def block_domain(
    municipality: Municipality, host: str, severity: str, reason: str, *, by: Actor, at: datetime
) -> DomainBlock:
    """Decide about a server: nothing to and from it (suspend), or nothing of it shown in public (silence).

    Raises:
        NotAllowed: no administrator of the whole municipality.
        Refused: no reason, or no server of that name can be.
    """
    check_everywhere(by, "people.administer", municipality)
    host = host.strip().lower().removeprefix("https://").strip("/").lstrip("@")
    if not _HOST.fullmatch(host):
        raise Refused(_("Skriv navnet på tjeneren, for eksempel mastodon.example."), "bad_host")
    if not reason.strip():
        raise Refused(_("Skriv hvorfor tjeneren stenges ute, så andre forstår det."), "no_reason")
    with transaction.atomic():
        block, _new = DomainBlock.objects.update_or_create(
            municipality=municipality,
            host=host,
            defaults={
                "severity": DomainBlock.Severity(severity),
                "reason": reason.strip()[:300],
                "decided_by": by.staff,
                "decided_at": at,
            },
        )
        if severity == DomainBlock.Severity.SUSPEND:
            theirs = blocks.under(host, "remote__host")
            followers = Follower.objects.filter(theirs, account__municipality=municipality)
            inbox_deliveries.keep_from(host, municipality.pk, at=at)
            shutting.reject(followers, at=at)  # the last we send there
        record("domain.blocked", block, by=by, at=at, severity=severity)
    return block


def unblock_domain(block: DomainBlock, *, by: Actor, at: datetime) -> None:
    """Take from it and send to it again.

    Raises:
        NotAllowed: no administrator of the whole municipality.
    """
    check_everywhere(by, "people.administer", block.municipality)
    with transaction.atomic():
        record("domain.unblocked", block, by=by, at=at)
        block.delete()


def retry_deliveries(account: Account, host: str, *, by: Actor, at: datetime) -> int:
    """Send a server again what was given up, from the beginning of its waits; how many.

    What has been corrected or taken back there since stays given up.

    Raises:
        NotAllowed: the actor is no administrator there.
        Refused: the server is blocked, or nothing is left to send it.
    """
    check(by, "people.administer", account.unit)
    if blocks.severity(account.municipality_id, f"https://{host}/") == DomainBlock.Severity.SUSPEND:
        raise Refused(
            _("Tjeneren er stengt ute. Slipp den inn igjen før dere sender til den."), "blocked"
        )
    with transaction.atomic():
        count = inbox_deliveries.due_anew(account.pk, host, at=at)
        if not count:
            raise Refused(
                _(
                    "Det er ikke lenger noe å sende dit: innleggene er rettet eller trukket tilbake."
                ),
                "nothing_left",
            )
        record("account.parcels_retried", account, by=by, at=at, count=count)
    return count
