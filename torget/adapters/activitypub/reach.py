"""How far what we published came: which servers have it, and which were given up."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from torget.adapters.activitypub import overview
from torget.adapters.activitypub.models import Act, InboxDelivery
from torget.channels.contract import Reach
from torget.outbox import news
from torget.protocols.activitypub import reading

State = InboxDelivery.State
MOST_NAMED = 5


def of(key: str) -> Reach | None:
    """How far an act came, server by server; None when it went to nobody, or was taken back."""
    act = Act.objects.filter(key=key).select_related("ap_object").first()
    if act is None or not act.inboxes or (act.ap_object and act.ap_object.withdrawn_at):
        return None
    rows = act.deliveries.exclude(state=State.SENT).values_list("host", "state")
    missing = {host for host, _state in rows}
    lost = {host for host, state in rows if state == State.GIVEN_UP} | set(act.lost)
    hosts = {reading.host_of(inbox) for inbox in act.inboxes} - {""}
    return Reach(len(hosts - missing - lost), len(hosts), sorted(lost))


def tell_desk(ids: Iterable[int], *, at: datetime) -> None:
    """Of inbox deliveries just given up: an act that has reached nobody and will not is a delivery that failed.

    Where some servers have it the delivery stands, and `of` tells which have not. Telling it again changes nothing.
    """
    acts = Act.objects.filter(deliveries__in=list(ids)).distinct()
    for act in acts:
        reach = of(act.key)
        if reach is not None and len(reach.lost) == reach.addressed:
            news.given_up(act.account_id, act.key, _why(act), at=at)


def _why(act: Act) -> str:
    row = act.deliveries.filter(state=State.GIVEN_UP).order_by("pk").last()
    return overview.why(row.status, row.detail) if row else _("Det kom ikke fram til noen.")
