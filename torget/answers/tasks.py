"""What the worker does for the answers: makes vectors, remembers what is asked, reminds of what expires."""

from __future__ import annotations

import os
import threading
import time
from datetime import datetime, timedelta

from django.core.mail import send_mail
from django.db import close_old_connections, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from torget.answers.learning import understand_some
from torget.answers.models import Answer, Policy
from torget.answers.rules.asking import note_some
from torget.channels.notify import Listener
from torget.channels.rules import beat
from torget.history.rules import record
from torget.people.actor import Actor
from torget.people.links import absolute
from torget.people.models import RoleGrant, Staff
from torget.rooms import acts

PAUSE_SECONDS, IDLE_SECONDS = 1.0, 30.0
MOST_FROM_ABOVE = 3
GIVES_WAY = 4  # times as long as a batch took, while the machine is busy
BEAT_SECONDS = 60  # a batch takes some seconds, and nobody waits for it


def learn_loop(stop: threading.Event) -> None:
    """Run until told to stop: nothing here is needed by the request that publishes or asks."""
    with Listener("torget") as listener:
        while not stop.is_set():
            close_old_connections()
            now, began = timezone.now(), time.monotonic()
            busy = understand_some(at=now) + note_some(at=now)
            beat("learning", every_seconds=BEAT_SECONDS)
            if not busy:
                listener.wait(IDLE_SECONDS, stop)
                stop.wait(PAUSE_SECONDS)  # much happens at once: one look is enough for all of it
            elif _is_machine_busy():
                stop.wait(GIVES_WAY * (time.monotonic() - began))


def _is_machine_busy() -> bool:
    """Whether somebody waits for a processor: a page and the database's part of it go before what is learnt."""
    return os.getloadavg()[0] > (os.cpu_count() or 1)


def remind_expiring(*, at: datetime) -> list[Answer]:
    """Those that expire soon and whose unit has not been reminded; marked as reminded, in one transaction."""
    days = dict(Policy.objects.values_list("municipality_id", "remind_days"))
    usual = Policy._meta.get_field("remind_days").get_default()
    with transaction.atomic():
        soon = (
            Answer.objects.select_for_update(of=("self",))
            .filter(withdrawn_at=None, reminded_at=None, valid_until__gt=at)
            .select_related("unit", "municipality")
        )
        due = [
            expiring
            for expiring in soon
            if expiring.valid_until
            and expiring.valid_until - at
            <= timedelta(days=days.get(expiring.municipality_id, usual))
        ]
        for answer in due:
            Answer.objects.filter(pk=answer.pk).update(reminded_at=at)
            by = Actor.system(answer.municipality_id)
            record("answer.reminded", answer, by=by, at=at, unit=answer.unit_id)
    return due


def editors_of(answer: Answer) -> list[Staff]:
    """Those of the owning unit who may publish in it; where it has nobody, the first few who may from above."""
    grants = RoleGrant.objects.filter(
        role__in=acts()["answers.publish"].roles,
        ended_at=None,
        staff__active=True,
        unit__municipality=answer.municipality_id,
    ).select_related("staff__user", "unit")
    may = {grant.staff for grant in grants if answer.unit.path.startswith(grant.unit.path)}
    ordered = sorted(may, key=lambda staff: staff.pk)
    own = [staff for staff in ordered if staff.unit_id == answer.unit_id]
    return own or ordered[:MOST_FROM_ABOVE]


def tell_editors(answer: Answer) -> None:
    """A mail to each of them. What cannot be sent stays on the desk's list all the same."""
    with translation.override(answer.municipality.default_language):
        subject = _("Et svar går snart ut: %(question)s") % {"question": answer.question}
        body = _(
            "Svaret «%(question)s» gjelder til %(day)s. Se om det fortsatt stemmer, og sett en ny dato:\n%(link)s"
        ) % {
            "question": answer.question,
            "day": f"{answer.valid_until:%d.%m.%Y}" if answer.valid_until else "",
            "link": absolute(answer.municipality, f"/desk/svar/{answer.slug}"),
        }
    for staff in editors_of(answer):
        send_mail(subject[:200], body, None, [staff.user.email], fail_silently=True)


def remind(*, at: datetime) -> None:
    """Each morning: remind units of answers that expire soon."""
    for answer in remind_expiring(at=at):
        tell_editors(answer)
