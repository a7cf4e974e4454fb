"""Finding our accounts, for rooms above and adapters: they ask here and import no model."""

from __future__ import annotations

from torget.channels.models import Account, AccountQuerySet


def on_network(network: str) -> AccountQuerySet:
    """Those we listen to on a network, with what tells where their own square is."""
    return Account.objects.active().with_place().filter(network=network)


def get(account_id: int) -> Account:
    """One account, with its municipality."""
    return Account.objects.with_place().get(pk=account_id)


def locked(account_id: int) -> Account:
    """One account, locked in the caller's transaction."""
    return Account.objects.select_for_update().get(pk=account_id)


def municipality_of(account_id: int) -> int | None:
    """Whose account it is; None when there is none."""
    rows = Account.objects.filter(pk=account_id)
    return rows.values_list("municipality_id", flat=True).first()


def is_taken(network: str, address: str) -> bool:
    """Whether somebody here has that address, or had it."""
    return Account.objects.filter(network=network, address=address).exists()


def is_well(account_id: int) -> bool:
    """Whether the account works, as far as we know."""
    return Account.objects.filter(pk=account_id, healthy=True).exists()
