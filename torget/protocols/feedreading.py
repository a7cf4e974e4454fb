"""Feeds in: RSS 0.9–2.0, Atom (RFC 4287) and JSON Feed 1.1, as they are met in the wild, into plain values."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin

from lxml import etree  # type: ignore[import-untyped]  # the package ships no types

from torget.protocols.mail.html import to_text
from torget.protocols.plaintext import clean, one_line

MOST_BYTES = 2_000_000
MOST_ENTRIES = 500
MOST_CHARS = 20_000
_MARKUP = re.compile(r"<[a-zA-Z/!]|&[#\w]+;")


class BadFeed(ValueError):  # noqa: N818 - names what was read
    """This is no feed."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a feed. `text` is plain; times are aware, None when the feed does not tell."""

    id: str
    url: str
    title: str
    text: str
    author: str
    published_at: datetime | None
    changed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Source:
    """A feed: its name, its page and its entries in the feed's own order."""

    title: str
    home: str
    entries: tuple[Entry, ...]


def read(body: bytes, *, url: str) -> Source:
    """Understand a feed. Bad markup is mended, entities are not followed, nothing is fetched.

    Raises:
        BadFeed: it is none, or larger than 2 MB.
    """
    if len(body) > MOST_BYTES:
        raise BadFeed("The feed is larger than 2 MB")
    begins = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    return _json(body, url) if begins.startswith(b"{") else _xml(body, url)


def when(said: Any) -> datetime | None:
    """A time as RFC 5322 or ISO 8601; without a zone it is UTC. None when it is neither."""
    if not isinstance(said, str) or not said.strip():
        return None
    for understand in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = understand(said.strip())
            found = found if found.tzinfo else found.replace(tzinfo=UTC)
            return found.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


def _plain(said: str) -> str:
    text = to_text(said[:MOST_CHARS])[0] if _MARKUP.search(said) else clean(said)
    return text[:MOST_CHARS].strip()


def _address(said: Any, base: str) -> str:
    """An address people may be led to; "" when it is not one."""
    if not isinstance(said, str) or not said.strip():
        return ""
    try:
        found = urljoin(base, said.strip())
    except ValueError:
        return ""
    fits = found.startswith(("https://", "http://")) and found.isprintable() and " " not in found
    return found[:2000] if fits else ""


def _entry(held: dict[str, Any], base: str) -> Entry | None:
    url = _address(held.get("url"), base)
    title = one_line(_plain(str(held.get("title") or "")), 300)
    text = _plain(str(held.get("text") or ""))
    named = one_line(str(held.get("id") or url), 400)
    if not named or not (title or text):
        return None
    author = one_line(str(held.get("author") or ""), 120)
    published_at, changed_at = when(held.get("published")), when(held.get("changed"))
    return Entry(named, url, title, text, author, published_at or changed_at, changed_at)


def _json(body: bytes, url: str) -> Source:
    try:
        whole = json.loads(body)
        items = whole["items"]
        if not isinstance(items, list):
            raise TypeError("items is no list")
        entries = [_entry(_of_json(one), url) for one in items[:MOST_ENTRIES]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise BadFeed("Not a JSON Feed") from fault
    title = one_line(str(whole.get("title") or ""), 200)
    home = _address(whole.get("home_page_url"), url)
    return Source(title, home, tuple(one for one in entries if one))


def _of_json(one: dict[str, Any]) -> dict[str, Any]:
    authors = one.get("authors") or [one.get("author") or {}]
    return {
        "id": one.get("id"),
        "url": one.get("url") or one.get("external_url"),
        "title": one.get("title"),
        "text": one.get("content_text") or one.get("content_html") or one.get("summary"),
        "author": authors[0].get("name") if authors else "",
        "published": one.get("date_published"),
        "changed": one.get("date_modified"),
    }


def _xml(body: bytes, url: str) -> Source:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as fault:
        raise BadFeed("Not XML") from fault
    if root is None or _name(root) not in {"rss", "feed", "RDF"}:
        raise BadFeed("Neither RSS nor Atom")
    etree.strip_elements(root, etree.Entity, with_tail=False)
    channel = next((one for one in root if _name(one) == "channel"), root)
    head = _fields(channel)
    found = [one for one in root.iter() if _name(one) in {"item", "entry"}]
    entries = [_entry(_of_xml(one), url) for one in found[:MOST_ENTRIES]]
    home = _address(head.get("link"), url)
    title = one_line(_plain(head.get("title", "")), 200)
    return Source(title, home, tuple(one for one in entries if one))


def _name(node: Any) -> str:
    return str(node.tag).rpartition("}")[2] if isinstance(node.tag, str) else ""


def _words(node: Any) -> str:
    return "".join(node.itertext()).strip()


def _fields(node: Any) -> dict[str, str]:
    """The first of each child with something in it; of Atom's links the one that leads to the page."""
    found: dict[str, str] = {}
    for child in node:
        name = _name(child)
        if name == "link" and child.get("href"):
            if child.get("rel", "alternate") == "alternate":
                found.setdefault("link", child.get("href"))
        elif name and (said := _words(child)):
            found.setdefault(name, said)
    return found


def _of_xml(node: Any) -> dict[str, Any]:
    held = _fields(node)
    author = next((one for one in node if _name(one) == "author"), None)
    inner = _fields(author).get("name") if author is not None else ""
    return {
        "id": held.get("guid") or held.get("id"),
        "url": held.get("link") or held.get("guid"),
        "title": held.get("title"),
        "text": held.get("encoded")
        or held.get("content")
        or held.get("description")
        or held.get("summary"),
        "author": inner or held.get("creator") or held.get("author"),
        "published": held.get("pubDate") or held.get("published") or held.get("date"),
        "changed": held.get("updated"),
    }
