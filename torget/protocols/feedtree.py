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
class Passage:
    """A text with the address relative ones in it begin at; `kind` is "html", "text", or "" when nobody tells."""

    text: str = ""
    base: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """What an item tells, each list the best first."""

    id: str = ""
    links: list[Passage] = field(default_factory=list)
    title: Passage = field(default_factory=Passage)
    texts: list[Passage] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    published: list[Any] = field(default_factory=list)
    changed: list[Any] = field(default_factory=list)
    files: list[tuple[str, Passage, str]] = field(default_factory=list)


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
    bases = [
        ancestor.get(_BASE) for ancestor in (node, *node.iterancestors()) if ancestor.get(_BASE)
    ]
    for base_address in reversed(bases[:_MOST_BASES]):
        try:
            url = urljoin(url, base_address.strip())
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
        return [text for node in self.all(*names) if (text := _words(node))]

    def passages(self, *names: str) -> list[Passage]:
        return [_passage(node, self.url, atom=self.own == "atom") for node in self.all(*names) if _words(node) or len(node)]  # fmt: skip


def _words(node: Any) -> str:
    return "".join(islice(node.itertext(), _MOST_PIECES)).strip()


def _passage(node: Any, url: str, *, atom: bool) -> Passage:
    """A text; markup in it that was not escaped is read as markup."""
    base = base_of(node, url)
    kind = (node.get("type") or "").strip().lower()
    if len(node):
        inner = [node.text or "", *(etree.tostring(piece, encoding="unicode", method="html") for piece in islice(node, _MOST_PIECES))]  # fmt: skip
        return Passage("".join(inner).strip(), base, "html")
    if kind in ("html", "text/html", "xhtml", "application/xhtml+xml"):
        return Passage(_words(node), base, "html")
    plain = kind in ("text", "text/plain") or (atom and not kind)
    return Passage(_words(node), base, "text" if plain else "")


def item(node: Any, root: Any, url: str) -> Item:
    """What an item, or a channel, tells. `url` is where its relative addresses begin."""
    fields = _Fields(node, root, url)
    titles = fields.passages("title", "dc:title", "atom:title", "itunes:title")
    named = fields.words("guid", "id", "dc:identifier", "atom:id")
    return Item(
        id=named[0] if named else "",
        links=list(_links(fields)),
        title=titles[0] if titles else Passage(),
        texts=fields.passages(*_TEXTS),
        authors=_authors(fields),
        published=fields.words(*_PUBLISHED),
        changed=fields.words(*_CHANGED),
        files=list(_files(fields)),
    )


def _links(fields: _Fields) -> Iterator[Passage]:
    """Addresses of its page: of Atom's links those that lead there, RSS' own, and an id that says it is one."""
    for node in fields.all("link"):
        if node.get("href"):
            if (node.get("rel") or "alternate").strip().lower() == "alternate":
                yield Passage(node.get("href"), base_of(node, fields.url))
        else:
            yield Passage(_words(node), base_of(node, fields.url))
    for node in fields.all("atom:link"):
        if node.get("href") and (node.get("rel") or "alternate").strip().lower() == "alternate":
            yield Passage(node.get("href"), base_of(node, fields.url))
    for node in fields.all("guid"):
        if (node.get("ispermalink") or node.get("isPermaLink") or "true").strip().lower() == "true":
            text = _words(node)
            # Without saying so an id is an address only when it is a whole one.
            if text.startswith(("http://", "https://")):
                yield Passage(text, fields.url)


def _authors(fields: _Fields) -> list[str]:
    names = []
    for node in fields.all("author", "atom:author", "dc:creator", "itunes:author"):
        named = [_words(child) for child in node if name_of(child)[1] == "name"]
        name_text = named[0] if named else _words(node) if not len(node) else ""
        mail = _MAIL.match(name_text)  # RSS 2.0: kari@avis.example (Kari)
        names.append(mail[1].strip() if mail else name_text)
    return [name for name in names if name]


def _files(fields: _Fields) -> Iterator[tuple[str, Passage, str]]:
    """Films and sound with it; pictures are how a paper looks."""
    media = [two for group in fields.all("media:group") for two in group if name_of(two) == ("media", "content")]  # fmt: skip
    for node in (*fields.all("enclosure", "media:content"), *media):
        kind = node.get("type") or node.get("medium") or ""
        if node.get("url") and kind.partition("/")[0].lower() in ("video", "audio"):
            yield kind, Passage(node.get("url"), base_of(node, fields.url)), ""
    for node in fields.all("link", "atom:link"):
        if (node.get("rel") or "").lower() == "enclosure" and node.get("href"):
            kind = node.get("type") or ""
            if kind.partition("/")[0].lower() in ("video", "audio"):
                yield (
                    kind,
                    Passage(node.get("href"), base_of(node, fields.url)),
                    node.get("title") or "",
                )
