"""Comments on LinkedIn as envelopes and messages."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from torget.channels import beside
from torget.channels.base import json_item
from torget.channels.contract import Author, InboundMessage, RawItem
from torget.protocols import clocks, jsonvalues
from torget.protocols.plaintext import clean, one_line


def changed_at_of(one: Mapping[str, Any]) -> float:
    """When it was last changed, in seconds since 1970; now when it does not tell, so that nothing is lost."""
    times = [_moment(one, name) for name in ("lastModified", "created")]
    return max((at.timestamp() for at in times if at), default=time.time())


def name_of(one: Mapping[str, Any]) -> str:
    """Its name; "" when it has neither one nor what one is made of."""
    place, number = (jsonvalues.key(one.get(name), 200) for name in ("object", "id"))
    made = f"urn:li:comment:({place},{number})" if place and number else ""
    return jsonvalues.key(one.get("commentUrn"), 300) or one_line(made, 300)


def item_of(comment: Mapping[str, Any], post: str) -> RawItem:
    """A comment as an envelope: a changed one is another."""
    changed = jsonvalues.text(jsonvalues.within(comment, "lastModified", "time"))
    item = json_item({"post": post, "comment": comment}, name_of(comment))
    return replace(item, external_id=f"{item.external_id}:{changed}")


def _moment(one: Mapping[str, Any], name: str) -> datetime | None:
    return clocks.when(jsonvalues.within(one, name, "time"))


def message(held: Mapping[str, Any], post: str, received_at: datetime) -> InboundMessage:
    """A comment. LinkedIn gives no names of private persons here, only an id of its own."""
    named, actor = name_of(held), jsonvalues.key(held.get("actor"), 320)
    if not named or not actor.startswith("urn:li:"):
        raise ValueError("no id")
    at = _moment(held, "created") or received_at
    changed_at = _moment(held, "lastModified") or at
    above = [held.get("parentComment"), held.get("object"), post]
    return InboundMessage(
        external_id=named,
        author=Author(actor, _("Noen på LinkedIn")),
        body=beside.join(clean(words(held)), _enclosures(held)),
        occurred_at=at,
        kind="edit" if changed_at > at else "new",
        changed_at=changed_at if changed_at > at else None,
        visibility="public",
        parents=list(dict.fromkeys(key for one in above if (key := jsonvalues.key(one, 300)))),
        url=f"https://www.linkedin.com/feed/update/{post}/" if post.startswith("urn:li:") else "",
    )


def words(held: Mapping[str, Any]) -> str:
    """What it says."""
    return jsonvalues.text(jsonvalues.within(held, "message", "text"))


def _enclosures(held: Mapping[str, Any]) -> list[beside.Enclosure]:
    """Pictures and links of a comment: LinkedIn names what they are, and of a link where it leads."""
    found = []
    for one in jsonvalues.tables(held.get("content")):
        kind = jsonvalues.text(one.get("type")).lower()
        url = jsonvalues.address(one.get("url")) or jsonvalues.address(jsonvalues.within(one, "entity", "url"))  # fmt: skip
        if kind in ("image", "video"):
            found.append(beside.kept_out(kind, url, jsonvalues.text(one.get("title"))))
        elif kind or url:
            found.append(beside.link(url, jsonvalues.text(one.get("title"))))
    attributes = jsonvalues.tables(jsonvalues.within(held, "message", "attributes"))
    links = [jsonvalues.address(jsonvalues.within(one, "value", "url")) for one in attributes]
    return [*found, *(beside.link(url) for url in links if url)]
