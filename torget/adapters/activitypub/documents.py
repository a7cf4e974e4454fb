"""Our own documents, as others fetch them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any

from torget.adapters.activitypub import ours as our
from torget.adapters.activitypub.models import APObject, Response
from torget.adapters.activitypub.ours import Ours
from torget.channels import rules as channels
from torget.channels.accounts import on_network as accounts_on
from torget.channels.models import Account
from torget.channels.pages import Document, PublicPage
from torget.history.rules import first_at
from torget.people.models import Municipality
from torget.protocols import svg
from torget.protocols.activitypub import MEDIA_TYPE, PUBLIC, markup, writing


def actor_of(account: Account, *, at: datetime) -> dict[str, Any]:
    """Who the actor is, with the keys in force first and those replaced lately after them.

    Raises:
        BadKey, KeyError: the account has no keys.
    """
    municipality, mine = account.municipality, our.of(channels.access(account))
    main = main_account(municipality)
    shared_inbox = our.without_secrets(main).inbox if main else mine.inbox
    # Several servers read `publicKey` as one key: it is always one. What was replaced stands among the others.
    public = mine.key("rsa").public()
    multikeys = [(mine.key_id("ed25519"), mine.key("ed25519").public().multikey())]
    multikeys += [(key["id"], key["key"]) for key in mine.old_keys(at)]
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
        icon=_picture(mine, municipality, "bilde") if municipality.coat_of_arms else None,
        image=_picture(mine, municipality, "topp"),
        published=_opened_at(account),
        language=municipality.default_language,
    )


def main_account(municipality: Municipality) -> Account | None:
    """The municipality's own actor: the first that was opened. Its inbox is the shared one."""
    accounts = accounts_on(our.NETWORK).filter(municipality=municipality)
    return accounts.order_by("pk").first()


def _picture(mine: Ours, municipality: Municipality, name: str) -> tuple[str, str]:
    """Address and media type of the actor's avatar ("bilde") or header ("topp"): another address when it changes."""
    return f"{mine.origin}{our.OBJECTS}{name}-{mark_of(municipality)}.png", "image/png"


def mark_of(municipality: Municipality) -> str:
    """Short for what the municipality's pictures are made of."""
    shown = f"{municipality.colour} {municipality.coat_of_arms}".encode()
    return hashlib.sha256(shown).hexdigest()[:16]


COUNTED = {
    "replies": Response.Kind.REPLY,
    "likes": Response.Kind.LIKE,
    "shares": Response.Kind.SHARE,
}


@lru_cache(maxsize=64)
def drawn(coat_of_arms: str, colour: str, name: str) -> bytes:
    """The avatar (on white) or the header (on the municipality's colour) as PNG.

    Raises:
        BadFile: the coat of arms cannot be drawn.
    """
    if name == "topp":
        return svg.picture(coat_of_arms, colour, svg.HEADER)
    return svg.picture(coat_of_arms, "#ffffff", svg.AVATAR)


def _opened_at(account: Account) -> datetime | None:
    """When the account was opened."""
    return first_at("account.opened", account)


def of_page(page: PublicPage, *, at: datetime) -> Document | None:
    """A page of our square as ActivityPub: what was published of it; else its own words, when they are ours.

    None: nobody of the municipality is known there, who reads must sign, or the words are a resident's.
    """
    if receipt := page.receipts.get(our.NETWORK):
        return Document(MEDIA_TYPE, url=receipt)
    account = main_account(page.municipality) if page.ours else None
    mine = our.without_secrets(account) if account else None
    if mine is None or mine.authorised_fetch:
        return None
    note = writing.note(
        page.url,
        author=mine.actor,
        html=f"<p><strong>{escape(page.title)}</strong></p>{page.html or markup.to_html(page.text)}",
        language=page.language,
        published=page.published_at,
        to=[PUBLIC],
        cc=[mine.followers],
        url=page.url,
        updated=page.changed_at,
    )
    return Document(MEDIA_TYPE, body=json.dumps(note, ensure_ascii=False).encode())


def ap_object(row: APObject) -> dict[str, Any]:
    """An object as it is now: with its votes counted, or its tombstone."""
    if row.withdrawn_at:
        return writing.tombstone(
            row.uri, deleted=row.withdrawn_at, former=str(row.document["type"])
        )
    document = dict(row.document)
    if row.public:
        kinds = Counter(row.responses.filter(hidden=False).values_list("kind", flat=True))
        document |= writing.counted(row.uri, {name: kinds[kind] for name, kind in COUNTED.items()})
    for name in ("oneOf", "anyOf"):
        if name in document:
            votes = row.responses.filter(kind=Response.Kind.VOTE).values_list("actor", "option")
            count = Counter(option for _actor, option in votes)
            document[name] = [
                {**option, "replies": {"type": "Collection", "totalItems": count[option["name"]]}}
                for option in document[name]
            ]
            document["votersCount"] = len({who for who, _option in votes})
    return document


def creation(row: APObject, mine: Ours) -> dict[str, Any]:
    """The activity that published it."""
    note = ap_object(row)
    return writing.activity(
        "Create",
        f"{row.uri}/activity",
        actor=mine.actor,
        about=note,
        to=note["to"],
        cc=note["cc"],
        published=row.published_at,
    )
