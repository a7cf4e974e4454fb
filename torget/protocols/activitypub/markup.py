"""HTML as other servers write it → plain text, and our plain text → HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html import escape

from torget.protocols import html as reader
from torget.protocols.plaintext import clean

MOST_CHARS = 50_000  # of the HTML of one note; Mastodon's own are at most some thousand
MOST_ADDRESS_CHARS = 2_000
_MOST_LINK_PARTS = 200
_PARAGRAPHS = frozenset(
    {"p", "div", "ul", "ol", "blockquote", "pre", "table", "h1", "h2", "h3", "h4"}
)
_LINES = frozenset({"br", "li", "tr", "hr"})
_SILENT = frozenset({"script", "style", "template", "head", "title"})
_SPACES = re.compile(r"[ \t\r\n]+")
_BETWEEN_BLOCKS = re.compile(r"\n\s*\n")
_BLANK_LINES = re.compile(r"\n{3,}")
_WORD = re.compile(
    r"(?P<url>https?://[^\s<>\"'()\[\]{}]+[^\s<>\"'()\[\]{}.,;:!?])|(?<![\w/])#(?P<tag>[^\W_]\w*)"
)


class _Note:
    """Lays the words of a note out in paragraphs; a link whose words are not its address keeps it."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        # Address and where its text begins; "" for one that is not shown.
        self.links: list[tuple[str, int]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in _LINES:
            self.parts.append("\n")
        if tag == "li":
            self.parts.append("• ")
        elif tag == "a":
            classes = attributes.get("class", "").split()
            known = {"mention", "hashtag"} & set(classes)
            self.links.append(("" if known else attributes.get("href", ""), len(self.parts)))

    def end(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag == "a" and self.links:
            address, begun = self.links.pop()
            if address.startswith(("https://", "http://")):
                # Links inside links would have the same words looked through again and again.
                words = "".join(self.parts[begun : begun + _MOST_LINK_PARTS])
                if not _same(words[:MOST_ADDRESS_CHARS].strip(), address):
                    self.parts.append(f" ({address[:MOST_ADDRESS_CHARS]})")

    def say(self, text: str) -> None:
        self.parts.append(_SPACES.sub(" ", text))


def _same(words: str, address: str) -> bool:
    """Whether a link's words are its own address (Mastodon hides the ends of long ones from sight)."""
    bare = address.partition("://")[2].rstrip("/")
    return words.rstrip("/").removeprefix("https://").removeprefix("http://") == bare


def to_text(html: str) -> str:
    """The words of HTML, with its paragraphs; links keep their addresses. Nothing is fetched or run."""
    note = _Note()
    reader.read(html, note, most_chars=MOST_CHARS, dropped=_SILENT)
    lines = (line.strip(" ") for line in "".join(note.parts).split("\n"))
    return clean(_BLANK_LINES.sub("\n\n", "\n".join(lines)).strip())


def hashtags(text: str) -> list[str]:
    """The hashtags of a text, each once, as written."""
    found: dict[str, str] = {}
    for word in _WORD.finditer(text):
        if word["tag"] and not word["tag"].isdigit():
            found.setdefault(word["tag"].lower(), word["tag"])
    return list(found.values())


def to_html(text: str, *, mentions: Mapping[str, str] | None = None, tag_url: str = "") -> str:
    """Paragraphs with links, hashtags and mentions (handle as written → the person's page)."""
    links = {escape(handle): _mention(handle, page) for handle, page in (mentions or {}).items()}
    handles = re.compile("|".join(map(re.escape, sorted(links, key=len, reverse=True))) or r"(?!)")

    def mentioned(plain: str) -> str:
        return handles.sub(lambda handle: links[handle[0]], escape(plain))

    blocks = [block for block in _BETWEEN_BLOCKS.split(text.strip()) if block.strip()]
    return "".join(
        f"<p>{'<br>'.join(_line(line, mentioned, tag_url) for line in block.splitlines())}</p>"
        for block in blocks
    )


def _line(line: str, mentioned: Callable[[str], str], tag_url: str) -> str:
    made, at = [], 0
    for word in _WORD.finditer(line):
        made.append(mentioned(line[at : word.start()]))
        at = word.end()
        if word["url"]:
            address = escape(word["url"])
            made.append(
                f'<a href="{address}" rel="nofollow noopener" target="_blank">{address}</a>'
            )
        elif word["tag"].isdigit() or not tag_url:
            made.append(escape(word[0]))
        else:
            tag = escape(word["tag"])
            made.append(
                f'<a href="{escape(tag_url)}{tag.lower()}" class="mention hashtag" rel="tag">#<span>{tag}</span></a>'
            )
    made.append(mentioned(line[at:]))
    return "".join(made)


def _mention(handle: str, page: str) -> str:
    short = escape(handle.strip("@").partition("@")[0])
    return f'<span class="h-card"><a href="{escape(page)}" class="u-url mention">@<span>{short}</span></a></span>'
