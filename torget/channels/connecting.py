"""Connecting an account: what its network asks for, tried before it is kept; the same again gives it new keys."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from torget.channels import rules
from torget.channels.adapter import Adapter
from torget.channels.contract import AccountAccess, Connected, Health, SendError
from torget.channels.models import Account
from torget.channels.registry import adapter_for, adapters
from torget.channels.secrets import seal, unseal
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.links import absolute
from torget.people.models import Unit

SALT = "torget.channels.connecting"
STATE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Filled:
    """What an administrator filled in."""

    unit: Unit
    network: str
    name: str
    values: Mapping[str, str]

    def access(self) -> AccountAccess:
        """As the adapter may know it before there is an account."""
        hidden = {field.name for field in adapter_for(self.network).fields if field.secret}
        settings: dict[str, Any] = {k: v for k, v in self.values.items() if k not in hidden}
        secret_values = {k: v for k, v in self.values.items() if k in hidden and v}
        settings["origin"] = absolute(self.unit.municipality, "")
        return AccountAccess(0, self.network, "", self.name, settings, secret_values)


def connectable() -> list[Adapter]:
    """The networks an account can be connected to by filling something in, by what people call them."""
    fillable = [adapter for adapter in adapters().values() if adapter.fields]
    return sorted(fillable, key=lambda adapter: str(adapter.label).lower())


def connect(filled: Filled, *, by: Actor, at: datetime) -> Account:
    """Try the account and keep it. One we have already gets the new keys; its history stays. Not in a transaction.

    Raises:
        NotAllowed: no administrator there.
        Refused: the network does not let us in, or another municipality has the account.
    """
    check(by, "people.administer", filled.unit)
    access = filled.access()
    try:
        connected = adapter_for(filled.network).connect(access)
    except SendError as fault:
        raise Refused(_("Vi fikk ikke kontakt: %(why)s") % {"why": fault}, "no_contact") from fault
    return _keep(filled, connected, by=by, at=at)


def ask_owner(filled: Filled, redirect_uri: str, *, by: Actor) -> tuple[str, str]:
    """Where to send the owner to say yes, and what the browser must bring back (signed, its secrets sealed).

    Raises:
        NotAllowed: no administrator there.
        Refused: the network does not give an address for it.
    """
    check(by, "people.administer", filled.unit)
    state, access = secrets.token_urlsafe(24), filled.access()
    try:
        url = adapter_for(filled.network).authorise_url(
            access, redirect_uri=redirect_uri, state=state
        )
    except SendError as fault:
        raise Refused(_("Vi fikk ikke kontakt: %(why)s") % {"why": fault}, "no_contact") from fault
    kept = {
        "state": state,
        "unit": filled.unit.pk,
        "network": filled.network,
        "name": filled.name,
        "values": seal(dict(filled.values)).decode(),
    }
    return url, signing.dumps(kept, salt=SALT)


def owner_said_yes(
    kept: str, state: str, code: str, redirect_uri: str, *, by: Actor, at: datetime
) -> Account:
    """The owner came back with a code: the account is fetched with it and kept.

    Raises:
        NotAllowed: no administrator there.
        Refused: it took too long, it is not what we asked for, or the network gives no account.
    """
    try:
        asked = signing.loads(kept, salt=SALT, max_age=STATE_SECONDS)
    except signing.BadSignature as fault:
        raise Refused(_("Det tok for lang tid. Begynn på nytt."), "too_late") from fault
    if not state or not secrets.compare_digest(asked["state"].encode(), state.encode()):
        raise Refused(_("Svaret gjelder ikke denne tilkoblingen. Begynn på nytt."), "wrong_state")
    unit = Unit.objects.filter(pk=asked["unit"], municipality=by.municipality_id).first()
    if unit is None:
        raise Refused(_("Svaret gjelder ikke denne tilkoblingen. Begynn på nytt."), "wrong_state")
    filled = Filled(unit, asked["network"], asked["name"], unseal(asked["values"].encode()))
    check(by, "people.administer", unit)
    try:
        connected = adapter_for(filled.network).redeem(
            filled.access(), redirect_uri=redirect_uri, code=code
        )
    except SendError as fault:
        raise Refused(_("Vi fikk ikke kontakt: %(why)s") % {"why": fault}, "no_contact") from fault
    return _keep(filled, connected, by=by, at=at)


def _keep(filled: Filled, connected: Connected, *, by: Actor, at: datetime) -> Account:
    address, unit = connected.address.lower(), filled.unit
    ours = {"origin", "hook"}  # told anew each time, never kept
    settings = {k: v for k, v in connected.settings.items() if k not in ours}
    name = filled.name.strip() or connected.name
    access = AccountAccess(0, filled.network, address, name, connected.settings, connected.secrets)
    health = _tried(access)
    known = Account.objects.filter(network=filled.network, address=address).first()
    if known is not None and known.municipality_id != unit.municipality_id:
        raise Refused(_("Denne adressen er allerede koblet til."), "account_exists")
    if known is not None:
        check(by, "people.administer", known.unit)  # it may be another unit's
    with transaction.atomic():
        if known is None:
            known = rules.open_account(
                unit,
                network=filled.network,
                address=address,
                name=name,
                settings=settings,
                secrets=connected.secrets,
                by=by,
                at=at,
            )
        else:
            merged = {**unseal(bytes(known.secrets)), **connected.secrets}
            Account.objects.filter(pk=known.pk).update(
                settings={**known.settings, **settings},
                secrets=seal(merged),
                name=name,
                unit=unit,
                closed_at=None,
            )
            record("account.renewed", known, by=by, at=at)
        if connected.expires_at and not health.expires_at:
            health = replace(health, expires_at=connected.expires_at)
        rules.note_health(known.pk, health, at=at)
    known.refresh_from_db()
    return known


def _tried(access: AccountAccess) -> Health:
    try:
        health = adapter_for(access.network).check(access)
    except SendError as fault:
        health = Health(False, str(fault))
    if not health.ok:
        raise Refused(_("Vi fikk ikke kontakt: %(why)s") % {"why": health.detail}, "no_contact")
    return health
