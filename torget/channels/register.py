"""The register of official accounts: which accounts are the municipality's own, in a list anybody can verify."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from torget.channels import rules
from torget.channels.models import Account, RegisterKey
from torget.channels.registry import adapters
from torget.channels.secrets import seal, unseal
from torget.people.links import absolute
from torget.people.models import Municipality
from torget.protocols import jws

VALID_FOR = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Official:
    """One account as residents may know it."""

    network: str
    label: str
    icon: str
    name: str
    address: str
    url: str
    unit: str


def official(municipality: Municipality) -> list[Official]:
    """The accounts in use that the municipality lists, by network and name; its own square's pages are no accounts."""
    rows = (
        Account.objects.active()
        .with_place()
        .select_related("unit")
        .filter(municipality=municipality, listed=True, in_use=True, network__in=adapters())
    )
    official_accounts = []
    for account in rows.order_by("network", "name", "pk"):
        adapter = adapters()[account.network]
        url = adapter.profile_url(rules.snapshot(account))
        if adapter.capabilities.ours or not (url or adapter.capabilities.read_private):
            continue
        official_accounts.append(
            Official(
                account.network,
                str(adapter.label),
                adapter.icon,
                account.name,
                account.address,
                url if url.startswith("https://") or not url else "",
                account.unit.local_name,
            )
        )
    return official_accounts


def _key(municipality: Municipality, at: datetime) -> str:
    key, _new = RegisterKey.objects.get_or_create(
        municipality=municipality,
        defaults={"secret": seal({"key": jws.new_key()}), "made_at": at},
    )
    return unseal(bytes(key.secret))["key"]


def public_keys(municipality: Municipality, *, at: datetime) -> dict[str, list[dict[str, str]]]:
    """The key set the list is verified with (RFC 7517)."""
    return {"keys": [jws.jwk(_key(municipality, at))]}


def signed_list(municipality: Municipality, *, at: datetime) -> str:
    """The list as a compact JWS, valid for a week: who says so, when, and each account."""
    payload = {
        "iss": absolute(municipality, ""),
        "iat": int(at.timestamp()),
        "exp": int((at + VALID_FOR).timestamp()),
        "municipality": {"number": municipality.number, "name": municipality.name},
        "accounts": [
            {
                "network": row.network,
                "name": row.name,
                "address": row.address,
                **({"url": row.url} if row.url else {}),
            }
            for row in official(municipality)
        ],
    }
    return jws.sign(payload, _key(municipality, at))
