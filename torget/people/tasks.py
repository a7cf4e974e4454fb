"""What the worker does for people: letters nobody waits for, and counters that are over."""

from __future__ import annotations

from datetime import datetime

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app

from torget.people.daykey import destroy
from torget.people.limits import forget_past, may_write_to
from torget.people.links import absolute
from torget.people.models import Municipality, User
from torget.people.sealed import seal, unseal


def write_password_letter_to(address: str, municipality: Municipality, language: str) -> None:
    """Ask the worker to write to an address if it is somebody's; the same work whoever's it is. The address rests sealed."""
    write_password_letter.defer(
        municipality_id=municipality.pk, sealed=seal(address.encode()), language=language
    )


@app.task(name="people.password_letter")
def write_password_letter(municipality_id: int, sealed: str, language: str) -> None:
    """Write to whoever has a sign-in with that address how to make a new password."""
    municipality = Municipality.objects.get(pk=municipality_id)
    address = unseal(sealed).decode()
    user = User.objects.filter(email=address, is_active=True).first()
    if user is None or not may_write_to(address, "password", municipality, at=timezone.now()):
        return
    key = {
        "uidb36": user_pk_to_url_str(user),
        "key": default_token_generator.make_token(user),
    }
    link = absolute(municipality, reverse("account_reset_password_from_key", kwargs=key))
    with translation.override(language):
        subject = _("Nytt passord på torget i %(name)s") % {"name": municipality.name}
        body = _(
            "Åpne lenken for å lage et nytt passord. Den virker én gang:\n%(link)s\n\n"
            "Ba du ikke om den? Da trenger du ikke gjøre noe."
        ) % {"link": link}
    send_mail(subject, body, None, [user.email])


def forget_counters(*, at: datetime) -> None:
    """Counters and lines whose time is over are removed."""
    while forget_past():
        pass


def destroy_day_key(*, at: datetime) -> None:
    """At midnight: what was named by the key of the day is nobody's any more."""
    destroy(before=timezone.localdate(at))
