"""Feeds in: RSS 0.9–2.0, Atom (RFC 4287) and JSON Feed 1.1, as they are met in the wild, into plain values."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from torget.protocols import clocks, feedmending, feedtree, jsonvalues, posthtml
from torget.protocols.plaintext import clean, one_line

MOST_BYTES = 2_000_000
MOST_ENTRIES = 500
MOST_CHARS = 20_000
MOST_FILES = 10
_TAGS = ("{*}item", "{*}entry", "{*}Item", "{*}ITEM", "{*}Entry", "{*}ENTRY")

# HTML and the address it stands at → its words.
Words = Callable[[str, str], str]


class BadFeed(ValueError):  # noqa: N818 - names what was read
    """This is no feed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed. `text` is plain; times are aware, None when the feed does not tell.

    `other_id` is what it is known by when another item of the feed has the same id. `more` are other texts of it that are
    not shown: a summary beside the whole. `files` are films and sound that come with it: media type, address, title.
    """

    id: str
    url: str
    title: str
    text: str
    author: str
    published_at: datetime | None
    changed_at: datetime | None
    other_id: str = ""
    more: str = ""
    files: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A feed: its name, its page, its entries in the feed's own order, and items that cannot be read, as they came."""

    title: str
    home: str
    entries: tuple[Entry, ...]
    bad: tuple[str, ...] = ()


def _to_text(html: str, base: str) -> str:
    return posthtml.to_text(html, base=base)


def read(body: bytes, *, url: str, words: Words = _to_text) -> Source:
    """Understand a feed. Bad markup is mended, entities are not followed, nothing is fetched.

    `words` makes text of HTML.

    Raises:
        BadFeed: it is none, or larger than 2 MB.
    """
    if len(body) > MOST_BYTES:
        raise BadFeed("The feed is larger than 2 MB")
    root = feedmending.tree(body)
    if root is not None and feedtree.name_of(root)[1] in ("rss", "feed", "rdf"):
        return _xml(root, url, words)
    return _json(body, url, words)


when = clocks.when


def _plain(element: feedtree.Passage, words: Words) -> str:
    """The words of a text, or of HTML: what it says it is, else what it looks like."""
    words_in_it, base = element.text, element.base
    is_html = element.kind == "html" or (
        element.kind == "" and posthtml.looks_like_html(words_in_it)
    )
    text = (
        words(words_in_it[: posthtml.MOST_CHARS], base)
        if is_html
        else clean(words_in_it, MOST_CHARS)
    )
    return text[:MOST_CHARS].strip()


def _address(text: str, base: str) -> str:
    """An address people may be led to; "" when it is not one."""
    try:
        return jsonvalues.address(urljoin(base, text.strip())) if text.strip() else ""
    except ValueError:
        return ""


def _entry(item: feedtree.Item, words: Words) -> Entry | None:
    url = next((where for link in item.links if (where := _address(link.text, link.base))), "")
    title = one_line(_plain(item.title, words), 300)
    texts = [where for element in item.texts if (where := _plain(element, words))]
    text = next(filter(_has_words, texts), "") or next(iter(texts), "")
    title = title or ("" if text else url)
    if not (title or text):
        return None
    digest = hashlib.sha256((url or f"{title}\n{text}").encode()).hexdigest()[:16]
    named = one_line(item.id or url, 400) or f"uten-id:{digest}"
    published_at = next(filter(None, map(clocks.when, item.published)), None)
    changed_at = next(filter(None, map(clocks.when, item.changed)), None)
    files = [
        (one_line(kind, 100), address, one_line(name, 300))
        for kind, file_url, name in item.files
        if (address := _address(file_url.text, file_url.base))
    ]
    return Entry(
        named,
        url,
        title,
        text,
        one_line(", ".join(dict.fromkeys(filter(None, item.authors))), 120),
        published_at or changed_at,
        changed_at,
        f"{named}#{hashlib.sha256((url + title).encode()).hexdigest()[:16]}",
        "\n".join(part for part in texts if part != text),
        tuple(dict.fromkeys(files))[:MOST_FILES],
    )


def _has_words(text: str) -> bool:
    """Whether it says more than what pictures it has."""
    return any(line and not line.startswith("[") for line in text.split("\n"))


def _told_apart(entries: list[Entry | None]) -> tuple[Entry, ...]:
    """Two items with one id are two, each known by its own address or title, in whatever order they come."""
    distinct = list(dict.fromkeys(entry for entry in entries if entry))
    several = {key for key, count in Counter(entry.id for entry in distinct).items() if count > 1}
    return tuple(
        replace(entry, id=entry.other_id) if entry.id in several else entry for entry in distinct
    )


def _json(body: bytes, url: str, words: Words) -> Source:
    """JSON Feed 1.1; of its items those that are none are told of."""
    begins = body.find(b"{") if b"\x00" not in body[:4] else 0
    try:
        whole = jsonvalues.load(body[max(begins, 0) :])
    except ValueError as fault:
        raise BadFeed("Neither RSS nor Atom nor JSON Feed") from fault
    items = jsonvalues.table(whole).get("items")
    if not isinstance(items, list | dict):
        raise BadFeed("Not a JSON Feed")
    entries: list[Entry | None] = []
    bad = []
    for piece in jsonvalues.many(items)[:MOST_ENTRIES]:
        entry = _entry(_of_json(piece, url), words) if isinstance(piece, Mapping) else None
        entries.append(entry)
        if entry is None:
            bad.append(json.dumps(piece, ensure_ascii=False))
    title = one_line(jsonvalues.text(whole.get("title")), 200)
    home = _address(jsonvalues.text(whole.get("home_page_url")), url)
    return Source(title, home, _told_apart(entries), tuple(bad))


def _of_json(piece: Mapping[str, Any], url: str) -> feedtree.Item:
    def said(name: str, kind: str = "text") -> feedtree.Passage:
        return feedtree.Passage(jsonvalues.text(piece.get(name)), url, kind)

    authors = [*jsonvalues.many(piece.get("authors")), *jsonvalues.many(piece.get("author"))]
    files = jsonvalues.tables(piece.get("attachments"))
    return feedtree.Item(
        id=jsonvalues.key(piece.get("id"), 400),
        links=[said("url"), said("external_url")],
        title=said("title"),
        texts=[said("content_html", "html"), said("content_text"), said("summary")],
        authors=[
            one_line(jsonvalues.text(who.get("name") if isinstance(who, Mapping) else who), 120)
            for who in authors
        ],
        published=[piece.get("date_published")],
        changed=[piece.get("date_modified")],
        files=[
            (
                jsonvalues.text(file.get("mime_type")),
                feedtree.Passage(jsonvalues.text(file.get("url")), url),
                jsonvalues.text(file.get("title")),
            )
            for file in files
        ],
    )


def _xml(root: Any, url: str, words: Words) -> Source:
    channel = next((node for node in root if feedtree.name_of(node)[1] == "channel"), root)
    head = feedtree.item(channel, root, url)
    home = next((address for link in head.links if (address := _address(link.text, link.base))), "")
    # Addresses of RSS that are not whole begin at its page; Atom tells its own (xml:base), or is where it was read.
    base = home if feedtree.name_of(root)[1] != "feed" and home else url
    items = {
        (space, name) for space in ("", feedtree.name_of(root)[0]) for name in ("item", "entry")
    }
    pieces = [node for node in root.iter(*_TAGS) if feedtree.name_of(node) in items]
    entries = [_entry(feedtree.item(piece, root, base), words) for piece in pieces[:MOST_ENTRIES]]
    title = one_line(_plain(head.title, words), 200)
    return Source(title, home, _told_apart(entries))
