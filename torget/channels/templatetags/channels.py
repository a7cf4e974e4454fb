"""What people call networks, as template tags; available in all templates without `load`."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from torget.channels.registry import adapters, capabilities, label_of
from torget.design.templatetags.torget import icon

register = template.Library()


@register.simple_tag
def channel_name(network: str) -> str:
    """What people call a network."""
    return label_of(network)


@register.filter
def can(network: str, capability: str) -> bool:
    """Whether a network has a capability: `{% if account.network|can:"by_page" %}`."""
    return bool(getattr(capabilities(network), capability))


@register.simple_tag
def channel(network: str) -> SafeString:
    """A channel as icon and word."""
    return _channel(network, channel_name(network))


@lru_cache(maxsize=500)
def _channel(network: str, name: str) -> SafeString:
    adapter = adapters().get(network)
    shape = adapter.icon if adapter else "plug"
    return format_html('<span class="with-icon">{}{}</span>', icon(shape), name)
