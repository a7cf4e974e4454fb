"""How our place in the fediverse is: blocked servers, who follows from where, and what did not arrive."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, QuerySet
from django.utils.translation import gettext as _

from torget.adapters.activitypub import ours as our
from torget.adapters.activitypub.models import DomainBlock, Follower, InboxDelivery
from torget.channels.models import Account

MOST_SHOWN = 50


def blocked(municipality_id: int) -> QuerySet[DomainBlock]:
    """The municipality's decisions about servers, with who took each."""
    blocks = DomainBlock.objects.filter(municipality=municipality_id)
    return blocks.select_related("decided_by").order_by("host")


def followers(account: Account) -> dict[str, Any]:
    """How many follow, and from which servers the most: {"count", "hosts": [{"host", "count"}], "more"}."""
    rows = (
        Follower.objects.filter(account=account)
        .values("remote__host")
        .annotate(number=Count("pk"))
        .order_by("-number", "remote__host")
    )
    hosts = [{"host": row["remote__host"], "count": row["number"]} for row in rows]
    return {
        "count": sum(row["count"] for row in hosts),
        "hosts": hosts[:MOST_SHOWN],
        "more": max(0, len(hosts) - MOST_SHOWN),
    }


def given_up(account: Account) -> list[dict[str, Any]]:
    """What was given up, server by server: {"host", "count", "since", "last", "why"}; the latest first."""
    rows = (
        InboxDelivery.objects.filter(act__account=account, state=InboxDelivery.State.GIVEN_UP)
        .values("host")
        .annotate(
            count=Count("pk"),
            since=Min("created_at"),
            last=Max("settled_at"),
            status=Max("status"),
            detail=Max("detail"),
        )
        .order_by("-since", "host")[:MOST_SHOWN]
    )
    return [{**row, "why": why(row["status"], row["detail"])} for row in rows]


def why(status: int, detail: str) -> str:
    """Why a server did not get something, as a person would say it."""
    if detail == "Blocked.":
        return _("Tjeneren er stengt ute.")
    if status == 410 or detail == "Gone.":
        return _("Mottakeren finnes ikke lenger.")
    if status in {401, 403}:
        return _("Tjeneren tar ikke imot fra oss (HTTP %(status)s).") % {"status": status}
    if status >= 500:
        return _("Tjeneren har hatt feil i flere dager (HTTP %(status)s).") % {"status": status}
    if status:
        return _("Tjeneren avviste det (HTTP %(status)s).") % {"status": status}
    return _("Tjeneren har ikke svart på flere dager.")


def keys(account: Account, *, at: datetime) -> dict[str, Any]:
    """The keys in force and those being phased out, by their public names: {"now": […], "old": [{"id", "until"}]}."""
    mine = our.without_secrets(account)
    return {
        "now": [mine.key_id("rsa"), mine.key_id("ed25519")],
        "old": [
            {"id": key["id"], "until": datetime.fromisoformat(key["until"])}
            for key in mine.old_keys(at)
        ],
    }
