"""Nobody makes us call what stands on the inside, however the address is written."""

from __future__ import annotations

import pytest

from torget.channels.http import HttpError, checked_address


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "::10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::1",
        "2001:0:a00:1::",
    ],
)
def test_an_address_that_leads_to_the_inside_is_not_called(settings, address):
    settings.ALLOW_PRIVATE_HOSTS = False
    with pytest.raises(HttpError, match="on the inside"):
        checked_address(address, 443)


@pytest.mark.parametrize(
    "address", ["9.9.9.9", "2620:fe::fe", "64:ff9b::909:909", "2002:909:909::1"]
)
def test_an_address_out_in_the_world_is(settings, address):
    settings.ALLOW_PRIVATE_HOSTS = False
    assert checked_address(address, 443) == address
