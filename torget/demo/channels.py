"""The example municipality on its channels: accounts of its own, and what came in from them, filed the true way."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from torget.adapters.activitypub import rules as fediverse
from torget.channels import account_health
from torget.channels import rules as channels
from torget.channels.contract import RawItem
from torget.channels.models import Account
from torget.conversations import filing
from torget.conversations import rules as conversations
from torget.conversations.rules import submitting
from torget.demo import texts_channels as texts
from torget.intake import rules as intake
from torget.intake.models import Envelope
from torget.people.actor import Actor
from torget.people.links import absolute
from torget.people.models import Municipality, Staff, Unit

DECIDED_DAYS_AGO = 40


def tell(
    municipality: Municipality,
    units: Mapping[str, Unit],
    staff: Mapping[str, Staff],
    form: Account,
    *,
    at: datetime,
) -> None:
    """Open the accounts and let what was said there come in, once. Nothing is asked or sent over the network."""
    administrator = Actor.of_staff(staff["liv"])
    actors = _open_actors(units, administrator, at=at)
    accounts = {one.network: _show(one, units, administrator, at=at) for one in texts.PLACES}
    accounts["activitypub"] = actors[0]
    accounts["messenger"] = accounts["facebook"]  # a page has both: comments and private messages
    for said in texts.SAID:
        moment = at - timedelta(hours=said.hours_ago)
        _receive(accounts[said.network], ENVELOPES[said.network](said, moment, accounts), moment)
    _chat(municipality, staff, at)
    _post(units, staff, form, actors[0], at)


def _open_actors(units: Mapping[str, Unit], by: Actor, *, at: datetime) -> list[Account]:
    opened = [
        fediverse.open_actor(units[unit], username, name=name, by=by, at=at)
        for unit, username, name in texts.ACTORS
    ]
    _decide(opened[0], texts.IN_USE, by, at=at, in_use=True)
    return opened


def _show(place: texts.Place, units: Mapping[str, Unit], by: Actor, *, at: datetime) -> Account:
    account = channels.open_account(
        units[place.unit],
        network=place.network,
        address=place.address,
        name=place.name,
        settings=place.settings,
        by=by,
        at=at,
    )
    _decide(account, place.weighed, by, at=at, in_use=False)
    account.refresh_from_db()
    return account


def _decide(account: Account, note: str, by: Actor, *, at: datetime, in_use: bool) -> None:
    account_health.decide_use(
        account,
        in_use=in_use,
        note=note,
        decided_on=(at - timedelta(days=DECIDED_DAYS_AGO)).date(),
        decided_by=texts.DECIDER,
        by=by,
        at=at,
    )


def _receive(account: Account, item: RawItem, at: datetime) -> None:
    """Through the same door as everything else: stored byte for byte, then filed by the network's own adapter."""
    pk, _known = intake.receive(account.pk, item, at=at)
    row = Envelope.objects.select_related("account__municipality").get(pk=pk)
    filing.file(row, at=at)


def _chat(municipality: Municipality, staff: Mapping[str, Staff], at: datetime) -> None:
    text, name, answer, who, hours_ago = texts.CHAT
    moment = at - timedelta(hours=hours_ago)
    saying = submitting.Submission(text, "private", name=name, show_name=True)
    by = Actor.resident(municipality.pk)
    begun = submitting.begin_chat(municipality, saying, email="", by=by, at=moment)
    soon = moment + timedelta(minutes=2)
    conversations.answer(begun, answer, by=Actor.of_staff(staff[who]), at=soon)


def _post(
    units: Mapping[str, Unit],
    staff: Mapping[str, Staff],
    form: Account,
    actor: Account,
    at: datetime,
) -> None:
    subject, body, shorter, who, hours_ago = texts.POST
    conversations.post(
        units["teknisk-drift"],
        form,
        body,
        subject=subject,
        by=Actor.of_staff(staff[who]),
        at=at - timedelta(hours=hours_ago),
        accounts=[actor],
        texts={actor.pk: shorter},
    )


# What each network delivers, in its own documented shape. Sources: docs/channels/<network>.md.

Accounts = Mapping[str, Account]
JSON = "application/json"


def _item(key: str, held: Any, media_type: str = JSON, **headers: str) -> RawItem:
    return RawItem(key, json.dumps(held, ensure_ascii=False).encode(), media_type, headers)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _bluesky(said: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """A notification of the kind "mention" (app.bsky.notification.listNotifications)."""
    uri = f"at://{said.who}/app.bsky.feed.post/{said.key}"
    told = {
        "uri": uri,
        "cid": f"bafyrei{said.key}",
        "author": {
            "did": said.who,
            "handle": f"{said.name.lower()}.bsky.example",
            "displayName": said.name,
        },
        "reason": "mention",
        "record": {
            "$type": "app.bsky.feed.post",
            "text": said.text,
            "langs": ["nb"],
            "createdAt": _iso(at),
        },
        "isRead": False,
        "indexedAt": _iso(at),
    }
    return _item(f"{uri}@{told['cid']}", {"what": "notification", "notification": told})


def _facebook(said: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """A change of the page's feed: a comment."""
    page = accounts["facebook"].address
    value = {
        "from": {"id": said.who, "name": said.name},
        "item": "comment",
        "verb": "add",
        "comment_id": said.key,
        "post_id": f"{page}_7000",
        "created_time": int(at.timestamp()),
        "message": said.text,
    }
    entry = {
        "id": page,
        "time": int(at.timestamp()),
        "changes": [{"field": "feed", "value": value}],
    }
    return _item(f"demo:{said.key}", {"object": "page", "entry": [entry]})


def _messenger(said: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """A private message to the page."""
    page, millis = accounts["facebook"].address, int(at.timestamp() * 1000)
    event = {
        "sender": {"id": said.who},
        "recipient": {"id": page},
        "timestamp": millis,
        "message": {"mid": said.key, "text": said.text},
    }
    entry = {"id": page, "time": millis, "messaging": [event]}
    return _item(f"demo:{said.key}", {"object": "page", "entry": [entry]})


def _sms(said: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    held = {"id": said.key, "from": said.who, "to": accounts["sms"].address, "text": said.text}
    return _item(said.key, {**held, "receivedAt": _iso(at)})


def _youtube(said: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """A comment that is held for review (commentThreads.list, moderationStatus heldForReview)."""
    snippet = {
        "authorDisplayName": said.name,
        "authorChannelId": {"value": said.who},
        "channelId": accounts["youtube"].address,
        "textDisplay": said.text,
        "textOriginal": said.text,
        "publishedAt": _iso(at),
        "updatedAt": _iso(at),
        "moderationStatus": "heldForReview",
    }
    comment = {
        "kind": "youtube#comment",
        "id": said.key,
        "videoId": "nordvaag001",
        "snippet": snippet,
    }
    held = {"status": "heldForReview", "comment": comment}
    return _item(f"{said.key}:{_iso(at)}:heldForReview", held)


def _rss(said: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """An entry of the paper's feed, as the channel keeps it."""
    title, text = said.text.split("|")
    held = {
        "id": said.key,
        "url": said.key,
        "title": title,
        "text": text,
        "author": said.name,
        "published": _iso(at),
        "changed": False,
        "source": said.who,
        "home": "https://www.nordvaagblad.example",
    }
    return _item(f"{said.key}:1", held)


def _activitypub(said: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """A Create of a Note that mentions us, as Mastodon delivers it."""
    account = accounts["activitypub"]
    ours = absolute(account.municipality, f"/ap/{account.address.partition('@')[0]}")
    actor = f"https://mastodon.example/users/{said.who}"
    note = f"{actor}/statuses/{said.key}"
    public = "https://www.w3.org/ns/activitystreams#Public"
    spread = {"to": [public], "cc": [f"{actor}/followers", ours]}
    held = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": f"{note}/activity",
        "type": "Create",
        "actor": actor,
        "published": _iso(at),
        **spread,
        "object": {
            "id": note,
            "type": "Note",
            "published": _iso(at),
            "url": f"https://mastodon.example/@{said.who}/{said.key}",
            "attributedTo": actor,
            **spread,
            "content": f"<p>{said.text}</p>",
            "contentMap": {"nb": f"<p>{said.text}</p>"},
            "tag": [{"type": "Mention", "href": ours, "name": f"@{account.address}"}],
        },
    }
    told = {
        "actor-name": said.name,
        "actor-handle": f"@{said.who}@mastodon.example",
        "actor-page": f"https://mastodon.example/@{said.who}",
    }
    return _item(f"{note}/activity#demo", held, "application/activity+json", **told)


ENVELOPES: Mapping[str, Callable[[texts.Said, datetime, Accounts], RawItem]] = {
    "activitypub": _activitypub,
    "bluesky": _bluesky,
    "facebook": _facebook,
    "messenger": _messenger,
    "rss": _rss,
    "sms": _sms,
    "youtube": _youtube,
}
