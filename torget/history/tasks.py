"""Sealing history every minute."""

from __future__ import annotations

import logging
from datetime import datetime

from django.conf import settings
from django.core.mail import send_mail
from django.utils.translation import gettext as _

from torget.history.keys import LostKey
from torget.history.seal import newest, seal

log = logging.getLogger(__name__)


def seal_history(*, at: datetime) -> None:
    """Seal what was written since the last minute."""
    try:
        seal(at=at)
    except LostKey as fault:
        log.error("%s", fault)  # the doctor tells it too


def send_seal(*, at: datetime) -> None:
    """Each morning: the newest seal to whoever keeps it where nobody of ours can change it."""
    text = newest()
    if settings.SEAL_EMAIL and text:
        subject = _("Torget: nyeste segl over historikken")
        advice = _("Ta vare på dette brevet. Det viser senere at historikken ikke er skrevet om.")
        send_mail(subject, f"{text}\n\n{advice}", None, [settings.SEAL_EMAIL])
