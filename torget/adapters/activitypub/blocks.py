"""Servers a municipality has shut out (suspend) or shows nothing of in public (silence)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from torget.adapters.activitypub.models import DomainBlock
from torget.channels import accounts
from torget.protocols.activitypub import reading


def _names(host: str) -> list[str]:
    """A host with and without its port, and every domain it lies under."""
    parts = host.partition(":")[0].split(".")
    return [host, *(".".join(parts[at:]) for at in range(len(parts)))]


def under(host: str, field: str) -> Q:
    """Rows whose `field` is that host or lies under it, whatever the port."""
    return (
        Q(**{field: host})
        | Q(**{f"{field}__startswith": f"{host}:"})
        | Q(**{f"{field}__endswith": f".{host}"})
        | Q(**{f"{field}__contains": f".{host}:"})
    )


def severity(municipality_id: int, uri: str) -> str:
    """What the municipality decided about the server of an address, or the domain it is under; "" for nothing."""
    names = _names(reading.host_of(uri))
    severities = set(
        DomainBlock.objects.filter(municipality=municipality_id, host__in=names).values_list(
            "severity", flat=True
        )
    )
    order = (DomainBlock.Severity.SUSPEND, DomainBlock.Severity.SILENCE)
    return next(
        (str(severity_named) for severity_named in order if severity_named in severities), ""
    )


def allowed(account_id: int, inboxes: Iterable[str]) -> list[str]:
    """Those inboxes whose servers the account's municipality has not shut out."""
    municipality = accounts.municipality_of(account_id)
    shut = set(
        DomainBlock.objects.filter(
            municipality=municipality, severity=DomainBlock.Severity.SUSPEND
        ).values_list("host", flat=True)
    )
    return [inbox for inbox in inboxes if not shut & set(_names(reading.host_of(inbox)))]
