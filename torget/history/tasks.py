"""Sealing history every minute."""

from __future__ import annotations

import logging

from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from torget.history.keys import LostKey
from torget.history.seal import newest, seal

log = logging.getLogger(__name__)


@app.periodic(cron="* * * * *")
@app.task(name="history.seal", queueing_lock="history.seal", pass_context=False)
def seal_history(timestamp: int) -> None:
    """Seal what was written since the last minute."""
    try:
        seal(at=timezone.now())
    except LostKey as fault:
        log.error("%s", fault)  # the doctor tells it too


@app.periodic(cron="10 5 * * *")
@app.task(name="history.send_seal", queueing_lock="history.send_seal", pass_context=False)
def send_seal(timestamp: int) -> None:
    """Each morning: the newest seal to whoever keeps it where nobody of ours can change it."""
    text = newest()
    if settings.SEAL_EMAIL and text:
        subject = _("Torget: nyeste segl over historikken")
        advice = _("Ta vare på dette brevet. Det viser senere at historikken ikke er skrevet om.")
        send_mail(subject, f"{text}\n\n{advice}", None, [settings.SEAL_EMAIL])
