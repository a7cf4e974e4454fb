"""A municipality's topics, and where its answers may be shown."""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from torget.answers.models import Policy, Topic
from torget.design.text import slug
from torget.errors import Refused
from torget.history.rules import record
from torget.people.actor import Actor, check
from torget.people.models import Municipality

MAX_SLUG_CHARS = 40
# A policy is a header: nothing but a host and a port may come into it.
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::\d{1,5})?")
_SCHEMES = {"https", "http"}


def add_topic(
    municipality: Municipality,
    *,
    name: str,
    by: Actor,
    at: datetime,
    name_nn: str = "",
    name_en: str = "",
) -> Topic:
    """A new topic.

    Raises:
        NotAllowed: no role for it.
        Refused: no name, or there is one of that name.
    """
    check(by, "answers.topics")
    short = slug(name, MAX_SLUG_CHARS)
    if not short:
        raise Refused(_("Skriv et navn på emnet."), "empty")
    with transaction.atomic():
        Municipality.objects.select_for_update().get(pk=municipality.pk)
        if Topic.objects.filter(municipality=municipality, slug=short).exists():
            raise Refused(_("Emnet finnes fra før. Velg et annet navn."), "topic_exists")
        topic = Topic.objects.create(
            municipality=municipality, slug=short, name=name, name_nn=name_nn, name_en=name_en
        )
        record("topic.added", topic, by=by, at=at)
    return topic


def close_topic(topic: Topic, *, by: Actor, at: datetime) -> None:
    """Take a topic out of use, or into use again. Its answers and followers keep it."""
    check(by, "answers.topics")
    with transaction.atomic():
        row = Topic.objects.select_for_update().get(pk=topic.pk)
        row.closed_at = None if row.closed_at else at
        row.save(update_fields=["closed_at"])
        record("topic.closed" if row.closed_at else "topic.opened", row, by=by, at=at)


def origin_of(address: str) -> str:
    """The origin of a web address, for a content policy; empty when it is none."""
    parts = urlsplit(address if "://" in address else f"https://{address}")
    match = _HOST.fullmatch(parts.netloc.lower())
    return f"{parts.scheme}://{match.group()}" if match and parts.scheme in _SCHEMES else ""


def set_embedding(
    municipality: Municipality, *, hosts: list[str], remind_days: int, by: Actor, at: datetime
) -> Policy:
    """Which websites may show the answers in a frame, and how early units are reminded.

    Raises:
        NotAllowed: no role for it.
        Refused: something that is no web address.
    """
    check(by, "answers.topics")
    origins = [origin_of(host) for host in hosts]
    if not all(origins):
        raise Refused(
            _("Skriv nettadresser, én på hver linje, for eksempel https://www.kommune.no"), "host"
        )
    with transaction.atomic():
        policy, _new = Policy.objects.update_or_create(
            municipality=municipality,
            defaults={"embed_hosts": sorted(set(origins)), "remind_days": remind_days},
        )
        record("answers.policy", policy, by=by, at=at, hosts=len(origins), days=remind_days)
    return policy


def frame_ancestors(municipality: Municipality) -> list[str]:
    """Who may show the answers in a frame: ourselves, the municipality's website, and those it named."""
    policy = Policy.objects.filter(municipality=municipality).first()
    named = policy.embed_hosts if policy else []
    own = origin_of(municipality.website) if municipality.website else ""
    return ["'self'", *([own] if own else []), *named]
