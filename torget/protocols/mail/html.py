"""HTML mail to plain text; the HTML itself is never kept."""

from __future__ import annotations

import re

from torget.protocols import html as reader
from torget.protocols.mail.values import MAX_TEXT_CHARS
from torget.protocols.plaintext import clean

_BLOCKS = {
    *(
        "p",
        "div",
        "tr",
        "ul",
        "ol",
        "table",
        "pre",
        "address",
        "article",
        "section",
        "header",
        "footer",
        "dl",
    ),
    *("h1", "h2", "h3", "h4", "h5", "h6", "center", "fieldset", "form"),
}
_SPACED = {"p", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"}
_DROPPED = frozenset(
    {"script", "style", "title", "template", "iframe", "object", "svg", "math", "head"}
)
# Of a link's address only these kinds are worth reading; one without a kind is relative and kept as it stands.
_SCHEME = re.compile(r"\s*([a-zA-Z][a-zA-Z0-9+.-]{0,40}):")
_SCHEMES = {"http", "https", "mailto", "tel"}
_SPACE = re.compile(r"[ \t\r\n\xa0]+")
_MAX_QUOTE_DEPTH = 6
_MOST_LINK_PARTS, _MOST_LINK_CHARS = (
    200,
    4_000,
)  # of a link's words, to see whether they are its address
_VOID = {"br", "hr", "img"}
_DATA_ADDRESS = re.compile(r"data:[a-z]+/[^\s\"'>]{100,}", re.IGNORECASE)


def to_text(html: str) -> tuple[str, bool]:
    """The text a reader would see, quotes marked with `> `, links with their address; and whether it was cut.

    Scripts, styles and hidden markup are dropped with their content.
    """
    page = _Page()
    # Pictures written into the markup are no text, and would use up what is read of it.
    html = _DATA_ADDRESS.sub("", html)
    cut = reader.read(html, page, most_chars=MAX_TEXT_CHARS, dropped=_DROPPED)
    return clean(page.text()), cut


class _Page:
    """Lines as they are laid out."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quote = 0
        self.links: list[tuple[str, int]] = []
        self.preformatted = 0

    def say(self, text: str) -> None:
        if self.preformatted:
            first, *rest = text.split("\n")
            self.line.append(first)
            for more in rest:
                self.feed()
                self.line.append(more)
            return
        text = _SPACE.sub(" ", text)
        if text == " " and not self.line:
            return
        if text:
            self.line.append(text.lstrip(" ") if not self.line else text)

    def feed(self) -> None:
        mark = ">" * min(self.quote, _MAX_QUOTE_DEPTH)
        self.lines.append(
            f"{mark} {''.join(self.line)}".rstrip() if mark else "".join(self.line).rstrip()
        )
        self.line = []

    def end_block(self, *, spaced: bool) -> None:
        if self.line:
            self.feed()
        if spaced and self.lines and self.lines[-1].strip("> "):
            self.feed()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.tag(tag, attributes, closing=False)

    def end(self, tag: str) -> None:
        if tag not in _VOID:
            self.tag(tag, {}, closing=True)

    def tag(self, name: str, attributes: dict[str, str], *, closing: bool) -> None:
        if name in _BLOCKS or name == "blockquote":
            self.block(name, closing=closing)
        elif name == "br":
            self.feed()
        elif name == "hr":
            self.end_block(spaced=False)
            self.line.append("---")
            self.feed()
        elif name == "a":
            self.link(attributes, closing=closing)
        else:
            self.small(name, attributes, closing=closing)

    def block(self, name: str, *, closing: bool) -> None:
        self.end_block(spaced=name in _SPACED)
        step = -1 if closing else 1
        if name == "blockquote":
            self.quote = max(0, self.quote + step)
        if name == "pre":
            self.preformatted = max(0, self.preformatted + step)

    def small(self, name: str, attributes: dict[str, str], *, closing: bool) -> None:
        if name in ("li", "dt", "dd"):
            self.end_block(spaced=False)
            if name == "li" and not closing:
                self.line.append("- ")
        elif name in ("td", "th") and closing and self.line:
            self.line.append(" ")
        elif name == "img" and (alt := attributes.get("alt", "").strip()):
            self.line.append(f"[{alt}]")

    def link(self, attributes: dict[str, str], *, closing: bool) -> None:
        if not closing:
            self.links.append((_address(attributes.get("href", "")), len(self.line)))
        elif self.links:
            target, start = self.links.pop()
            # Links inside links would have the same words looked through again and again.
            shown = "".join(self.line[start : start + _MOST_LINK_PARTS])[:_MOST_LINK_CHARS].strip()
            bare = target.removeprefix("mailto:").removeprefix("tel:")
            if target and bare.rstrip("/") not in shown and shown not in bare:
                self.line.append(f" ({bare[:500]})")

    def text(self) -> str:
        self.feed()
        return "\n".join(self.lines)


def _address(href: str) -> str:
    """A link's address, when it is of a kind people follow."""
    scheme = _SCHEME.match(href)
    return "" if scheme and scheme[1].lower() not in _SCHEMES else href
