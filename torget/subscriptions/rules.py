"""Following something and being told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from torget.channels.contract import Author
from torget.channels.rules import first_account, letter_network
from torget.conversations import persons
from torget.conversations.models import Identity
from torget.errors import Refused
from torget.history.rules import record
from torget.outbox import letters
from torget.people.actor import Actor
from torget.people.limits import may_write_to
from torget.people.links import absolute
from torget.people.models import Municipality
from torget.subscriptions.models import Subscription

Wording = Callable[[], tuple[str, str, str]]


def confirm_path(subscription: Subscription) -> str:
    """Where the link in the confirmation mail leads."""
    return f"/folg/{subscription.token}"


def _send(
    subscription: Subscription,
    letter: letters.Letter,
    *,
    about: models.Model,
    now: datetime,
    priority: int,
) -> bool:
    identity = subscription.identity
    delivery = letters.write(
        letter,
        identity.external_id,
        about=about,
        municipality_id=identity.municipality_id,
        now=now,
        name=identity.name,
        priority=priority,
        account=first_account(identity.municipality_id, identity.network),
    )
    return delivery is not None


def follow_by_address(
    topic: Any, address: str, *, title: str, language: str, at: datetime
) -> Subscription:
    """Follow a public thing by letter; a confirmation is sent first.

    Done by the worker (subscriptions.tasks): whether an address is known, or follows already, must not show in the
    answer's time.
    """
    municipality = topic.municipality
    with transaction.atomic():
        identity = persons.identify(
            municipality, letter_network(), Author(address.lower()), at=at, language=language
        )
        return follow(identity, topic, title=title, language=language, at=at)


def follow(
    identity: Identity,
    topic: models.Model,
    *,
    title: str,
    language: str,
    at: datetime,
    confirmed: bool = False,
) -> Subscription:
    """Begin to follow. Unless the address is known to be theirs, a confirmation is asked for first.

    Asking again within the same subscription sends nothing new.

    Raises:
        Refused: we have no way to reach the identity.
    """
    municipality: Municipality = identity.municipality
    with transaction.atomic():
        subscription, new = Subscription.objects.get_or_create(
            identity=identity,
            topic_type=topic._meta.label_lower,
            topic_id=topic.pk,
            ended_at=None,
            defaults={
                "municipality": municipality,
                "started_at": at,
                "language": language,
                "confirmed_at": at if confirmed else None,
            },
        )
        if not new:
            return subscription
        record(
            "subscription.started",
            subscription,
            by=Actor.resident(municipality.pk, identity.person_id),
            at=at,
        )
        if confirmed or not may_write_to(
            identity.external_id, "follow", municipality, at=at
        ):  # who is written to too often gets no letter, and the page says the same
            return subscription
        with translation.override(language):
            letter = letters.Letter(
                key=f"confirm-{subscription.token}",
                subject=_("Bekreft at du vil følge «%(title)s»") % {"title": title},
                body=_(
                    "Noen, trolig du, ba om beskjed når det skjer noe nytt i «%(title)s».\n\n"
                    "Åpne lenken for å bekrefte:\n%(link)s\n\n"
                    "Var det ikke du? Da trenger du ikke gjøre noe."
                )
                % {"title": title, "link": absolute(municipality, confirm_path(subscription))},
                language=language,
            )
            sent = _send(subscription, letter, about=subscription, now=at, priority=2)
        if not sent:
            raise Refused(_("Vi har ingen måte å nå deg på der. Skriv en e-postadresse."), "no_way")
    return subscription


def confirm(token: str, *, at: datetime) -> Subscription:
    """The follower opened the link: the address is theirs. Doing it again changes nothing.

    Raises:
        Refused: no such subscription, or it has ended.
    """
    subscription = (
        Subscription.objects.select_related("identity").filter(token=token, ended_at=None).first()
    )
    if subscription is None:
        raise Refused(
            _("Lenken gjelder ikke lenger. Be om en ny på siden du vil følge."), "unknown_token"
        )
    if subscription.confirmed_at is None:
        with transaction.atomic():
            Subscription.objects.filter(pk=subscription.pk).update(confirmed_at=at)
            by = Actor.resident(subscription.municipality_id, subscription.identity.person_id)
            record("subscription.confirmed", subscription, by=by, at=at)
    return subscription


def end(token: str, *, at: datetime) -> None:
    """Stop following. Doing it again changes nothing."""
    subscription = (
        Subscription.objects.select_related("identity").filter(token=token, ended_at=None).first()
    )
    if subscription is None:
        return
    with transaction.atomic():
        Subscription.objects.filter(pk=subscription.pk).update(ended_at=at)
        by = Actor.resident(subscription.municipality_id, subscription.identity.person_id)
        record("subscription.ended", subscription, by=by, at=at)


def tell(
    *topics: models.Model,
    about: models.Model,
    wording: Wording,
    link: str,
    at: datetime,
    leave_out: Sequence[Identity | None] = (),
) -> int:
    """Tell everyone who follows one or more of `topics` once of `about`, each in their language. How many.

    `wording` is called under the follower's language and returns (subject, text, "what to do to stop").
    The same `about` is never told twice to the same follower: the idempotency key sees to it.
    """
    count, met = 0, {identity.pk for identity in leave_out if identity is not None}
    for subscription in (
        Subscription.objects.current()
        .to(*topics)
        .select_related("identity__municipality")
        .order_by("pk")
    ):
        if subscription.identity_id in met:
            continue
        met.add(subscription.identity_id)
        municipality = subscription.identity.municipality
        with translation.override(subscription.language):
            subject, text, stop = wording()
        end_link = absolute(municipality, f"/folg/{subscription.token}/slutt")
        letter = letters.Letter(
            key=f"tell-{subscription.pk}-{about._meta.model_name}-{about.pk}",
            subject=subject,
            body=f"{text}\n\n{absolute(municipality, link)}\n\n{stop}\n{end_link}",
            language=subscription.language,
        )
        count += _send(subscription, letter, about=about, now=at, priority=6)
    return count
