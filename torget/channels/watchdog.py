"""Noticing what stands still, and telling a person: on the desk and by e-mail. What to look at, the manifests say."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext as _

from torget import rooms
from torget.channels import rules as channels
from torget.channels.models import Alarm
from torget.people.models import Municipality
from torget.rooms import Standstill

log = logging.getLogger(__name__)


def sorts() -> list[str]:
    """The sorts of alarms that are opened and closed here."""
    return [watch.name for watch in rooms.gather("watches")]


def standstills(*, at: datetime) -> Iterator[tuple[str, Standstill]]:
    """Everything that stands still now, with the sort of alarm it is."""
    for watched in rooms.gather("watches"):
        for standstill in rooms.load(watched.look)(at):
            yield watched.name, standstill


def watch(*, at: datetime) -> None:
    """Open an alarm for each standstill, close those that move again, and tell of the new ones once."""
    seen = set()
    for sort, standstill in standstills(at=at):
        seen.add((sort, standstill.subject))
        channels.raise_alarm(
            sort,
            standstill.subject,
            standstill.detail,
            at=at,
            municipality=Municipality.objects.filter(pk=standstill.municipality_id or 0).first(),
        )
    for alarm in Alarm.objects.filter(closed_at=None, what__in=sorts()):
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
