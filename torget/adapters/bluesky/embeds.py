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
    table = jsonvalues.table(embed)
    media = jsonvalues.table(table.get("media"))
    if media:
        yield media
        yield {"record": table.get("record")}
    elif table:
        yield table


def quoted_uri(record: Mapping[str, Any]) -> str:
    """The post a record quotes; a quote with pictures holds it one level deeper."""
    record_embed = jsonvalues.table(record.get("embed")).get("record")
    for _level in range(4):
        if not isinstance(record_embed, Mapping) or not isinstance(
            record_embed.get("record"), Mapping
        ):
            break
        record_embed = record_embed["record"]
    return jsonvalues.text(jsonvalues.within(record_embed, "uri"))


def enclosures(record: Mapping[str, Any]) -> list[beside.Enclosure]:
    """Everything a record shows that is neither words nor a picture we fetch."""
    enclosures_shown: list[beside.Enclosure] = []
    for part in _parts(record.get("embed")):
        enclosures_shown += _of(part)
    if uri := quoted_uri(record):
        enclosures_shown.append(beside.quote(page_of(uri)))
    original = jsonvalues.address(record.get("bridgyOriginalUrl"))
    return [*enclosures_shown, beside.link(original)] if original else enclosures_shown


def _of(part: Mapping[str, Any]) -> list[beside.Enclosure]:
    enclosures_of_it = []
    card = jsonvalues.table(part.get("external"))
    if card:
        texts = (jsonvalues.text(card.get(name)) for name in ("title", "description"))
        enclosures_of_it.append(beside.link(jsonvalues.address(card.get("uri")), *texts))
    kind = jsonvalues.text(part.get("$type")).partition("#")[0]
    if "video" in part or kind == "app.bsky.embed.video":
        enclosures_of_it.append(beside.film("", jsonvalues.text(part.get("alt"))))
    images = jsonvalues.tables(part.get("images"))[MOST_FILES:]
    enclosures_of_it += [beside.picture("", jsonvalues.text(image.get("alt"))) for image in images]
    if not enclosures_of_it and kind and not {"images", "record"} & set(part):
        enclosures_of_it.append(beside.unseen(kind))
    return enclosures_of_it


def pictures(embed: Any) -> Sequence[File]:
    """Pictures of a post as the AppView shows it; they are fetched from its address."""
    files = []
    for part in _parts(embed):
        for image in jsonvalues.tables(part.get("images")):
            if url := jsonvalues.address(image.get("fullsize")):
                alt = one_line(jsonvalues.text(image.get("alt")), 2000)
                files.append(File("bilde.jpg", "image/jpeg", b"", alt, url))
    return files[:MOST_FILES]


def quoted(embed: Any) -> str:
    """The words of the post that is quoted, as the AppView shows it: whoever answers can read it beside."""
    quoted_record = jsonvalues.table(jsonvalues.table(embed).get("record"))
    quoted_record = (
        jsonvalues.table(quoted_record.get("record"))
        if "record" in quoted_record
        else quoted_record
    )
    words = clean(jsonvalues.text(jsonvalues.within(quoted_record, "value", "text")))
    handle = one_line(jsonvalues.text(jsonvalues.within(quoted_record, "author", "handle")), 253)
    return f"@{handle}:\n{words}" if words and handle else words
