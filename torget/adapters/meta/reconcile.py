"""Asking a page what is new, so that nothing is lost when a webhook was: every quarter of an hour."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from torget.adapters.meta import graph, shown
from torget.adapters.meta.entries import Place, author, https, is_since, key_of, moment, text_of
from torget.adapters.meta.messages import is_own
from torget.channels import beside
from torget.channels.base import ODD, asked_since, json_item
from torget.channels.contract import (
    AccountAccess,
    Author,
    File,
    InboundMessage,
    Polled,
    RawItem,
    SendError,
    Unparseable,
)
from torget.protocols import jsonvalues
from torget.protocols.plaintext import clean, one_line

VIA = {"via": "reconcile"}
OVERLAP_SECONDS = 3600.0  # Meta shows some things late
FIRST_SECONDS = 24 * 3600.0
SECONDS = 900.0
COMMENTS = (
    "comments.filter(stream).order(reverse_chronological).limit(50)"
    "{id,from,message,created_time,parent{id},permalink_url,attachment}"
)
MESSAGES = "messages.limit(25){id,from,message,created_time,attachments}"


def since(cursor: Mapping[str, Any], now: float) -> float:
    """From when on we ask: a little before we asked last."""
    return asked_since(cursor, now, overlap=OVERLAP_SECONDS, first=FIRST_SECONDS)


def item(kind: str, row: Mapping[str, Any], **more: Any) -> RawItem:
    """Something found by asking, as an envelope; finding it again changes nothing."""
    value = {"found": kind, "held": row, **more}
    return json_item(value, f"found:{row.get('id')}", VIA)


def _is_new(row: Mapping[str, Any], after: float) -> bool:
    return is_since(row.get("created_time"), after)


def page(account: AccountAccess, cursor: Mapping[str, Any], *, now: float) -> Polled:
    """Comments, posts of visitors and messages since the cursor.

    Raises:
        SendError: as `graph.call`.
    """
    after = since(cursor, now)
    return gathered(
        account,
        cursor,
        now,
        [
            lambda: feed(account, after),
            lambda: talks(account, account.address, "messenger", after),
        ],
    )


def gathered(
    account: AccountAccess,
    cursor: Mapping[str, Any],
    now: float,
    parts: Sequence[Callable[[], list[RawItem]]],
) -> Polled:
    """All the parts we may read; what a missing permission keeps from us must not keep the rest. Nothing when Meta's limit is near.

    Raises:
        SendError: as `graph.call`; also when no part may be read.
    """
    if graph.is_full(account):
        return Polled(cursor=cursor)
    items: list[RawItem] = []
    refused: list[SendError] = []
    for part in parts:
        try:
            items += part()
        except SendError as fault:
            if not graph.is_forbidden(fault):
                raise
            refused.append(fault)
    if len(refused) == len(parts):
        raise refused[0]
    return Polled(items, {"asked_at": now}, reconciled=True)


def feed(account: AccountAccess, after: float) -> list[RawItem]:
    """Comments on the newest posts, and what visitors posted."""
    fields = f"id,from,message,created_time,permalink_url,full_picture,{COMMENTS}"
    answer = graph.call(
        account, "GET", f"{account.address}/feed", {"fields": fields, "limit": "50"}
    )
    items = []
    for post in map(dict, jsonvalues.tables(answer.get("data"))):
        comments = jsonvalues.tables(jsonvalues.within(post.pop("comments", None), "data"))
        if not is_own(post, account) and _is_new(post, after):
            items.append(item("post", post))
        items += [
            item("comment", comment, post=post.get("id"))
            for comment in map(dict, comments)
            if not is_own(comment, account) and _is_new(comment, after)
        ]
    return items


def talks(account: AccountAccess, sender: str, platform: str, after: float) -> list[RawItem]:
    """Messages in the talks that moved last."""
    params = {"platform": platform, "fields": f"updated_time,{MESSAGES}", "limit": "50"}
    answer = graph.call(account, "GET", f"{sender}/conversations", params)
    return [
        item("message", message)
        for talk in jsonvalues.tables(answer.get("data"))
        for message in map(dict, jsonvalues.tables(jsonvalues.within(talk, "messages", "data")))
        if not is_own(message, account, sender) and _is_new(message, after)
    ]


def read(body: bytes, place: Place) -> Sequence[InboundMessage]:
    """What was found, as the webhook would have told it: with the same ids.

    Raises:
        Unparseable: it is not as documented.
    """
    try:
        whole = jsonvalues.load(body)
        kind, row = whole["found"], whole["held"]
        if kind == "message":
            return [_message(row, place)]
        return [_public(kind, whole, row, place)]
    except ODD as fault:
        raise Unparseable(_("Dette er ikke et svar fra Meta vi forstår.")) from fault


def _public(
    kind: str, whole: Mapping[str, Any], row: Mapping[str, Any], place: Place
) -> InboundMessage:
    named = key_of(row["id"])
    above = [
        jsonvalues.key(uri) for uri in (jsonvalues.within(row, "parent", "id"), whole.get("post"))
    ]
    source = jsonvalues.within(row, "attachment", "media", "image", "src")
    words = clean(text_of(row.get("message")) or text_of(row.get("text")))
    return InboundMessage(
        external_id=named,
        author=author(row.get("from"), named),
        body=beside.join(words, shown.of_attachment(row.get("attachment"))),
        occurred_at=moment(row.get("created_time"), place.received_at),
        visibility="public",
        parents=[uri for uri in dict.fromkeys(above) if uri and uri != named],
        url=https(row.get("permalink_url") or row.get("permalink")),
        attachments=shown.picture(row.get("full_picture") if kind == "post" else source),
    )


def _message(row: Mapping[str, Any], place: Place) -> InboundMessage:
    sender = jsonvalues.table(row["from"])
    files, enclosures = _shown(row)
    return InboundMessage(
        external_id=key_of(row["id"]),
        author=Author(key_of(sender.get("id"))[:320], one_line(text_of(sender.get("name")), 120)),
        body=beside.join(clean(text_of(row.get("message"))), enclosures),
        occurred_at=moment(row.get("created_time"), place.received_at),
        attachments=files,
    )


def _shown(row: Mapping[str, Any]) -> tuple[list[File], list[beside.Enclosure]]:
    """What came with it, in the words of the Graph API (…/reference/message/attachments)."""
    files: list[File] = []
    enclosures: list[beside.Enclosure] = []
    each = row.get("attachments")
    for attachment in jsonvalues.tables(jsonvalues.within(each, "data") or each):
        image = jsonvalues.within(attachment, "image_data", "url")
        film = https(jsonvalues.within(attachment, "video_data", "url"))
        name, url = text_of(attachment.get("name")), https(attachment.get("file_url"))
        if image:
            files += shown.picture(image)
        elif film:
            enclosures.append(beside.film(film, name))
        else:
            enclosures.append(beside.kept_out(text_of(attachment.get("mime_type")), url, name))
    return files, enclosures
