"""The one inversion: outbox and conversations reach adapters by network name, through one setting."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from torget.channels.adapter import Adapter
from torget.channels.contract import Capabilities


@lru_cache(maxsize=1)
def adapters() -> dict[str, Adapter]:
    """Network → adapter, from the dotted paths in TORGET_ADAPTERS; each module holds `adapter`, or several `adapters`.

    A package that holds neither has them in its module `channel`: one with models is imported before they may be.

    Raises:
        ImproperlyConfigured: a path that cannot be loaded, or two adapters for one network.
    """
    by_network: dict[str, Adapter] = {}
    for path in settings.ADAPTERS:
        try:
            several = _adapters_in(path)
        except (ImportError, AttributeError) as fault:
            raise ImproperlyConfigured(
                f"TORGET_ADAPTERS: {path} cannot be loaded: {fault}"
            ) from fault
        for adapter in several:
            if adapter.network in by_network:
                raise ImproperlyConfigured(f"TORGET_ADAPTERS: two adapters for {adapter.network}.")
            by_network[adapter.network] = adapter
    return by_network


def _adapters_in(path: str) -> Sequence[Adapter]:
    module = import_module(path)
    if not hasattr(module, "adapter") and not hasattr(module, "adapters"):
        module = import_module(f"{path}.channel")
    several: Sequence[Adapter] = getattr(module, "adapters", None) or [module.adapter]
    return several


def capabilities(network: str) -> Capabilities:
    """What a network can do; nothing when its adapter is not loaded."""
    adapter = adapters().get(network)
    return adapter.capabilities if adapter else Capabilities()


def networks_that(trait: str) -> list[str]:
    """The networks with a capability ("letters", "by_page")."""
    return [name for name, adapter in adapters().items() if getattr(adapter.capabilities, trait)]


def label_of(network: str) -> str:
    """What people call a network; its bare name when its adapter is not loaded."""
    adapter = adapters().get(network)
    return str(adapter.label) if adapter else network


def adapter_for(network: str) -> Adapter:
    """The adapter of a network.

    Raises:
        ImproperlyConfigured: none is loaded.
    """
    try:
        return adapters()[network]
    except KeyError as fault:
        raise ImproperlyConfigured(
            f"No adapter for {network}: add it to TORGET_ADAPTERS."
        ) from fault
