"""Looking after accounts: are they well, when do their tokens end, and what did the municipality decide about them."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from torget.channels import rules
from torget.channels.contract import Health, SendError
from torget.channels.models import Account, UseDecision
from torget.channels.registry import adapters
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check

log = logging.getLogger(__name__)

WELL_FOR = timedelta(hours=24)  # a healthy account is looked at once a day
AILING_FOR = timedelta(minutes=10)
WARNINGS = (timedelta(days=3), timedelta(days=14))  # before a token ends, the nearest first


def examine(account: Account, *, at: datetime) -> Health:
    """Ask the network how the account is, and keep what it said. Not in a transaction.

    A slip of the adapter's says nothing of the account: it is told, and not kept.
    """
    try:
        health = adapters()[account.network].check(rules.access(account))
    except (SendError, Refused) as fault:
        health = Health(False, str(fault))
    except DatabaseError:
        raise
    except Exception as fault:  # noqa: BLE001 - whatever an adapter stumbles on
        log.error("Account %s could not be examined: %s", account.pk, type(fault).__name__)
        return Health(False, _("Feilen er hos oss, og den står i loggen."))
    rules.note_health(account.pk, health, at=at)
    return health


def examine_due(*, at: datetime) -> int:
    """Examine those in use not looked at for a day, and the ailing more often; how many."""
    due = [
        account
        for account in Account.objects.active()
        .with_place()
        .filter(network__in=adapters(), in_use=True)
        if account.health_at is None
        or at - account.health_at >= (WELL_FOR if account.healthy else AILING_FOR)
    ]
    for account in due:
        examine(account, at=at)
    return len(due)


def ends_soon(account: Account, *, at: datetime) -> timedelta | None:
    """The nearest warning that is due before its token ends (3 or 14 days), or None."""
    if account.expires_at is None:
        return None
    left = account.expires_at - at
    return next((before for before in WARNINGS if left <= before), None)


def decide_use(
    account: Account,
    *,
    in_use: bool,
    note: str,
    decided_on: date,
    decided_by: str,
    by: Actor,
    at: datetime,
) -> UseDecision:
    """Write down that the municipality uses an account, or does not: what was weighed, who decided, and when.

    One that is not in use sends nothing and is not asked for news; what is delivered to it is still kept.

    Raises:
        NotAllowed: no administrator there.
        Refused: the note or the decider is missing, or the day has not come.
    """
    check(by, "people.administer", account.unit)
    if not note.strip() or not decided_by.strip():
        raise Refused(_("Skriv hva som er vurdert, og hvem som har bestemt."), "no_reason")
    if decided_on > timezone.localdate(at):
        raise Refused(_("Datoen for beslutningen har ikke vært ennå."), "future")
    assert by.staff is not None
    with transaction.atomic():
        decision = UseDecision.objects.create(
            account=account,
            in_use=in_use,
            note=note.strip(),
            decided_on=decided_on,
            decided_by=decided_by.strip()[:120],
            noted_by=by.staff,
            noted_at=at,
        )
        Account.objects.filter(pk=account.pk).update(in_use=in_use)
        record("account.use_decided", account, by=by, at=at, in_use=in_use)
    return decision


def arrange(
    account: Account, *, name: str, listed: bool, on_square: bool, by: Actor, at: datetime
) -> None:
    """What people call the account, whether it stands in the register, and whether what is said there shows here.

    Raises:
        NotAllowed: no administrator there.
    """
    check(by, "people.administer", account.unit)
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(
            name=name.strip()[:100] or account.name, listed=listed, on_square=on_square
        )
        record("account.arranged", account, by=by, at=at, listed=listed, on_square=on_square)
