"""Changing accounts: open, pause, note health and life; and what others may know of them."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from torget.channels.contract import AccountAccess, AccountSnapshot, Health
from torget.channels.models import Account, Alarm, Fault, Heartbeat
from torget.channels.registry import adapter_for, adapters, networks_that
from torget.channels.secrets import seal, unseal
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.links import absolute
from torget.people.models import Municipality, Unit

_beaten: dict[str, float] = {}  # when each loop of this process last beat
LIMIT_SECONDS = 15 * 60.0  # when a network says "too much" without saying until when
LONGEST_LIMIT_SECONDS = 24 * 3600.0
FAULT_FORGOTTEN = timedelta(days=1)
SAME_TROUBLE = timedelta(hours=1)  # an alarm that comes back so soon never was another one


def open_account(
    unit: Unit,
    *,
    network: str,
    address: str,
    name: str,
    settings: Mapping[str, Any] | None = None,
    secrets: Mapping[str, str] | None = None,
    by: Actor,
    at: datetime,
) -> Account:
    """A new account of the unit on a network.

    Raises:
        NotAllowed: the actor is no administrator there.
    """
    check(by, "people.administer", unit)
    with transaction.atomic():
        account = Account.objects.create(
            municipality_id=unit.municipality_id,
            unit=unit,
            network=network,
            address=address.lower(),
            name=name,
            settings=dict(settings or {}),
            secrets=seal(secrets or {}),
            on_square=network in adapters() and adapters()[network].capabilities.ours,
        )
        record("account.opened", account, by=by, at=at, network=network)
    return account


def form_account(municipality: Municipality) -> Account:
    """The municipality's own square as a channel.

    Raises:
        Refused: none has been opened.
    """
    account = first_account(municipality.pk, "form")
    if account is None:
        raise Refused(_("Torget er ikke åpnet ennå. Ring kommunen."), "no_form_account")
    return account


def first_account(municipality_id: int, network: str) -> Account | None:
    """The municipality's account on a network that is not closed, the oldest first: the one it writes from by itself."""
    accounts = Account.objects.active().filter(municipality_id=municipality_id, network=network)
    return accounts.order_by("pk").first()


def letter_network() -> str:
    """The network automatic letters go out on, and addresses people type in belong to.

    Raises:
        ImproperlyConfigured: no adapter for letters is loaded.
    """
    if not (names := networks_that("letters")):
        raise ImproperlyConfigured("No adapter for letters: add one to TORGET_ADAPTERS.")
    return names[0]


def letter_account(municipality_id: int) -> Account | None:
    """The municipality's account automatic letters go out from; None when there is none."""
    return first_account(municipality_id, letter_network())


def chat_account(municipality: Municipality, *, at: datetime) -> Account:
    """The chat of the municipality's square; opened beside the square's own account the first time.

    Raises:
        Refused: the square is not open, or the municipality has decided not to chat.
    """
    beside = form_account(municipality)
    account = first_account(municipality.pk, "chat")
    if account is None:
        system = Actor.system(municipality.pk)
        account = open_account(
            beside.unit,
            network="chat",
            address=f"prat.{municipality.slug}",
            name=str(adapter_for("chat").label),
            by=system,
            at=at,
        )
    if not account.in_use or account.paused_at:
        raise Refused(_("Praten er ikke i bruk nå. Send oss et spørsmål i stedet."), "no_chat")
    return account


def try_account(
    network: str, address: str, settings: Mapping[str, Any], secrets: Mapping[str, str]
) -> None:
    """See whether we can receive and send with these settings; nothing is stored.

    Raises:
        Refused: we cannot, with what to mend; or we have that account already.
    """
    if Account.objects.filter(network=network, address=address.lower()).exists():
        raise Refused(_("Denne adressen er allerede koblet til."), "account_exists")
    health = adapter_for(network).check(
        AccountAccess(0, network, address.lower(), "", settings, secrets)
    )
    if not health.ok:
        raise Refused(_("Vi fikk ikke kontakt: %(why)s") % {"why": health.detail}, "no_contact")


def pause(account: Account, reason: str, *, by: Actor, at: datetime) -> None:
    """Stop sending from the account; it goes on receiving.

    Raises:
        NotAllowed: no duty lead or administrator.
        Refused: no reason was given.
    """
    check(by, "channels.pause", account.unit)
    if not reason.strip():
        raise Refused(
            _("Skriv hvorfor kanalen settes på pause, så kollegene forstår det."), "no_reason"
        )
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(
            paused_at=at, paused_by_id=by.id, paused_reason=reason.strip()[:200]
        )
        record("account.paused", account, by=by, at=at)


def resume(account: Account, *, by: Actor, at: datetime) -> None:
    """Send again."""
    check(by, "channels.pause", account.unit)
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(
            paused_at=None, paused_by=None, paused_reason=""
        )
        record("account.resumed", account, by=by, at=at)


def snapshot(account: Account) -> AccountSnapshot:
    """The account as an adapter may know it: where our own square and its webhook are stand in the settings."""
    return AccountSnapshot(**_shown(account))


def access(account: Account) -> AccountAccess:
    """The account with its credentials, for asking its network.

    Raises:
        Refused: its secrets cannot be read.
    """
    return AccountAccess(**_shown(account), secrets=unseal(bytes(account.secrets)))


def _shown(account: Account) -> dict[str, Any]:
    own = {"origin": absolute(account.municipality, ""), "hook": account.hook}
    return {
        "id": account.pk,
        "network": account.network,
        "address": account.address,
        "name": account.name,
        "settings": {**account.settings, **own},
        "language": account.municipality.default_language,
    }


def active_access(network: str) -> list[AccountAccess]:
    """Every account we listen to on a network, paused and ailing ones too, with its credentials."""
    accounts = Account.objects.active().with_place().filter(network=network)
    return [access(account) for account in accounts.order_by("pk")]


def access_by_key(key: str) -> AccountAccess | None:
    """The account a webhook address names, if any."""
    try:
        name = uuid.UUID(key)
    except ValueError:
        return None
    account = Account.objects.active().with_place().filter(key=name).first()
    return access(account) if account else None


def secrets_of(account_id: int) -> dict[str, str] | None:
    """The account's secrets as they are now; None when there is no such account (it is being connected)."""
    account = Account.objects.filter(pk=account_id).only("secrets").first()
    return unseal(bytes(account.secrets)) if account else None


def cursor(account_id: int) -> dict[str, Any]:
    """How far we have read there."""
    position: dict[str, Any] = Account.objects.values_list("cursor", flat=True).get(pk=account_id)
    return position


def move_cursor(account_id: int, position: Mapping[str, Any]) -> None:
    """Remember how far we have read; only after what was read is committed."""
    Account.objects.filter(pk=account_id).update(cursor=dict(position))


def saw_life(account_id: int, *, received: bool = False, at: datetime | None = None) -> None:
    """The network answered us just now, or gave us something."""
    at = at or timezone.now()
    changes: dict[str, Any] = {"last_seen_at": at}
    if received:
        changes["last_received_at"] = at
    Account.objects.filter(pk=account_id).update(**changes)


def note_health(account_id: int, health: Health, *, at: datetime | None = None) -> None:
    """What a check or a failed send found. A change is history, and trouble opens an alarm: a person is told."""
    at = at or timezone.now()
    with transaction.atomic():
        account = Account.objects.select_for_update().get(pk=account_id)
        changed = account.healthy != health.ok
        account.healthy, account.health_detail, account.health_at = (
            health.ok,
            health.detail[:500],
            at,
        )
        account.expires_at = health.expires_at or account.expires_at
        if health.ok or health.missing:  # a failed send knows nothing of permissions
            account.missing = list(health.missing)
        account.save(
            update_fields=["healthy", "health_detail", "health_at", "expires_at", "missing"]
        )
        if changed:
            verb = "account.recovered" if health.ok else "account.ailing"
            record(verb, account, by=Actor.system(account.municipality_id), at=at)
        subject = f"account:{account.pk}"
        if health.ok:
            lower_alarm("account", subject, at=at)
        else:
            raise_alarm(
                "account",
                subject,
                f"{account}: {health.detail}",
                municipality=account.municipality,
                at=at,
            )


def keep_secrets(
    account_id: int,
    secrets: Mapping[str, str],
    *,
    lasting: bool = True,
    at: datetime | None = None,
) -> None:
    """A network gave an account new secrets: kept among those it has, sealed. No account: nothing is kept.

    History tells the names of `lasting` ones only: a token that is good for an hour is no event.
    """
    with transaction.atomic():
        account = Account.objects.select_for_update().filter(pk=account_id).first()
        if account is None:
            return
        account.secrets = seal({**unseal(bytes(account.secrets)), **secrets})
        account.save(update_fields=["secrets"])
        if lasting:
            by = Actor.system(account.municipality_id)
            names = sorted(secrets)
            record("account.secrets_renewed", account, by=by, at=at or timezone.now(), names=names)


def note_limit(
    account_id: int, why: str, *, seconds: float | None = None, at: datetime | None = None
) -> None:
    """The network's own limit is reached: nothing more is sent from the account until it lets us again."""
    at = at or timezone.now()
    until = at + timedelta(seconds=min(seconds or LIMIT_SECONDS, LONGEST_LIMIT_SECONDS))
    Account.objects.filter(pk=account_id).update(limited_until=until, health_detail=why[:500])


def note_reconciled(account_id: int, *, at: datetime) -> None:
    """We asked the network for what its webhook may have lost."""
    Account.objects.filter(pk=account_id).update(reconciled_at=at)


def note_missed(account_id: int) -> None:
    """Asking found a message that no webhook had brought."""
    Account.objects.filter(pk=account_id).update(missed_count=F("missed_count") + 1)


def note_rejected(account_id: int, why: str, *, at: datetime | None = None) -> None:
    """A delivery to our webhook was refused: leave a trace of it."""
    Account.objects.filter(pk=account_id).update(
        rejected_count=F("rejected_count") + 1,
        rejected_at=at or timezone.now(),
        rejected_why=why[:200],
    )


def beat(name: str, *, every_seconds: int = 10, at: datetime | None = None) -> None:
    """A loop of ours is alive. Within half its time the last beat stands, unless `at` says otherwise."""
    now = time.monotonic()
    if at is None and now - _beaten.get(name, -math.inf) < every_seconds / 2:
        return
    row = Heartbeat(name=name, beat_at=at or timezone.now(), every_seconds=every_seconds)
    Heartbeat.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["beat_at", "every_seconds"],
    )
    _beaten[name] = now


def forget_beats() -> None:
    """Beat again at once; for tests."""
    _beaten.clear()


def note_fault(kind: str, place: str, *, at: datetime) -> None:
    """Count a fault nobody foresaw. After a day without one the count begins anew."""
    fault, new = Fault.objects.get_or_create(
        kind=kind[:100], place=place[:200], defaults={"first_at": at, "last_at": at}
    )
    if new:
        return
    rows = Fault.objects.filter(pk=fault.pk)
    if at - fault.last_at > FAULT_FORGOTTEN:
        rows.update(count=1, first_at=at, last_at=at)
    else:
        rows.update(count=F("count") + 1, last_at=at)


def raise_alarm(
    what: str, subject: str, detail: str, *, at: datetime, municipality: Municipality | None = None
) -> bool:
    """Open an alarm unless it is open already; True when it is new.

    One that was closed less than an hour ago is the same trouble come back: opened again, and nobody is told anew.
    """
    _open_again(what, subject, at)
    alarm, new = Alarm.objects.get_or_create(
        what=what,
        subject=subject,
        closed_at=None,
        defaults={"detail": detail[:500], "opened_at": at, "municipality": municipality},
    )
    if not new and alarm.detail != detail[:500]:
        Alarm.objects.filter(pk=alarm.pk).update(detail=detail[:500])
    return new


def _open_again(what: str, subject: str, at: datetime) -> None:
    alarms = Alarm.objects.filter(what=what, subject=subject)
    if alarms.filter(closed_at=None).exists():
        return
    last = alarms.filter(closed_at__gt=at - SAME_TROUBLE).order_by("closed_at").last()
    if last is not None:
        with suppress(IntegrityError), transaction.atomic():  # somebody else was faster
            alarms.filter(pk=last.pk).update(closed_at=None)


def lower_alarm(what: str, subject: str, *, at: datetime) -> None:
    """It moves again."""
    Alarm.objects.filter(what=what, subject=subject, closed_at=None).update(closed_at=at)


def note_told(alarm_id: int, *, at: datetime) -> None:
    """A person has been told of the alarm."""
    Alarm.objects.filter(pk=alarm_id).update(told_at=at)
