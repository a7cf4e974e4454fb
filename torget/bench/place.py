"""A municipality with one account, to measure in."""

from __future__ import annotations

from django.utils import timezone

from torget.channels import rules as channels
from torget.channels.models import Account
from torget.people import rules as people
from torget.people.actor import Actor
from torget.people.models import Municipality


def open_account(network: str, secret: str = "") -> Account:
    """An account of a new municipality's only unit."""
    place = Municipality.objects.create(
        number="9901", name="Nordvåg", slug=f"bench-{network}", ref_prefix="NV"
    )
    unit = people.add_unit(place, name="Servicetorget", slug="servicetorget", is_front=True)
    return channels.open_account(
        unit,
        network=network,
        address=f"{network}.bench.test",
        name="Bench",
        secrets={"secret": secret} if secret else {},
        by=Actor.system(place.pk),
        at=timezone.now(),
    )
