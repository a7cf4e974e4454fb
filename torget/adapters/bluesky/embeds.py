"""What stands beside the words of a post: pictures, films, link cards, quotes (lexicons app.bsky.embed.*)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torget.channels import beside
from torget.channels.contract import File
from torget.protocols import atproto, jsonvalues
from torget.protocols.plaintext import clean, one_line

WEB = "https://bsky.app/profile/"
MOST_FILES = 10
# What a record's kind is called in the addresses people read.
_PAGES = {
    "app.bsky.feed.post": "post",
    "app.bsky.feed.generator": "feed",
    "app.bsky.graph.list": "lists",
    "app.bsky.graph.starterpack": "starter-pack",
}


def page_of(uri: Any) -> str:
    """Where people read a record; "" when it is none."""
    at = atproto.at_uri(jsonvalues.text(uri))
    if at is None:
        return ""
    kind = _PAGES.get(at.collection)
    return f"{WEB}{at.repo}/{kind}/{at.rkey}" if kind else f"{WEB}{at.repo}"


def _parts(embed: Any) -> Iterator[Mapping[str, Any]]:
    """An embed; a quote with pictures, films or a card is two in one."""
    held = jsonvalues.table(embed)
    media = jsonvalues.table(held.get("media"))
    if media:
        yield media
        yield {"record": held.get("record")}
    elif held:
        yield held


def quoted_uri(record: Mapping[str, Any]) -> str:
    """The post a record quotes; a quote with pictures holds it one level deeper."""
    held = jsonvalues.table(record.get("embed")).get("record")
    for _level in range(4):
        if not isinstance(held, Mapping) or not isinstance(held.get("record"), Mapping):
            break
        held = held["record"]
    return jsonvalues.text(jsonvalues.within(held, "uri"))


def enclosures(record: Mapping[str, Any]) -> list[beside.Enclosure]:
    """Everything a record shows that is neither words nor a picture we fetch."""
    found: list[beside.Enclosure] = []
    for part in _parts(record.get("embed")):
        found += _of(part)
    if uri := quoted_uri(record):
        found.append(beside.quote(page_of(uri)))
    original = jsonvalues.address(record.get("bridgyOriginalUrl"))
    return [*found, beside.link(original)] if original else found


def _of(part: Mapping[str, Any]) -> list[beside.Enclosure]:
    found = []
    card = jsonvalues.table(part.get("external"))
    if card:
        texts = (jsonvalues.text(card.get(name)) for name in ("title", "description"))
        found.append(beside.link(jsonvalues.address(card.get("uri")), *texts))
    kind = jsonvalues.text(part.get("$type")).partition("#")[0]
    if "video" in part or kind == "app.bsky.embed.video":
        found.append(beside.film("", jsonvalues.text(part.get("alt"))))
    images = jsonvalues.tables(part.get("images"))[MOST_FILES:]
    found += [beside.picture("", jsonvalues.text(one.get("alt"))) for one in images]
    if not found and kind and not {"images", "record"} & set(part):
        found.append(beside.unseen(kind))
    return found


def pictures(embed: Any) -> Sequence[File]:
    """Pictures of a post as the AppView shows it; they are fetched from its address."""
    found = []
    for part in _parts(embed):
        for image in jsonvalues.tables(part.get("images")):
            if url := jsonvalues.address(image.get("fullsize")):
                alt = one_line(jsonvalues.text(image.get("alt")), 2000)
                found.append(File("bilde.jpg", "image/jpeg", b"", alt, url))
    return found[:MOST_FILES]


def quoted(embed: Any) -> str:
    """The words of the post that is quoted, as the AppView shows it: whoever answers can read it beside."""
    held = jsonvalues.table(jsonvalues.table(embed).get("record"))
    held = jsonvalues.table(held.get("record")) if "record" in held else held
    words = clean(jsonvalues.text(jsonvalues.within(held, "value", "text")))
    handle = one_line(jsonvalues.text(jsonvalues.within(held, "author", "handle")), 253)
    return f"@{handle}:\n{words}" if words and handle else words
