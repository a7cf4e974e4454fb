"""An account whose settings are not filled in yet has a page all the same: what stands there never raises."""

from __future__ import annotations

import pytest

from torget.channels.contract import AccountAccess
from torget.channels.registry import adapters

ADDRESSES = ("nordvaag", "nordvaag@mastodon.example", "@a@b@c", "", "post@nordvaag.example.no")


@pytest.mark.parametrize("network", sorted(adapters()))
@pytest.mark.parametrize("address", ADDRESSES)
def test_its_page_can_be_made(network, address):
    adapter = adapters()[network]
    snapshot = AccountAccess(0, network, address, "Nordvåg", {}, {})
    assert isinstance(adapter.profile_url(snapshot), str)
    assert isinstance(adapter.manage_path(snapshot), str)
