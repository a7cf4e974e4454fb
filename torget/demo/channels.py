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
    accounts = {place.network: _show(place, units, administrator, at=at) for place in texts.PLACES}
    accounts["activitypub"] = actors[0]
    accounts["messenger"] = accounts["facebook"]  # a page has both: comments and private messages
    for item in texts.SAID:
        moment = at - timedelta(hours=item.hours_ago)
        _receive(accounts[item.network], ENVELOPES[item.network](item, moment, accounts), moment)
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


def _item(key: str, content: Any, media_type: str = JSON, **headers: str) -> RawItem:
    return RawItem(key, json.dumps(content, ensure_ascii=False).encode(), media_type, headers)


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _bluesky(post: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """A notification of the kind "mention" (app.bsky.notification.listNotifications)."""
    uri = f"at://{post.who}/app.bsky.feed.post/{post.key}"
    notification = {
        "uri": uri,
        "cid": f"bafyrei{post.key}",
        "author": {
            "did": post.who,
            "handle": f"{post.name.lower()}.bsky.example",
            "displayName": post.name,
        },
        "reason": "mention",
        "record": {
            "$type": "app.bsky.feed.post",
            "text": post.text,
            "langs": ["nb"],
            "createdAt": _iso(at),
        },
        "isRead": False,
        "indexedAt": _iso(at),
    }
    return _item(
        f"{uri}@{notification['cid']}", {"what": "notification", "notification": notification}
    )


def _facebook(post: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """A change of the page's feed: a comment."""
    page = accounts["facebook"].address
    value = {
        "from": {"id": post.who, "name": post.name},
        "item": "comment",
        "verb": "add",
        "comment_id": post.key,
        "post_id": f"{page}_7000",
        "created_time": int(at.timestamp()),
        "message": post.text,
    }
    entry = {
        "id": page,
        "time": int(at.timestamp()),
        "changes": [{"field": "feed", "value": value}],
    }
    return _item(f"demo:{post.key}", {"object": "page", "entry": [entry]})


def _messenger(post: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """A private message to the page."""
    page, millis = accounts["facebook"].address, int(at.timestamp() * 1000)
    event = {
        "sender": {"id": post.who},
        "recipient": {"id": page},
        "timestamp": millis,
        "message": {"mid": post.key, "text": post.text},
    }
    entry = {"id": page, "time": millis, "messaging": [event]}
    return _item(f"demo:{post.key}", {"object": "page", "entry": [entry]})


def _sms(post: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    payload = {"id": post.key, "from": post.who, "to": accounts["sms"].address, "text": post.text}
    return _item(post.key, {**payload, "receivedAt": _iso(at)})


def _youtube(post: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """A comment that is held for review (commentThreads.list, moderationStatus heldForReview)."""
    snippet = {
        "authorDisplayName": post.name,
        "authorChannelId": {"value": post.who},
        "channelId": accounts["youtube"].address,
        "textDisplay": post.text,
        "textOriginal": post.text,
        "publishedAt": _iso(at),
        "updatedAt": _iso(at),
        "moderationStatus": "heldForReview",
    }
    comment = {
        "kind": "youtube#comment",
        "id": post.key,
        "videoId": "nordvaag001",
        "snippet": snippet,
    }
    held_comment = {"status": "heldForReview", "comment": comment}
    return _item(f"{post.key}:{_iso(at)}:heldForReview", held_comment)


def _rss(post: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """An entry of the paper's feed, as the channel keeps it."""
    title, text = post.text.split("|")
    payload = {
        "id": post.key,
        "url": post.key,
        "title": title,
        "text": text,
        "author": post.name,
        "published": _iso(at),
        "changed": False,
        "source": post.who,
        "home": "https://www.nordvaagblad.example",
    }
    return _item(f"{post.key}:1", payload)


def _activitypub(post: texts.Said, at: datetime, accounts: Accounts) -> RawItem:
    """A Create of a Note that mentions us, as Mastodon delivers it."""
    account = accounts["activitypub"]
    ours = absolute(account.municipality, f"/ap/{account.address.partition('@')[0]}")
    actor = f"https://mastodon.example/users/{post.who}"
    note = f"{actor}/statuses/{post.key}"
    public = "https://www.w3.org/ns/activitystreams#Public"
    spread = {"to": [public], "cc": [f"{actor}/followers", ours]}
    payload = {
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
            "url": f"https://mastodon.example/@{post.who}/{post.key}",
            "attributedTo": actor,
            **spread,
            "content": f"<p>{post.text}</p>",
            "contentMap": {"nb": f"<p>{post.text}</p>"},
            "tag": [{"type": "Mention", "href": ours, "name": f"@{account.address}"}],
        },
    }
    activity = {
        "actor-name": post.name,
        "actor-handle": f"@{post.who}@mastodon.example",
        "actor-page": f"https://mastodon.example/@{post.who}",
    }
    return _item(f"{note}/activity#demo", payload, "application/activity+json", **activity)


ENVELOPES: Mapping[str, Callable[[texts.Said, datetime, Accounts], RawItem]] = {
    "activitypub": _activitypub,
    "bluesky": _bluesky,
    "facebook": _facebook,
    "messenger": _messenger,
    "rss": _rss,
    "sms": _sms,
    "youtube": _youtube,
}
