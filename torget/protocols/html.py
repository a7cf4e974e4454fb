"""The one reader of strangers' HTML: its tags and texts, in order, to a page that lays them out. Nothing is run or kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Protocol

from lxml import etree  # type: ignore[import-untyped]  # the package ships no types

# An end tag is looked for among all that is open: deeper than this the reader begins anew, so that a million open tags
# cost a million steps and not a million times a million. No honest page is half as deep.
MOST_DEPTH = 500
_PIECE_CHARS = 1_000
_SURROGATE = re.compile("[\ud800-\udfff]")


class Page(Protocol):
    """What lays a text out: told of every tag in lower case, and of every text with its entities resolved."""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, tag: str) -> None:
        """An element ends; every element that began does."""

    def say(self, text: str) -> None:
        """Text stands here."""


class _Told:
    """What the parser calls: passes on, leaves out what is dropped with its content, knows how deep it is."""

    def __init__(self, page: Page, dropped: frozenset[str]) -> None:
        self.page = page
        self.dropped = dropped
        self.silent = 0
        self.depth = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if tag in self.dropped:
            self.silent += 1
        elif not self.silent:
            self.page.start(tag, attributes)

    def end(self, tag: str) -> None:
        self.depth -= 1
        if tag in self.dropped:
            self.silent -= 1
        elif not self.silent:
            self.page.end(tag)

    def data(self, text: str) -> None:
        if not self.silent:
            self.page.say(text)

    def comment(self, _text: str) -> None:
        return None

    def close(self) -> None:
        return None


def read(html: str, page: Page, *, most_chars: int, dropped: frozenset[str]) -> bool:
    """Tell the page what stands there, in time linear in it; whether it was cut at `most_chars`.

    Broken markup is mended as browsers do it (WHATWG HTML §13.2.5), nothing is fetched. Of `dropped` elements, and of
    comments, nothing is told.
    """
    told = _Told(page, dropped)
    parser = _parser(told)
    for piece in _pieces(_SURROGATE.sub("\ufffd", html[:most_chars])):
        parser.feed(piece)
        if told.depth > MOST_DEPTH:
            parser.close()
            told.depth = told.silent = 0
            parser = _parser(told)
    parser.close()
    return len(html) > most_chars


def _parser(told: _Told) -> etree.HTMLParser:
    parser = etree.HTMLParser(target=told, recover=True, no_network=True, huge_tree=True)
    parser.feed("<html><body>")
    return parser


def _pieces(html: str) -> Iterator[str]:
    """The text in pieces that end before a tag, where there is one."""
    at = 0
    while at < len(html):
        end = html.find("<", at + _PIECE_CHARS)
        end = len(html) if end < 0 else end
        yield html[at:end]
        at = end
