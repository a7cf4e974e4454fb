"""Receiving, claiming and settling envelopes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from torget.channels.contract import RawItem
from torget.errors import NotAllowed, Refused
from torget.history.rules import record
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.transitions import transition_rows

State = Envelope.State
LEASE = timedelta(seconds=settings.LEASE_SECONDS / 2)
MAX_ATTEMPTS = 5
MAX_EXTERNAL_ID = 500


def external_id(item: RawItem) -> str:
    """The item's id, shortened by hash when a network sends one longer than the column."""
    if len(item.external_id) <= MAX_EXTERNAL_ID:
        return item.external_id.replace("\x00", "")
    return "sha256:" + hashlib.sha256(item.external_id.encode()).hexdigest()


def receive(account_id: int, item: RawItem, *, at: datetime | None = None) -> tuple[int, bool]:
    """Store one thing received; (envelope id, whether it was here already).

    Committed when this returns, or with the caller's transaction. Receiving the same thing again changes nothing.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        envelope = Envelope(
            account_id=account_id,
            external_id=external_id(item),
            media_type=item.media_type[:120],
            headers=dict(item.headers),
            body=item.body,
            sha256=hashlib.sha256(item.body).digest(),
            size=len(item.body),
            received_at=at or timezone.now(),
        )
        Envelope.objects.bulk_create([envelope], ignore_conflicts=True)
        row = Envelope.objects.only("id", "public_id").get(
            account_id=account_id, external_id=envelope.external_id
        )
        new = row.public_id == envelope.public_id
        if new:
            cursor.execute("NOTIFY torget_intake")
    return row.pk, not new


def claim(limit: int = 100, *, at: datetime) -> list[Envelope]:
    """Take up to `limit` envelopes that wait (or whose taker died), leased for a while. Safe from many workers."""
    with transaction.atomic():
        ids = list(
            Envelope.objects.select_for_update(skip_locked=True)
            .filter(state=State.RECEIVED)
            .exclude(next_attempt_at__gt=at)
            .exclude(lease_until__gt=at)
            .order_by("id")
            .values_list("id", flat=True)[:limit]
        )
        Envelope.objects.filter(pk__in=ids).update(lease_until=at + LEASE)
    return list(
        Envelope.objects.filter(pk__in=ids).select_related("account__municipality").order_by("id")
    )


def hold(envelope: Envelope) -> bool:
    """Lock an envelope that still waits, in the caller's transaction; False: somebody else has handled it."""
    waits = Envelope.objects.select_for_update().filter(pk=envelope.pk, state=State.RECEIVED)
    return waits.values_list("pk", flat=True).first() is not None


def settle(envelope_ids: Sequence[int], state: Envelope.State) -> None:
    """Envelopes became messages (filed) or were news only (noted)."""
    waiting = Envelope.objects.filter(pk__in=envelope_ids, state=State.RECEIVED)
    transition_rows(waiting, state, lease_until=None, next_attempt_at=None, error="")


def quarantine(envelope: Envelope, why: str, *, at: datetime) -> None:
    """Set an envelope aside where people see it, with the reason in words."""
    with transaction.atomic():
        moved = transition_rows(
            Envelope.objects.filter(pk=envelope.pk),
            State.QUARANTINED,
            lease_until=None,
            error=why[:2000],
            attempts=envelope.attempts + 1,
        )
        if moved:
            municipality = envelope.account.municipality_id
            record("envelope.quarantined", envelope, by=Actor.system(municipality), at=at)


def set_aside(envelope: Envelope, piece: str, why: str, *, at: datetime) -> None:
    """Keep a piece of an envelope as one of its own, in quarantine, with the reason in words; the same one only once."""
    body = piece.encode("utf-8", "replace")
    name = f"piece:{hashlib.sha256(envelope.external_id.encode() + body).hexdigest()}"
    item = RawItem(name, body, envelope.media_type, {**envelope.headers, "piece-of": envelope.external_id})  # fmt: skip
    piece_id, seen = receive(envelope.account_id, item, at=at)
    if not seen:
        quarantine(Envelope.objects.select_related("account").get(pk=piece_id), why, at=at)


def try_later(envelope: Envelope, why: str, *, at: datetime) -> None:
    """Something of ours failed (not the bytes): again in a while, and to quarantine after five times."""
    if envelope.attempts + 1 >= MAX_ATTEMPTS:
        quarantine(envelope, why, at=at)
        return
    wait = timedelta(seconds=2 ** (envelope.attempts + 1))
    Envelope.objects.filter(pk=envelope.pk, state=State.RECEIVED).update(
        attempts=envelope.attempts + 1,
        error=why[:2000],
        lease_until=None,
        next_attempt_at=at + wait,
    )


def _may_tend(envelope: Envelope, by: Actor) -> None:
    if by.municipality_id != envelope.account.municipality_id or not by.may("intake.quarantine"):
        raise NotAllowed(
            _("Karantenen tas hånd om av vaktleder eller administrator. Spør en av dem.")
        )


def replay(envelope: Envelope, *, by: Actor, at: datetime) -> None:
    """Try a quarantined envelope again, after a mend.

    Raises:
        NotAllowed: no role for it.
        Refused: it is not in quarantine any more.
    """
    _may_tend(envelope, by)
    with transaction.atomic(), connection.cursor() as cursor:
        row = Envelope.objects.filter(pk=envelope.pk)
        moved = transition_rows(row, State.RECEIVED, attempts=0, error="", next_attempt_at=None)
        if not moved:
            raise Refused(_("Meldingen er ikke i karantene lenger. Last siden på nytt."), "moved")
        record("envelope.replayed", envelope, by=by, at=at)
        cursor.execute("NOTIFY torget_intake")


def discard(envelope: Envelope, reason: str, *, by: Actor, at: datetime) -> None:
    """Decide that a quarantined envelope is nothing we must handle. The bytes stay.

    Raises:
        NotAllowed: no role for it.
        Refused: no reason, or it is not in quarantine any more.
    """
    _may_tend(envelope, by)
    if not reason.strip():
        raise Refused(_("Skriv hvorfor meldingen legges bort."), "no_reason")
    with transaction.atomic():
        row = Envelope.objects.filter(pk=envelope.pk)
        moved = transition_rows(row, State.DISCARDED, error=reason.strip()[:2000])
        if not moved:
            raise Refused(_("Meldingen er ikke i karantene lenger. Last siden på nytt."), "moved")
        record("envelope.discarded", envelope, by=by, at=at)
