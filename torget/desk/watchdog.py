"""Noticing what stands still, and telling a person: on the desk and by e-mail."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import Count, Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.casework.models import PendingReply
from torget.casework.rules.replying import LONGEST_UNDO_SECONDS
from torget.channels import rules as channels
from torget.channels.account_health import ends_soon
from torget.channels.models import Account, Alarm, Fault, Heartbeat
from torget.design.times import moment
from torget.intake.models import Envelope
from torget.outbox.models import Delivery
from torget.people import limits
from torget.people.models import Municipality

log = logging.getLogger(__name__)

ENVELOPE_LATE = timedelta(minutes=2)
DELIVERY_LATE = timedelta(minutes=5)
# IMAP IDLE is renewed each half hour: longer without a word is no connection.
SILENT = timedelta(minutes=35)
# An hour without it, and a fault is no longer an alarm; doctor names it for a day.
FAULT_FRESH = timedelta(hours=1)
REPLY_LATE = timedelta(minutes=2)
# What the worker's loops do, in words for the desk.
LOOPS = {
    "worker": gettext_lazy("Bakgrunnsarbeidet"),
    "filing": gettext_lazy("Behandlingen av det som kommer inn"),
    "listening": gettext_lazy("Mottaket fra kanalene"),
    "mail": gettext_lazy("Mottaket av e-post"),
    "outbox": gettext_lazy("Utsendingen"),
    "fanout": gettext_lazy("Utsendingen til fødiverset"),
    "release": gettext_lazy("Utsendingen av svar som er på vent"),
    "rules": gettext_lazy("Arbeidet med reglene"),
    "learning": gettext_lazy("Letingen etter svar i andre ord"),
}
KINDS = (
    "loop",
    "fault",
    "intake",
    "outbox",
    "unknown",
    "silent",
    "quarantine",
    "held",
    "expires",
    "flood",
)


@dataclass(frozen=True, slots=True)
class Standstill:
    """Something does not move."""

    what: str
    subject: str
    detail: str
    municipality_id: int | None = None


def standstills(*, at: datetime) -> Iterator[Standstill]:
    """Everything that stands still now."""
    for beat in Heartbeat.objects.all():
        if beat.is_late(at):
            yield Standstill(
                "loop",
                beat.name,
                _("%(what)s har stått stille siden %(at)s. Si fra til den som drifter Torget.")
                % {"what": LOOPS.get(beat.name, beat.name), "at": moment(beat.beat_at, now=at)},
            )
    yield from _late_envelopes(at)
    yield from _aside()
    yield from _late_deliveries(at)
    yield from _late_replies(at)
    yield from _ending(at)
    yield from _floods(at)
    yield from _faults(at)
    for account in (
        Account.objects.active()
        .exclude(last_seen_at=None)
        .filter(last_seen_at__lt=at - SILENT, in_use=True)
    ):
        yield Standstill(
            "silent",
            f"account:{account.pk}",
            _("%(account)s har vært taus siden %(at)s.")
            % {
                "account": account,
                "at": moment(account.last_seen_at, now=at) if account.last_seen_at else "",
            },
            account.municipality_id,
        )


def _faults(at: datetime) -> Iterator[Standstill]:
    for fault in Fault.objects.filter(last_at__gte=at - FAULT_FRESH):
        yield Standstill(
            "fault",
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


def _late_envelopes(at: datetime) -> Iterator[Standstill]:
    late = Envelope.objects.filter(
        state=Envelope.State.RECEIVED, received_at__lt=at - ENVELOPE_LATE
    )
    for row in late.values("account__municipality").annotate(
        many=Count("id"), oldest=Min("received_at")
    ):
        yield Standstill(
            "intake",
            f"municipality:{row['account__municipality']}",
            _("%(many)s mottatte meldinger er ikke behandlet. Den eldste kom %(oldest)s.")
            % {"many": row["many"], "oldest": moment(row["oldest"], now=at)},
            row["account__municipality"],
        )


def _aside() -> Iterator[Standstill]:
    aside = (
        Envelope.objects.quarantined()
        .values("account__municipality")
        .annotate(many=Count("id"))
        .order_by()
    )
    for row in aside:
        yield Standstill(
            "quarantine",
            f"municipality:{row['account__municipality']}",
            _("%(many)s meldinger ligger i karantene.") % {"many": row["many"]},
            row["account__municipality"],
        )


def _late_deliveries(at: datetime) -> Iterator[Standstill]:
    late = Delivery.objects.filter(state=Delivery.State.DUE, next_attempt_at__lt=at - DELIVERY_LATE)
    unknown = Delivery.objects.filter(
        state=Delivery.State.UNKNOWN, created_at__lt=at - DELIVERY_LATE
    )
    for what, rows, sentence in (
        ("outbox", late, _("%(many)s sendinger står og venter.")),
        ("unknown", unknown, _("Vi vet ikke om %(many)s sendinger kom fram. Noen må avgjøre det.")),
    ):
        for row in rows.values("account__municipality").annotate(many=Count("id")).order_by():
            yield Standstill(
                what,
                f"municipality:{row['account__municipality']}",
                sentence % {"many": row["many"]},
                row["account__municipality"],
            )


def _floods(at: datetime) -> Iterator[Standstill]:
    for municipality in Municipality.objects.all():
        if limits.flooded(municipality, at=at):
            yield Standstill(
                "flood",
                f"municipality:{municipality.pk}",
                _(
                    "Det sendes uvanlig mange skjemaer til torget. Alle som sender, må vente litt. "
                    "Se Innstillinger, Grenser."
                ),
                municipality.pk,
            )


def _ending(at: datetime) -> Iterator[Standstill]:
    # A subject for each warning: whoever was told 14 days ahead is told again three days ahead.
    for account in Account.objects.active().filter(expires_at__isnull=False, in_use=True):
        if before := ends_soon(account, at=at):
            yield Standstill(
                "expires",
                f"account:{account.pk}:{before.days}",
                _("Tilgangen til %(account)s går ut %(at)s. Koble den til på nytt før den tid.")
                % {"account": account.name, "at": f"{account.expires_at:%d.%m.%Y}"},
                account.municipality_id,
            )


def _late_replies(at: datetime) -> Iterator[Standstill]:
    # One that cannot be sent is put off again and again, so its time to be sent alone would never tell.
    late = PendingReply.objects.waiting().filter(
        Q(release_at__lte=at - REPLY_LATE)
        | Q(created_at__lte=at - REPLY_LATE - timedelta(seconds=LONGEST_UNDO_SECONDS))
    )
    for row in late.values("conversation__municipality").annotate(many=Count("id")).order_by():
        yield Standstill(
            "held",
            f"municipality:{row['conversation__municipality']}",
            _("%(many)s svar skulle vært sendt, men står på vent.") % {"many": row["many"]},
            row["conversation__municipality"],
        )


def watch(*, at: datetime) -> None:
    """Open an alarm for each standstill, close those that move again, and tell of the new ones once."""
    seen = set()
    for one in standstills(at=at):
        seen.add((one.what, one.subject))
        municipality = None
        if one.municipality_id:
            municipality = Account.objects.filter(municipality_id=one.municipality_id).first()
        channels.raise_alarm(
            one.what,
            one.subject,
            one.detail,
            at=at,
            municipality=municipality.municipality if municipality else None,
        )
    for alarm in Alarm.objects.filter(closed_at=None, what__in=KINDS):
        if (alarm.what, alarm.subject) not in seen:
            channels.lower_alarm(alarm.what, alarm.subject, at=at)
    _tell(at)


def _tell(at: datetime) -> None:
    """By e-mail to whoever was named for it; what could not be told is tried again next minute."""
    if not settings.ALARM_EMAIL:
        return
    for alarm in Alarm.objects.filter(closed_at=None, told_at=None):
        try:
            send_mail(_("Torget: noe står stille"), alarm.detail, None, [settings.ALARM_EMAIL])
        except OSError as fault:
            log.error("Alarm %s could not be sent: %s", alarm.pk, type(fault).__name__)
            continue
        channels.note_told(alarm.pk, at=at)
