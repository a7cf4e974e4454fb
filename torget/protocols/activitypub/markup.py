"""HTML as other servers write it → plain text, and our plain text → HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from html.parser import HTMLParser

from torget.protocols.plaintext import clean

MOST_CHARS = 400_000
_PARAGRAPHS = frozenset(
    {"p", "div", "ul", "ol", "blockquote", "pre", "table", "h1", "h2", "h3", "h4"}
)
_LINES = frozenset({"br", "li", "tr", "hr"})
_SILENT = frozenset({"script", "style", "template", "head", "title"})
_WORD = re.compile(
    r"(?P<url>https?://[^\s<>\"'()\[\]{}]+[^\s<>\"'()\[\]{}.,;:!?])|(?<![\w/])#(?P<tag>[^\W_]\w*)"
)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0
        self.links: list[
            tuple[str, int]
        ] = []  # address and where its text begins; "" for one not told

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self.silent += 1
        elif tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in _LINES:
            self.parts.append("\n")
        if tag == "li":
            self.parts.append("• ")
        elif tag == "a":
            classes = held.get("class", "").split()
            told = "" if {"mention", "hashtag"} & set(classes) else held.get("href", "")
            self.links.append((told, len(self.parts)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag == "a" and self.links:
            address, begun = self.links.pop()
            said = "".join(self.parts[begun:]).strip()
            if address.startswith(("https://", "http://")) and not _same(said, address):
                self.parts.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(re.sub(r"[ \t\r\n]+", " ", data))


def _same(said: str, address: str) -> bool:
    """Whether a link's words are its own address (Mastodon hides the ends of long ones from sight)."""
    bare = address.partition("://")[2].rstrip("/")
    return said.rstrip("/").removeprefix("https://").removeprefix("http://") == bare


def to_text(html: str) -> str:
    """The words of HTML, with its paragraphs; links keep their addresses. Nothing is fetched or run."""
    reader = _Text()
    reader.feed(html[:MOST_CHARS])
    reader.close()
    text = re.sub(r"\n{3,}", "\n\n", re.sub(r" *\n *", "\n", "".join(reader.parts)))
    return clean(text.strip())


def hashtags(text: str) -> list[str]:
    """The hashtags of a text, each once, as written."""
    found: dict[str, str] = {}
    for word in _WORD.finditer(text):
        if word["tag"] and not word["tag"].isdigit():
            found.setdefault(word["tag"].lower(), word["tag"])
    return list(found.values())


def to_html(text: str, *, mentions: Mapping[str, str] | None = None, tag_url: str = "") -> str:
    """Paragraphs with links, hashtags and mentions (handle as written → the person's page)."""
    blocks = [block for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    return "".join(
        f"<p>{'<br>'.join(_line(line, mentions or {}, tag_url) for line in block.splitlines())}</p>"
        for block in blocks
    )


def _line(line: str, mentions: Mapping[str, str], tag_url: str) -> str:
    held, at = [], 0
    for word in _WORD.finditer(line):
        held.append(_mentioned(line[at : word.start()], mentions))
        at = word.end()
        if word["url"]:
            address = escape(word["url"])
            held.append(
                f'<a href="{address}" rel="nofollow noopener" target="_blank">{address}</a>'
            )
        elif word["tag"].isdigit() or not tag_url:
            held.append(escape(word[0]))
        else:
            tag = escape(word["tag"])
            held.append(
                f'<a href="{escape(tag_url)}{tag.lower()}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
            )
    held.append(_mentioned(line[at:], mentions))
    return "".join(held)


def _mentioned(text: str, mentions: Mapping[str, str]) -> str:
    made = escape(text)
    for handle, page in mentions.items():
        short = escape(handle.strip("@").partition("@")[0])
        link = f'<span class="h-card"><a href="{escape(page)}" class="u-url mention">@<span>{short}</span></a></span>'
        made = made.replace(escape(handle), link)
    return made
