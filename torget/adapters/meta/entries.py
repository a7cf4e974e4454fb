"""What Meta's webhooks carry: one body with many entries, each with changes and messages, as messages and notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from torget.adapters.meta import shown
from torget.channels import beside, piecewise
from torget.channels.base import ODD
from torget.channels.contract import Author, InboundMessage, NetworkEvent, RawItem, Unparseable
from torget.protocols import clocks, jsonvalues
from torget.protocols.plaintext import clean, one_line

News = InboundMessage | NetworkEvent
VERBS = {"add": "new", "edit": "edit", "edited": "edit", "remove": "delete"}
POSTS = frozenset({"post", "status", "photo", "video", "share", "album", "link"})


@dataclass(frozen=True, slots=True)
class Place:
    """Whose news it is: our own ids there, and when the envelope came."""

    own: frozenset[str]
    received_at: datetime


def entries(item: RawItem, place: Place, objects: Sequence[str]) -> list[Mapping[str, Any]]:
    """The entries of a delivery that are ours.

    Raises:
        Unparseable: it is not a delivery of Meta's, or of another page altogether.
    """
    try:
        value = jsonvalues.load(item.body)
        if value["object"] not in objects:
            raise Unparseable(_("Dette gjelder ikke denne kanalen hos Meta."))
        each = jsonvalues.tables(value["entry"])
    except ODD as fault:
        raise Unparseable(_("Dette er ikke en leveranse fra Meta vi forstår.")) from fault
    ours = [entry for entry in each if jsonvalues.key(entry.get("id")) in place.own]
    if jsonvalues.many(value["entry"]) and not ours:
        raise Unparseable(_("Leveransen gjelder en annen side enn denne kontoen."))
    return ours


def gathered(
    entries_of_ours: Sequence[Mapping[str, Any]],
    read: Callable[[Mapping[str, Any]], Iterator[News]],
) -> list[News]:
    """All the news of all the entries; a change or a message that cannot be read is set aside by itself.

    Raises:
        Unparseable: none of them is as documented.
    """
    pieces = [piece for entry in entries_of_ours for piece in _pieces(entry)]
    return piecewise.each(pieces, read, why=_("Dette er ikke en leveranse fra Meta vi forstår."))


def _pieces(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The entry once for each thing in it."""
    rest = {name: part for name, part in entry.items() if name not in ("changes", "messaging")}
    if "field" in rest:
        yield rest
    for name in ("changes", "messaging"):
        for part in jsonvalues.many(entry.get(name)):
            yield {**rest, name: [part]}


def moment(value: Any, otherwise: datetime) -> datetime:
    """A time Meta gives as seconds or milliseconds since 1970, or as text; the other where it gives none."""
    return clocks.when(value) or otherwise


def is_since(value: Any, after: float) -> bool:
    """Whether it was said since then; what does not tell is taken for new, so that nothing is lost."""
    at = clocks.when(value)
    return at is None or at.timestamp() >= after


text_of = jsonvalues.text


def key_of(value: Any) -> str:
    """An id.

    Raises:
        ValueError: there is none.
    """
    return jsonvalues.needed(value, "what was said")


def author(sender: Any, message_id: str) -> Author:
    """Who speaks. Meta may withhold it: then everyone is somebody of their own."""
    sender = jsonvalues.table(sender)
    named = jsonvalues.key(sender.get("id"), 320)
    if not named:
        return Author(f"unknown:{message_id}"[:320], _("Noen på Facebook"))
    name = one_line(text_of(sender.get("name")) or text_of(sender.get("username")), 120)
    handle = one_line(text_of(sender.get("username")), 100)
    return Author(named, name, handle=f"@{handle}" if handle else "")


def https(url: Any) -> str:
    """An address people may be led to; "" when it is not one."""
    return jsonvalues.address(url, secure=True)


def feed(value: Mapping[str, Any], entry: Mapping[str, Any], place: Place) -> Iterator[News]:
    """A change of a page's feed (…/webhooks/reference/page, field `feed`): comments, and posts of visitors."""
    item, verb = text_of(value.get("item")), text_of(value.get("verb"))
    text = clean(text_of(value.get("message")))
    # Reactions, hiding and the like say nothing; of a kind we do not know, what has words does.
    if verb not in VERBS or not (item == "comment" or item in POSTS or text):
        return
    named = key_of(value.get("comment_id") if item == "comment" else value.get("post_id"))
    at = moment(value.get("created_time"), place.received_at)
    who = author(value.get("from"), named)
    if who.external_id in place.own:
        if verb == "add":
            yield NetworkEvent("own", of=named)
        return
    above = [jsonvalues.key(value.get(name)) for name in ("parent_id", "post_id")]
    kind = VERBS[verb]
    page = jsonvalues.within(value, "post", "permalink_url") or value.get("permalink_url")
    yield InboundMessage(
        external_id=named,
        author=who,
        body="" if kind == "delete" else beside.join(text, shown.of_post(value, item)),
        occurred_at=at,
        kind=kind,  # type: ignore[arg-type]  # one of the three by the table
        visibility="public",
        parents=[uri for uri in dict.fromkeys(above) if uri and uri != named],
        url=https(page),
        changed_at=clocks.when(entry.get("time")) if kind != "new" else None,
        attachments=shown.pictures(value) if kind == "new" else [],
    )


def mention(value: Mapping[str, Any], place: Place) -> Iterator[News]:
    """Somebody named the page elsewhere (field `mention`)."""
    if value.get("verb") not in {None, "add"}:
        return
    named = key_of(value.get("comment_id") or value.get("post_id"))
    sender = {"id": value.get("sender_id"), "name": value.get("sender_name")}
    who = author(value.get("from") or sender, named)
    if who.external_id in place.own:
        return
    at = moment(value.get("created_time"), place.received_at)
    text = clean(text_of(value.get("message")))
    yield InboundMessage(
        external_id=named,
        author=who,
        body=text
        or _("Siden er nevnt her: %(url)s") % {"url": f"https://www.facebook.com/{named}"},
        occurred_at=at,
        visibility="public",
        url=f"https://www.facebook.com/{named}",
    )


def message(event: Mapping[str, Any], place: Place) -> Iterator[News]:
    """One event of `messaging` (…/messenger-platform/webhooks/webhook-events); the shape is Instagram's too."""
    if delivered := jsonvalues.table(event.get("delivery")):
        for mid in jsonvalues.many(delivered.get("mids")):
            yield NetworkEvent("receipt", key_of(mid), "delivered")
        return
    sender = key_of(jsonvalues.within(event, "sender", "id"))
    at = moment(event.get("timestamp"), place.received_at)
    if changed := jsonvalues.table(event.get("message_edit")):
        words = clean(text_of(changed.get("text")))
        yield InboundMessage(key_of(changed.get("mid")), Author(sender), words, at, kind="edit", changed_at=at)  # fmt: skip
        return
    words_sent = jsonvalues.table(event.get("message")) or jsonvalues.table(event.get("postback"))
    if not words_sent:
        return  # read, reactions, referrals
    mid = key_of(words_sent.get("mid"))
    if words_sent.get("is_echo") or sender in place.own:
        yield NetworkEvent("own", of=one_line(text_of(words_sent.get("metadata")), 80) or mid)
        return
    yield _said(words_sent, mid, sender, at)


def _said(words_sent: Mapping[str, Any], mid: str, sender: str, at: datetime) -> InboundMessage:
    gone = words_sent.get("is_deleted") is True
    files, enclosures = shown.of_message(words_sent)
    words = clean(text_of(words_sent.get("text")) or text_of(words_sent.get("title")))
    if words_sent.get("is_unsupported") is True:
        unseen = _("[Noe Meta ikke viser oss. Se det i innboksen der.]")
        words = "\n".join(line for line in (words, unseen) if line)
    answers = jsonvalues.key(jsonvalues.within(words_sent, "reply_to", "mid"))
    return InboundMessage(
        external_id=mid,
        author=Author(sender),
        body="" if gone else beside.join(words, enclosures),
        occurred_at=at,
        kind="delete" if gone else "new",
        changed_at=at if gone else None,
        parents=[answers] if answers else [],
        attachments=[] if gone else files,
    )
