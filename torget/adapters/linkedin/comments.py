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


def changed_at_of(comment: Mapping[str, Any]) -> float:
    """When it was last changed, in seconds since 1970; now when it does not tell, so that nothing is lost."""
    times = [_moment(comment, name) for name in ("lastModified", "created")]
    return max((at.timestamp() for at in times if at), default=time.time())


def name_of(comment: Mapping[str, Any]) -> str:
    """Its name; "" when it has neither one nor what one is made of."""
    place, number = (jsonvalues.key(comment.get(name), 200) for name in ("object", "id"))
    made = f"urn:li:comment:({place},{number})" if place and number else ""
    return jsonvalues.key(comment.get("commentUrn"), 300) or one_line(made, 300)


def item_of(comment: Mapping[str, Any], post: str) -> RawItem:
    """A comment as an envelope: a changed one is another."""
    changed = jsonvalues.text(jsonvalues.within(comment, "lastModified", "time"))
    item = json_item({"post": post, "comment": comment}, name_of(comment))
    return replace(item, external_id=f"{item.external_id}:{changed}")


def _moment(comment: Mapping[str, Any], name: str) -> datetime | None:
    return clocks.when(jsonvalues.within(comment, name, "time"))


def message(comment: Mapping[str, Any], post: str, received_at: datetime) -> InboundMessage:
    """A comment. LinkedIn gives no names of private persons here, only an id of its own."""
    named, actor = name_of(comment), jsonvalues.key(comment.get("actor"), 320)
    if not named or not actor.startswith("urn:li:"):
        raise ValueError("no id")
    at = _moment(comment, "created") or received_at
    changed_at = _moment(comment, "lastModified") or at
    above = [comment.get("parentComment"), comment.get("object"), post]
    return InboundMessage(
        external_id=named,
        author=Author(actor, _("Noen på LinkedIn")),
        body=beside.join(clean(words(comment)), _enclosures(comment)),
        occurred_at=at,
        kind="edit" if changed_at > at else "new",
        changed_at=changed_at if changed_at > at else None,
        visibility="public",
        parents=list(dict.fromkeys(key for urn in above if (key := jsonvalues.key(urn, 300)))),
        url=f"https://www.linkedin.com/feed/update/{post}/" if post.startswith("urn:li:") else "",
    )


def words(comment: Mapping[str, Any]) -> str:
    """What it says."""
    return jsonvalues.text(jsonvalues.within(comment, "message", "text"))


def _enclosures(comment: Mapping[str, Any]) -> list[beside.Enclosure]:
    """Pictures and links of a comment: LinkedIn names what they are, and of a link where it leads."""
    enclosures = []
    for content in jsonvalues.tables(comment.get("content")):
        kind = jsonvalues.text(content.get("type")).lower()
        url = jsonvalues.address(content.get("url")) or jsonvalues.address(jsonvalues.within(content, "entity", "url"))  # fmt: skip
        if kind in ("image", "video"):
            enclosures.append(beside.kept_out(kind, url, jsonvalues.text(content.get("title"))))
        elif kind or url:
            enclosures.append(beside.link(url, jsonvalues.text(content.get("title"))))
    attributes = jsonvalues.tables(jsonvalues.within(comment, "message", "attributes"))
    links = [
        jsonvalues.address(jsonvalues.within(attribute, "value", "url")) for attribute in attributes
    ]
    return [*enclosures, *(beside.link(url) for url in links if url)]
