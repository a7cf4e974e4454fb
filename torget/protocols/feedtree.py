"""Elements of RSS and Atom, by name and namespace → what an item of a feed tells, whichever feed it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import urljoin

from lxml import etree  # type: ignore[import-untyped]  # the package ships no types

_BASE = "{http://www.w3.org/XML/1998/namespace}base"
# By what stands in their address: versions and slips of it are the same namespace.
_NAMESPACES = {
    "purl.org/dc/elements": "dc",
    "purl.org/dc/terms": "dcterms",
    "purl.org/rss/1.0/modules/content": "content",
    "search.yahoo.com/mrss": "media",
    "itunes.com/dtds": "itunes",
    "w3.org/2005/atom": "atom",
    "purl.org/atom/ns": "atom",
}
# RSS 0.9, 1.0, 0.91 and 2.0 as some wrote them.
_OWN = ("netscape.com/rdf", "purl.org/rss/1.0/", "userland.com/rss", "harvard.edu/tech/rss")
_MAIL = re.compile(r"\A\s*\S+@\S+\s*\(([^()]+)\)\s*\Z")
_MOST_BASES = 20
_MOST_PIECES = 5_000  # of one text: as many as a long article has
# The best first.
_TEXTS = (
    *("content:encoded", "content", "description", "summary"),
    *("atom:content", "atom:summary", "itunes:summary", "dc:description", "media:description"),
)
_PUBLISHED = (
    *("pubdate", "published", "issued", "dc:date"),
    *("dcterms:created", "dcterms:issued", "atom:published"),
)
_CHANGED = ("updated", "modified", "dcterms:modified", "atom:updated", "lastbuilddate")


@dataclass(frozen=True, slots=True)
class Said:
    """A text with the address relative ones in it begin at; `kind` is "html", "text", or "" when nobody tells."""

    text: str = ""
    base: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """What an item tells, each list the best first."""

    id: str = ""
    links: list[Said] = field(default_factory=list)
    title: Said = field(default_factory=Said)
    texts: list[Said] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    published: list[Any] = field(default_factory=list)
    changed: list[Any] = field(default_factory=list)
    files: list[tuple[str, Said, str]] = field(default_factory=list)


def name_of(node: Any) -> tuple[str, str]:
    """Whose element it is ("" for the feed's own), and its name in lower case."""
    return _name_of(node.tag, node.prefix) if isinstance(node.tag, str) else ("", "")


@lru_cache(maxsize=1_000)
def _name_of(tag: str, prefix: str | None) -> tuple[str, str]:
    space, _brace, local = tag.rpartition("}")
    if not space and ":" in local:  # a prefix nobody declared
        undeclared, _colon, local = local.partition(":")
        return undeclared.lower(), local.lower()
    low = space.lower()
    known = next((short for address, short in _NAMESPACES.items() if address in low), "")
    if known or prefix is None or any(address in low for address in _OWN):
        return known, local.lower()
    return prefix.lower(), local.lower()


def base_of(node: Any, url: str) -> str:
    """Where relative addresses begin there: every xml:base above it, the outermost first (XML Base)."""
    bases = [one.get(_BASE) for one in (node, *node.iterancestors()) if one.get(_BASE)]
    for one in reversed(bases[:_MOST_BASES]):
        try:
            url = urljoin(url, one.strip())
        except ValueError:
            continue
    return url


class _Fields:
    """The children of an element, by name; those of the feed's own namespace without a prefix."""

    def __init__(self, node: Any, root: Any, url: str) -> None:
        self.url = url
        self.own = name_of(root)[0]  # Atom's elements are Atom's own, and guests in RSS
        self.held: dict[str, list[Any]] = {}
        for child in islice(node, _MOST_PIECES):
            space, local = name_of(child)
            name = local if space in ("", self.own) else f"{space}:{local}"
            self.held.setdefault(name, []).append(child)

    def all(self, *names: str) -> Iterator[Any]:
        for name in names:
            yield from self.held.get(name, ())

    def words(self, *names: str) -> list[str]:
        return [said for one in self.all(*names) if (said := _words(one))]

    def said(self, *names: str) -> list[Said]:
        return [_said(one, self.url, atom=self.own == "atom") for one in self.all(*names) if _words(one) or len(one)]  # fmt: skip


def _words(node: Any) -> str:
    return "".join(islice(node.itertext(), _MOST_PIECES)).strip()


def _said(node: Any, url: str, *, atom: bool) -> Said:
    """A text; markup in it that was not escaped is read as markup."""
    base = base_of(node, url)
    kind = (node.get("type") or "").strip().lower()
    if len(node):
        inner = [node.text or "", *(etree.tostring(one, encoding="unicode", method="html") for one in islice(node, _MOST_PIECES))]  # fmt: skip
        return Said("".join(inner).strip(), base, "html")
    if kind in ("html", "text/html", "xhtml", "application/xhtml+xml"):
        return Said(_words(node), base, "html")
    plain = kind in ("text", "text/plain") or (atom and not kind)
    return Said(_words(node), base, "text" if plain else "")


def item(node: Any, root: Any, url: str) -> Item:
    """What an item, or a channel, tells. `url` is where its relative addresses begin."""
    fields = _Fields(node, root, url)
    titles = fields.said("title", "dc:title", "atom:title", "itunes:title")
    named = fields.words("guid", "id", "dc:identifier", "atom:id")
    return Item(
        id=named[0] if named else "",
        links=list(_links(fields)),
        title=titles[0] if titles else Said(),
        texts=fields.said(*_TEXTS),
        authors=_authors(fields),
        published=fields.words(*_PUBLISHED),
        changed=fields.words(*_CHANGED),
        files=list(_files(fields)),
    )


def _links(fields: _Fields) -> Iterator[Said]:
    """Addresses of its page: of Atom's links those that lead there, RSS' own, and an id that says it is one."""
    for one in fields.all("link"):
        if one.get("href"):
            if (one.get("rel") or "alternate").strip().lower() == "alternate":
                yield Said(one.get("href"), base_of(one, fields.url))
        else:
            yield Said(_words(one), base_of(one, fields.url))
    for one in fields.all("atom:link"):
        if one.get("href") and (one.get("rel") or "alternate").strip().lower() == "alternate":
            yield Said(one.get("href"), base_of(one, fields.url))
    for one in fields.all("guid"):
        if (one.get("ispermalink") or one.get("isPermaLink") or "true").strip().lower() == "true":
            said = _words(one)
            # Without saying so an id is an address only when it is a whole one.
            if said.startswith(("http://", "https://")):
                yield Said(said, fields.url)


def _authors(fields: _Fields) -> list[str]:
    found = []
    for one in fields.all("author", "atom:author", "dc:creator", "itunes:author"):
        named = [_words(child) for child in one if name_of(child)[1] == "name"]
        said = named[0] if named else _words(one) if not len(one) else ""
        mail = _MAIL.match(said)  # RSS 2.0: kari@avis.example (Kari)
        found.append(mail[1].strip() if mail else said)
    return [one for one in found if one]


def _files(fields: _Fields) -> Iterator[tuple[str, Said, str]]:
    """Films and sound with it; pictures are how a paper looks."""
    media = [two for one in fields.all("media:group") for two in one if name_of(two) == ("media", "content")]  # fmt: skip
    for one in (*fields.all("enclosure", "media:content"), *media):
        kind = one.get("type") or one.get("medium") or ""
        if one.get("url") and kind.partition("/")[0].lower() in ("video", "audio"):
            yield kind, Said(one.get("url"), base_of(one, fields.url)), ""
    for one in fields.all("link", "atom:link"):
        if (one.get("rel") or "").lower() == "enclosure" and one.get("href"):
            kind = one.get("type") or ""
            if kind.partition("/")[0].lower() in ("video", "audio"):
                yield kind, Said(one.get("href"), base_of(one, fields.url)), one.get("title") or ""
