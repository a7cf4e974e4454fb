"""Noticing what stands still, and telling a person: on the desk and by e-mail. What to look at, the manifests say."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from torget import rooms
from torget.channels import rules as channels
from torget.channels.models import Alarm
from torget.people.models import Municipality
from torget.rooms import Standstill, Watch

log = logging.getLogger(__name__)

BLIND = "look"  # the subject of the alarm that the watch itself fails


def sorts() -> list[str]:
    """The sorts of alarms that are opened and closed here."""
    return [watch.name for watch in rooms.gather("watches")]


def standstills(*, at: datetime) -> Iterator[tuple[str, Standstill]]:
    """Everything that stands still now, with the sort of alarm it is."""
    for watched in rooms.gather("watches"):
        for standstill in _look(watched, at):
            yield watched.name, standstill


def _look(watched: Watch, at: datetime) -> list[Standstill]:
    """What one of them sees. One that fails is a standstill itself, and keeps no other from being looked at."""
    try:
        return list(rooms.load(watched.look)(at))
    except (OperationalError, InterfaceError):
        raise  # without the database nobody sees anything, and nothing can be told
    except Exception as fault:
        log.exception("The watch over %s fails", watched.name)
        words = _(
            "Ingen ser etter «%(what)s», for det svikter (%(kind)s). Si fra til den som drifter Torget."
        )
        return [Standstill(BLIND, words % {"what": watched.name, "kind": type(fault).__name__})]


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
    blind = {sort for sort, subject in seen if subject == BLIND}
    # Where nobody sees, nobody knows that it moves again.
    for alarm in Alarm.objects.filter(closed_at=None, what__in=set(sorts()) - blind):
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
