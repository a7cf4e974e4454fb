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
    keys = [jsonvalues.key(key_wanted) for key_wanted in jsonvalues.many(wanted)]
    each = {jsonvalues.key(row.get(key)): row for row in jsonvalues.tables(included.get(name))}
    return [dict(each[key_wanted]) for key_wanted in keys if key_wanted and key_wanted in each]


def words(post: Mapping[str, Any]) -> str:
    """What was written: all of a long post, the short addresses X put in made long again, its HTML entities undone."""
    long = jsonvalues.table(post.get("note_tweet"))
    whole = long if long.get("text") else post
    addresses = {
        jsonvalues.text(address.get("url")): jsonvalues.address(address.get("expanded_url"))
        for address in jsonvalues.tables(jsonvalues.within(whole, "entities", "urls"))
    }
    text = jsonvalues.text(whole.get("text"))
    return html.unescape(_SHORT.sub(lambda hit: addresses.get(hit[0]) or hit[0], text))


def above(post: Mapping[str, Any]) -> str:
    """The id of what it answers."""
    return _referenced(post, "replied_to")


def _referenced(post: Mapping[str, Any], kind: str) -> str:
    for reference in jsonvalues.tables(post.get("referenced_tweets")):
        if reference.get("type") == kind:
            return jsonvalues.key(reference.get("id"), 40)
    return ""


def _enclosures(value: Mapping[str, Any]) -> list[beside.Enclosure]:
    post = jsonvalues.table(value.get("post"))
    whole = jsonvalues.table(post.get("note_tweet")) or post
    enclosures = []
    for poll in jsonvalues.tables(value.get("polls")):
        options = [
            jsonvalues.text(each.get("label")) for each in jsonvalues.tables(poll.get("options"))
        ]
        enclosures.append(beside.poll(options, ends_at=clocks.when(poll.get("end_datetime"))))
    enclosures += [
        beside.film("", jsonvalues.text(media.get("alt_text")))
        for media in jsonvalues.tables(value.get("media"))
        if jsonvalues.text(media.get("type")) in _FILMS
    ]
    enclosures += [
        beside.link(
            jsonvalues.address(address.get("expanded_url")),
            title,
            jsonvalues.text(address.get("description")),
        )
        for address in jsonvalues.tables(jsonvalues.within(whole, "entities", "urls"))
        if (title := jsonvalues.text(address.get("title")))
    ]
    if (quoted := _referenced(post, "quoted")).isdigit():
        enclosures.append(beside.quote(f"https://x.com/i/status/{quoted}"))
    return enclosures


def _pictures(value: Mapping[str, Any]) -> list[File]:
    return [
        File(
            "bilde.jpg",
            "image/jpeg",
            b"",
            one_line(jsonvalues.text(media.get("alt_text")), 1_000),
            url,
        )
        for media in jsonvalues.tables(value.get("media"))
        if media.get("type") == "photo"
        and (url := jsonvalues.address(media.get("url"), secure=True))
    ]


def message(value: Mapping[str, Any], received_at: datetime) -> InboundMessage:
    """A mention. An edited post has a new id on X: its first id is what we know it by.

    Raises:
        ValueError: it has no id, or its author has none.
    """
    post, author = value["post"], jsonvalues.table(value.get("author"))
    newest = jsonvalues.needed(post.get("id"), "the post", 40)
    history = [
        jsonvalues.key(post_id, 40)
        for post_id in jsonvalues.many(post.get("edit_history_tweet_ids"))
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
        body=beside.join(clean(words(post)), _enclosures(value)),
        occurred_at=at,
        kind="new" if named == newest else "edit",
        changed_at=None if named == newest else at,
        visibility="public",
        parents=[
            post_id
            for post_id in dict.fromkeys(parents)
            if post_id and post_id not in {named, newest}
        ],
        language=languages.code(post.get("lang")),
        url=f"https://x.com/i/status/{newest}" if newest.isdigit() else "",
        attachments=_pictures(value),
    )
