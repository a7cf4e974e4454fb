"""Posts of X as messages: words with their long addresses, and what stands beside them."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from torget.channels import beside
from torget.channels.base import json_item
from torget.channels.contract import Author, File, InboundMessage, RawItem
from torget.protocols import clocks, jsonvalues, languages
from torget.protocols.plaintext import clean, one_line

_SHORT = re.compile(r"https?://t\.co/\w{1,20}")
_FILMS = frozenset({"video", "animated_gif"})


def item(post: Mapping[str, Any], includes: Any) -> RawItem:
    """A post as an envelope, with what X tells of its author, pictures and polls beside it."""
    included = jsonvalues.table(includes)
    attached = jsonvalues.table(post.get("attachments"))
    people = _with(included, "users", "id", [post.get("author_id")])
    value = {
        "post": post,
        "author": people[0] if people else {},
        "media": _with(included, "media", "media_key", attached.get("media_keys")),
        "polls": _with(included, "polls", "id", attached.get("poll_ids")),
    }
    return json_item(value, jsonvalues.key(post.get("id"), 40))


def _with(included: Mapping[str, Any], name: str, key: str, wanted: Any) -> list[Any]:
    keys = [jsonvalues.key(one) for one in jsonvalues.many(wanted)]
    each = {jsonvalues.key(one.get(key)): one for one in jsonvalues.tables(included.get(name))}
    return [dict(each[one]) for one in keys if one and one in each]


def words(post: Mapping[str, Any]) -> str:
    """What was written: all of a long post, the short addresses X put in made long again, its HTML entities undone."""
    long = jsonvalues.table(post.get("note_tweet"))
    whole = long if long.get("text") else post
    addresses = {
        jsonvalues.text(one.get("url")): jsonvalues.address(one.get("expanded_url"))
        for one in jsonvalues.tables(jsonvalues.within(whole, "entities", "urls"))
    }
    said = jsonvalues.text(whole.get("text"))
    return html.unescape(_SHORT.sub(lambda hit: addresses.get(hit[0]) or hit[0], said))


def above(post: Mapping[str, Any]) -> str:
    """The id of what it answers."""
    return _referenced(post, "replied_to")


def _referenced(post: Mapping[str, Any], kind: str) -> str:
    for one in jsonvalues.tables(post.get("referenced_tweets")):
        if one.get("type") == kind:
            return jsonvalues.key(one.get("id"), 40)
    return ""


def _enclosures(held: Mapping[str, Any]) -> list[beside.Enclosure]:
    post = jsonvalues.table(held.get("post"))
    whole = jsonvalues.table(post.get("note_tweet")) or post
    found = []
    for one in jsonvalues.tables(held.get("polls")):
        options = [
            jsonvalues.text(each.get("label")) for each in jsonvalues.tables(one.get("options"))
        ]
        found.append(beside.poll(options, ends_at=clocks.when(one.get("end_datetime"))))
    found += [
        beside.film("", jsonvalues.text(one.get("alt_text")))
        for one in jsonvalues.tables(held.get("media"))
        if jsonvalues.text(one.get("type")) in _FILMS
    ]
    found += [
        beside.link(
            jsonvalues.address(one.get("expanded_url")),
            title,
            jsonvalues.text(one.get("description")),
        )
        for one in jsonvalues.tables(jsonvalues.within(whole, "entities", "urls"))
        if (title := jsonvalues.text(one.get("title")))
    ]
    if (quoted := _referenced(post, "quoted")).isdigit():
        found.append(beside.quote(f"https://x.com/i/status/{quoted}"))
    return found


def _pictures(held: Mapping[str, Any]) -> list[File]:
    return [
        File(
            "bilde.jpg",
            "image/jpeg",
            b"",
            one_line(jsonvalues.text(one.get("alt_text")), 1_000),
            url,
        )
        for one in jsonvalues.tables(held.get("media"))
        if one.get("type") == "photo" and (url := jsonvalues.address(one.get("url"), secure=True))
    ]


def message(held: Mapping[str, Any], received_at: datetime) -> InboundMessage:
    """A mention. An edited post has a new id on X: its first id is what we know it by.

    Raises:
        ValueError: it has no id, or its author has none.
    """
    post, author = held["post"], jsonvalues.table(held.get("author"))
    newest = jsonvalues.needed(post.get("id"), "the post", 40)
    history = [
        jsonvalues.key(one, 40) for one in jsonvalues.many(post.get("edit_history_tweet_ids"))
    ]
    named = next(filter(None, history), newest)
    at = clocks.when(post.get("created_at")) or received_at
    handle = one_line(jsonvalues.text(author.get("username")), 40)
    parents = [above(post), jsonvalues.key(post.get("conversation_id"), 40)]
    return InboundMessage(
        external_id=named,
        author=Author(
            jsonvalues.needed(post.get("author_id"), "its author", 40),
            one_line(jsonvalues.text(author.get("name")) or handle, 120),
            handle=f"@{handle}" if handle else "",
            url=f"https://x.com/{handle}" if handle.isidentifier() else "",
        ),
        body=beside.join(clean(words(post)), _enclosures(held)),
        occurred_at=at,
        kind="new" if named == newest else "edit",
        changed_at=None if named == newest else at,
        visibility="public",
        parents=[one for one in dict.fromkeys(parents) if one and one not in {named, newest}],
        language=languages.code(post.get("lang")),
        url=f"https://x.com/i/status/{newest}" if newest.isdigit() else "",
        attachments=_pictures(held),
    )
