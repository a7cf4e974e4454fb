"""Feeds out: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1 from plain values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.etree.ElementTree import Element, SubElement, tostring


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed. `text` is plain."""

    id: str
    url: str
    title: str
    text: str
    author: str
    published_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed and its entries, newest first."""

    url: str
    home: str
    title: str
    language: str
    entries: tuple[Entry, ...]
    changed_at: datetime


def _leaf(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = "".join(
        char for char in text if char >= " " or char in "\n\t"
    )


def _bytes(root: Element) -> bytes:
    whole: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return whole


def rss(feed: Feed) -> bytes:
    """RSS 2.0 (rssboard.org specification)."""
    root = Element("rss", {"version": "2.0", "xmlns:atom": "http://www.w3.org/2005/Atom"})
    channel = SubElement(root, "channel")
    _leaf(channel, "title", feed.title)
    _leaf(channel, "link", feed.home)
    _leaf(channel, "description", feed.title)
    _leaf(channel, "language", feed.language)
    SubElement(
        channel, "atom:link", {"href": feed.url, "rel": "self", "type": "application/rss+xml"}
    )
    for entry in feed.entries:
        item = SubElement(channel, "item")
        _leaf(item, "title", entry.title)
        _leaf(item, "link", entry.url)
        _leaf(item, "guid", entry.id, isPermaLink="false")
        _leaf(item, "pubDate", format_datetime(entry.published_at))
        _leaf(item, "description", entry.text)
    return _bytes(root)


def atom(feed: Feed) -> bytes:
    """Atom (RFC 4287 §4.1)."""
    root = Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": feed.language})
    _leaf(root, "id", feed.url)
    _leaf(root, "title", feed.title)
    updated = max((entry.changed_at for entry in feed.entries), default=feed.changed_at)
    _leaf(root, "updated", updated.isoformat())
    SubElement(root, "link", {"rel": "self", "href": feed.url})
    SubElement(root, "link", {"rel": "alternate", "href": feed.home})
    for entry in feed.entries:
        item = SubElement(root, "entry")
        _leaf(item, "id", entry.id)
        _leaf(item, "title", entry.title)
        SubElement(item, "link", {"rel": "alternate", "href": entry.url})
        _leaf(item, "published", entry.published_at.isoformat())
        _leaf(item, "updated", entry.changed_at.isoformat())
        _leaf(SubElement(item, "author"), "name", entry.author or "–")
        _leaf(item, "content", entry.text, type="text")
    return _bytes(root)


def json_feed(feed: Feed) -> bytes:
    """JSON Feed 1.1 (jsonfeed.org/version/1.1)."""
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.home,
        "feed_url": feed.url,
        "language": feed.language,
        "items": [
            {
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "content_text": entry.text,
                "date_published": entry.published_at.isoformat(),
                "date_modified": entry.changed_at.isoformat(),
                "authors": [{"name": entry.author}] if entry.author else [],
            }
            for entry in feed.entries
        ],
    }
    return json.dumps(whole, ensure_ascii=False).encode()
