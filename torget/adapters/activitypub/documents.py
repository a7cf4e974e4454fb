"""Our own documents, as others fetch them."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from torget.adapters.activitypub.models import Response, Thing
from torget.adapters.activitypub.ours import Ours
from torget.channels.models import Account
from torget.protocols.activitypub import markup, writing


def actor(account: Account, mine: Ours, shared_inbox: str, *, at: datetime) -> dict[str, Any]:
    """Who the actor is, with the keys in force first and those replaced lately after them."""
    municipality = account.municipality
    # Several servers read `publicKey` as one key: it is always one. What was replaced stands among the others.
    public = mine.key("rsa").public()
    multikeys = [(mine.key_id("ed25519"), mine.key("ed25519").public().multikey())]
    multikeys += [(one["id"], one["key"]) for one in mine.old_keys(at)]
    summary = str(account.settings.get("summary", "")) or f"{account.name}, {municipality.name}"
    links = [writing.Link("Torget", mine.origin)]
    if municipality.website:
        links.append(writing.Link(municipality.name, municipality.website))
    return writing.actor(
        writing.Places(mine.actor, mine.inbox, shared_inbox),
        username=mine.username,
        name=account.name,
        summary_html=markup.to_html(summary),
        url=mine.actor,
        pem=(public.id, public.pem()),
        multikeys=multikeys,
        links=links,
        language=municipality.default_language,
    )


def thing(one: Thing) -> dict[str, Any]:
    """A thing as it is now: with its votes counted, or its tombstone."""
    if one.withdrawn_at:
        return writing.tombstone(
            one.uri, deleted=one.withdrawn_at, former=str(one.document["type"])
        )
    held = dict(one.document)
    for name in ("oneOf", "anyOf"):
        if name in held:
            votes = one.responses.filter(kind=Response.Kind.VOTE).values_list("actor", "option")
            count = Counter(option for _actor, option in votes)
            held[name] = [
                {**option, "replies": {"type": "Collection", "totalItems": count[option["name"]]}}
                for option in held[name]
            ]
            held["votersCount"] = len({who for who, _option in votes})
    return held


def creation(one: Thing, mine: Ours) -> dict[str, Any]:
    """The activity that published it."""
    held = thing(one)
    return writing.activity(
        "Create",
        f"{one.uri}/activity",
        actor=mine.actor,
        about=held,
        to=held["to"],
        cc=held["cc"],
        published=one.published_at,
    )
