"""What we say, as objects with addresses: notes, polls, events, their edits and their tombstones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from torget.adapters.activitypub import acts, blocks, inbox_deliveries, mentions, remotes
from torget.adapters.activitypub.mentions import Named
from torget.adapters.activitypub.models import (
    Act,
    APObject,
    Follower,
    Remote,
    Response,
    new_public_id,
)
from torget.adapters.activitypub.ours import NETWORK, Ours
from torget.channels import accounts, files
from torget.channels.base import first_said_as
from torget.channels.contract import Outgoing, Receipt, SendError
from torget.conversations.known import body_received
from torget.design import times
from torget.protocols import webfinger
from torget.protocols.activitypub import PUBLIC, Malformed, markup, reading, writing
from torget.protocols.files import image_size

# Some servers call the picture what its address ends with.
_SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "application/pdf": ".pdf",
}


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom an object is for: in the document's terms, and the inboxes that means."""

    to: Sequence[str]
    cc: Sequence[str]
    inboxes: Sequence[str]
    mentioned: Sequence[Remote] = ()

    @property
    def public(self) -> bool:
        """For everybody."""
        return PUBLIC in {*self.to, *self.cc}


def done(key: str) -> Receipt | None:
    """Whether an act with this key was done."""
    act = Act.objects.filter(key=key).select_related("ap_object").first()
    if act is None:
        return None
    document = act.ap_object.document if act.ap_object else {}
    return Receipt(act.receipt, url=str(document.get("url", "")))


def follower_inboxes(account_id: int) -> list[str]:
    """One inbox for each server with followers of ours; the person's own where it has none in common."""
    rows = Follower.objects.filter(account=account_id, remote__gone_at=None).values_list(
        "remote__shared_inbox", "remote__inbox"
    )
    return list(dict.fromkeys(shared or own for shared, own in rows))


def person(recipient: str, mine: Ours, *, at: datetime) -> Remote:
    """Whom to say something to: by their actor's address or their handle. Asks their server when we do not know them.

    Raises:
        SendError: there is nobody, or nobody answers now.
    """
    try:
        uri = recipient
        if not reading.is_uri(recipient):
            _subject, uri = remotes.find(recipient, mine)
        remote = remotes.actor(uri, mine, at=at)
    except webfinger.Unknown as fault:
        raise SendError("There is nobody by that name.", permanent=True) from fault
    except remotes.Unreachable as fault:
        raise SendError(f"Their server: {fault}", permanent=not fault.maybe_later) from fault
    if remote.gone_at:
        raise SendError("Their account is gone.", permanent=True)
    if not blocks.allowed(mine.account_id, [remote.uri]):
        raise SendError("Their server is blocked.", permanent=True)
    return remote


def handle_of(remote: Remote) -> str:
    """How to mention somebody."""
    return remote.handle or f"@{remote.username}@{remote.host}"


def audience(out: Outgoing, mine: Ours, *, named: Named, at: datetime) -> Audience:
    """Whom a new object is for, and those it names. An answer goes to who asked, as openly as the question at most."""
    uris = [remote.uri for remote in named.remotes.values()]
    inboxes = [remote.inbox for remote in named.remotes.values()]
    if out.act == "publish":
        whom = [*follower_inboxes(mine.account_id), *inboxes]
        return Audience([PUBLIC], [mine.followers, *uris], whom)
    to = person(out.recipient, mine, at=at)
    others = [uri for uri in uris if uri != to.uri]
    if out.visibility != "public":
        return Audience([to.uri], [], [to.inbox], [to])
    if asked_quietly(out, mine):
        return Audience([to.uri], [PUBLIC, *others], [to.inbox, *inboxes], [to])
    return Audience([PUBLIC], [to.uri, *others], [to.inbox, *inboxes], [to])


def asked_quietly(out: Outgoing, mine: Ours) -> bool:
    """Whether the question was for everybody who finds it, but not for public lists ("unlisted"): so is its answer.

    What was asked stands in the envelope; of one that is erased we take the narrower.
    """
    body = body_received(accounts.municipality_of(mine.account_id), NETWORK, out.parent)
    if body is None:
        return False
    try:
        activity = reading.activity(reading.load(body))
    except Malformed:
        return True
    # Whom it is for may stand in the activity only.
    return PUBLIC not in (reading.ids_of(activity.object.get("to")) or activity.to)


def _moment(value: Any) -> datetime:
    moment = reading.when(value)
    if moment is None:
        raise SendError("A time in the post cannot be read.", permanent=True)
    return moment


def _extra(out: Outgoing) -> dict[str, Any]:
    """What makes it a poll or an event, when it is one."""
    if poll := out.poll:
        options = [(str(option), 0) for option in poll["options"]]
        ends = _moment(poll["ends_at"])
        return writing.question(
            options, multiple=bool(poll.get("multiple")), ends_at=ends, voters=0
        )
    if event := out.event:
        ends_at = event.get("ends_at")
        return writing.event(
            str(event["name"]),
            starts_at=_moment(event["starts_at"]),
            ends_at=_moment(ends_at) if ends_at else None,
            place=str(event.get("place", "")),
        )
    return {}


def _when_and_where(document: Mapping[str, Any], language: str) -> str:
    """An event's time and place as lines of text: few servers show them otherwise. "" when it is no event."""
    starts, ends = (reading.when(document.get(name)) for name in ("startTime", "endTime"))
    if document.get("type") != "Event" or starts is None:
        return ""
    until = f" – {times.whole(ends, language=language)}" if ends else ""
    with translation.override(language):
        lines = [_("Når: %(when)s") % {"when": times.whole(starts, language=language) + until}]
        if place := document.get("location", {}).get("name", ""):
            lines.append(_("Hvor: %(place)s") % {"place": place})
    return "\n\n" + "\n".join(lines)


def _words(
    out: Outgoing, text: str, mentioned: Sequence[Remote], named: Named, mine: Ours
) -> dict[str, Any]:
    """The HTML of a text and its tags; those `mentioned` stand before it, unless it names them itself."""
    inside = {remote.uri for remote in named.remotes.values()}
    before = [handle_of(remote) for remote in mentioned if remote.uri not in inside]
    people = {handle_of(remote): remote for remote in mentioned} | dict(named.remotes)
    html = markup.to_html(
        " ".join([*before, text]),
        mentions={name: remote.page or remote.uri for name, remote in people.items()},
        tag_url=f"{mine.origin}/sok?q=%23",
    )
    unique = {remote.uri: remote for remote in people.values()}
    tags = [writing.mention(remote.uri, handle_of(remote)) for remote in unique.values()]
    tags += [
        writing.hashtag(name, f"{mine.origin}/sok?q=%23{name.lower()}")
        for name in markup.hashtags(text)
    ]
    return {"html": html, "tags": tags, "language": out.language, "warning": out.warning}


def _keep_files(out: Outgoing, uri: str) -> tuple[list[dict[str, Any]], list[list[str]]]:
    """The files of an object, as its document names them and as we keep them."""
    shown, kept = [], []
    for number, file in enumerate(out.attachments):
        address = f"{uri}/fil/{number}{_SUFFIXES.get(file.media_type, '')}"
        size = image_size(file.content) if file.media_type.startswith("image/") else None
        shown.append(writing.picture(address, file.media_type, file.alt, size))
        kept.append([files.put(file.content), file.media_type])
    return shown, kept


def create(out: Outgoing, text: str, mine: Ours, *, at: datetime) -> Receipt:
    """A new object of ours, and its way to everybody it is for: stored, not yet sent."""
    named = named_in(out, text, mine, at=at)
    whom = audience(out, mine, named=named, at=at)
    public_id = new_public_id()
    uri = mine.objects + public_id
    shown, kept = _keep_files(out, uri)
    extra = _extra(out)
    words = _words(out, text + _when_and_where(extra, out.language), whom.mentioned, named, mine)
    document = writing.note(
        uri,
        author=mine.actor,
        published=at,
        to=whom.to,
        cc=whom.cc,
        url=out.public_url or out.link,
        in_reply_to=out.parent if reading.is_uri(out.parent) else "",
        attachments=shown,
        extra=extra,
        **words,
    )
    if whom.public:
        document |= writing.counted(uri, {})
    activity = writing.activity(
        "Create",
        f"{uri}/activity",
        actor=mine.actor,
        about=document,
        to=whom.to,
        cc=whom.cc,
        published=at,
    )
    with transaction.atomic():
        if receipt := done(out.idempotency_key):
            return receipt
        ap_object = APObject.objects.create(
            public_id=public_id,
            account_id=mine.account_id,
            uri=uri,
            document=document,
            public=whom.public,
            in_reply_to=str(document.get("inReplyTo", "")),
            files=kept,
            published_at=at,
        )
        more: dict[str, Any] = {"receipt": uri, "ap_object": ap_object}
        acts.do(out.idempotency_key, mine, activity, whom.inboxes, at=at, **more)
    return Receipt(uri, url=str(document.get("url", "")), remark=named.remark)


def named_in(out: Outgoing, text: str, mine: Ours, *, at: datetime) -> Named:
    """Whom a public text names. A private one is for who asked alone: nobody else is told of it."""
    return mentions.find(text, mine, at=at) if out.visibility == "public" else Named()


def ours_of(out: Outgoing, mine: Ours) -> APObject:
    """The object of ours an act is about, locked in the caller's transaction.

    Raises:
        SendError: there is none.
    """
    ap_object = (
        APObject.objects.select_for_update()
        .filter(account_id=mine.account_id, uri=out.target)
        .first()
    )
    if ap_object is None:
        raise SendError("We have published no such object here.", permanent=True)
    return ap_object


def _reached(ap_object: APObject) -> list[str]:
    """Inboxes of everybody who has it: who it named, our followers when it was for them, and who responded."""
    named = [*ap_object.document.get("to", []), *ap_object.document.get("cc", [])]
    actors = {*named, *ap_object.responses.values_list("actor", flat=True)}
    earlier = {
        inbox for several in ap_object.acts.values_list("inboxes", flat=True) for inbox in several
    }
    inboxes = sorted(earlier)
    inboxes += [
        remote.nearest_inbox if ap_object.public else remote.inbox
        for remote in Remote.objects.filter(uri__in=actors, gone_at=None)
        if not earlier & {remote.inbox, remote.shared_inbox}
    ]
    if any(str(address).endswith("/followers") for address in named):
        inboxes += follower_inboxes(ap_object.account_id)
    return list(dict.fromkeys(inboxes))


def edit(out: Outgoing, text: str, mine: Ours, *, at: datetime) -> Receipt:
    """Say it otherwise: the same address, and an Update to everybody who has it, and to those it names now."""
    named = named_in(out, text, mine, at=at)
    with transaction.atomic():
        if receipt := done(out.idempotency_key):
            return receipt
        ap_object = ours_of(out, mine)
        if ap_object.withdrawn_at:
            raise SendError("It has been withdrawn.", permanent=True)
        mentioned = _asker_of(ap_object) if first_said_as(out) == "say" else []
        text += _when_and_where(ap_object.document, out.language)
        words = _words(out, text, mentioned, named, mine)
        document = dict(ap_object.document) | {
            "content": words["html"],
            "contentMap": {out.language: words["html"]},
            "tag": words["tags"],
            "updated": writing.stamp(at),
            "sensitive": bool(out.warning),
        }
        more = [remote for remote in named.remotes.values() if remote.uri not in document["cc"]]
        document["cc"] = [
            *document["cc"],
            *(remote.uri for remote in more if remote not in mentioned),
        ]
        document.pop("summary", None)
        if out.warning:
            document["summary"] = out.warning
        activity = _about(document, document, "Update", mine, at)
        ap_object.document, ap_object.edited_at = document, at
        ap_object.save(update_fields=["document", "edited_at"])
        acts.do(
            out.idempotency_key,
            mine,
            activity,
            [*_reached(ap_object), *(remote.inbox for remote in more)],
            receipt=ap_object.uri,
            at=at,
            ap_object=ap_object,
            follows_up=True,
        )
    return Receipt(ap_object.uri, url=str(document.get("url", "")), remark=named.remark)


def _asker_of(ap_object: APObject) -> list[Remote]:
    """Whom an answer is for: the first it mentions."""
    tags = [tag for tag in ap_object.document.get("tag", []) if tag.get("type") == "Mention"]
    return list(Remote.objects.filter(uri=tags[0]["href"])) if tags else []


def _about(
    ap_object: Mapping[str, Any], about: Mapping[str, Any], kind: str, mine: Ours, at: datetime
) -> dict[str, Any]:
    return writing.activity(
        kind,
        f"{ap_object['id']}#{kind.lower()}-{uuid4().hex[:12]}",
        actor=mine.actor,
        about=about,
        to=ap_object["to"],
        cc=ap_object["cc"],
        published=at,
    )


def withdraw(out: Outgoing, mine: Ours, *, at: datetime) -> Receipt:
    """Take it back: a tombstone at its address, and a Delete to everybody who has it. What has not gone never goes."""
    with transaction.atomic():
        if receipt := done(out.idempotency_key):
            return receipt
        ap_object = ours_of(out, mine)
        if ap_object.withdrawn_at is None:
            ap_object.withdrawn_at = at
            ap_object.save(update_fields=["withdrawn_at"])
        never = inbox_deliveries.cancel(ap_object)
        tomb = writing.tombstone(ap_object.uri, deleted=at, former=str(ap_object.document["type"]))
        acts.do(
            out.idempotency_key,
            mine,
            _about(ap_object.document, tomb, "Delete", mine, at),
            [inbox for inbox in _reached(ap_object) if inbox not in never],
            receipt=ap_object.uri,
            at=at,
            ap_object=ap_object,
            follows_up=True,
        )
    return Receipt(ap_object.uri)


def shade(out: Outgoing, mine: Ours, *, hidden: bool, at: datetime) -> Receipt:
    """Take a reply out of the collection under our post, or put it back. It stays on its own server."""
    with transaction.atomic():
        if receipt := done(out.idempotency_key):
            return receipt
        Response.objects.filter(
            ap_object__account_id=mine.account_id, kind=Response.Kind.REPLY, uri=out.target
        ).update(hidden=hidden)
        acts.do(out.idempotency_key, mine, {}, [], receipt=out.target, at=at)
    return Receipt(out.target)
