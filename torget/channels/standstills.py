"""What the watchdog looks at: loops without a heartbeat, accounts that are silent or lose their access, faults."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from torget import rooms
from torget.channels.account_health import ends_soon
from torget.channels.models import Account, Fault, Heartbeat
from torget.design.times import moment
from torget.rooms import Standstill

# IMAP IDLE is renewed each half hour: longer without a word is no connection.
SILENT = timedelta(minutes=35)
# An hour without it, and a fault is no longer an alarm; doctor names it for a day.
FAULT_FRESH = timedelta(hours=1)
_since: dict[str, datetime] = {}  # when this process began to watch


def begin_watch(*, at: datetime) -> None:
    """The worker starts: what was silent while none ran is late from now on, so a planned restart raises no alarm."""
    _since["start"] = at
    Heartbeat.objects.update(beat_at=at)


def late_loops(at: datetime) -> Iterator[Standstill]:
    """Loops of the worker that have not been heard of."""
    labels = {loop.name: loop.label for loop in rooms.gather("loops")}
    for beat in Heartbeat.objects.all():
        if beat.is_late(at):
            yield Standstill(
                beat.name,
                _("%(what)s har stått stille siden %(at)s. Si fra til den som drifter Torget.")
                % {"what": labels.get(beat.name, beat.name), "at": moment(beat.beat_at, now=at)},
            )


def silent_accounts(at: datetime) -> Iterator[Standstill]:
    """Accounts that have given no sign of life."""
    if at - _since.get("start", datetime.min.replace(tzinfo=UTC)) < SILENT:
        return
    silent = Account.objects.active().exclude(last_seen_at=None)
    for account in silent.filter(last_seen_at__lt=at - SILENT, in_use=True):
        yield Standstill(
            f"account:{account.pk}",
            _("%(account)s har vært taus siden %(at)s.")
            % {
                "account": account,
                "at": moment(account.last_seen_at, now=at) if account.last_seen_at else "",
            },
            account.municipality_id,
        )


def fresh_faults(at: datetime) -> Iterator[Standstill]:
    """Faults of our own within the last hour."""
    for fault in Fault.objects.filter(last_at__gte=at - FAULT_FRESH):
        yield Standstill(
            f"fault:{fault.pk}",
            _(
                "Noe i Torget svikter: %(kind)s i %(place)s, %(count)s ganger siden %(at)s. "
                "Loggen sier hvor. Si fra til den som drifter Torget."
            )
            % {
                "kind": fault.kind,
                "place": fault.place,
                "count": fault.count,
                "at": moment(fault.first_at, now=at),
            },
        )


def ending_access(at: datetime) -> Iterator[Standstill]:
    """Accounts whose access ends soon."""
    # A subject for each warning: whoever was told 14 days ahead is told again three days ahead.
    for account in Account.objects.active().filter(expires_at__isnull=False, in_use=True):
        if before := ends_soon(account, at=at):
            yield Standstill(
                f"account:{account.pk}:{before.days}",
                _("Tilgangen til %(account)s går ut %(at)s. Koble den til på nytt før den tid.")
                % {"account": account.name, "at": f"{account.expires_at:%d.%m.%Y}"},
                account.municipality_id,
            )
