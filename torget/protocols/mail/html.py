"""HTML mail to plain text; the HTML itself is never kept."""

from __future__ import annotations

import re
from html import unescape

import nh3

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
_KEPT = {*_BLOCKS, "br", "hr", "li", "td", "th", "a", "img", "blockquote", "dt", "dd"}
_DROPPED_WITH_CONTENT = {
    "script",
    "style",
    "title",
    "template",
    "iframe",
    "object",
    "svg",
    "math",
    "head",
}
_TAG = re.compile(r"<(/?)([a-z0-9]+)([^>]*)>")
_ATTRIBUTE = re.compile(r'(href|alt)="([^"]*)"')
_SPACE = re.compile(r"[ \t\r\n\xa0]+")
_MAX_QUOTE_DEPTH = 6
_MAX_NESTING = 200
_MAX_TAG_CHARS = 20_000
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_VOID = {
    "br",
    "hr",
    "img",
    "input",
    "meta",
    "link",
    "area",
    "base",
    "col",
    "embed",
    "source",
    "track",
    "wbr",
}
_DATA_ADDRESS = re.compile(r"data:[a-z]+/[^\s\"'>]{100,}", re.IGNORECASE)


def to_text(html: str) -> tuple[str, bool]:
    """The text a reader would see, quotes marked with `> `, links with their address; and whether it was cut.

    Scripts, styles and hidden markup are dropped with their content.
    """
    html = _shallow(_short_tags(_DATA_ADDRESS.sub("", html)))
    cut = len(html) > MAX_TEXT_CHARS
    # A sanitiser that builds the tree first gives well-formed markup, so that a scanner can do the rest in one pass.
    tidy = nh3.clean(
        html[:MAX_TEXT_CHARS],
        tags=_KEPT,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes={"a": {"href"}, "img": {"alt"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    page = _Page()
    at = 0
    for match in _TAG.finditer(tidy):
        page.say(tidy[at : match.start()])
        page.tag(match[2], match[3], closing=bool(match[1]))
        at = match.end()
    page.say(tidy[at:])
    return clean(page.text()), cut


def _short_tags(html: str) -> str:
    # A tag with tens of thousands of attributes costs the parser quadratic time too; no honest tag is that long.
    def shorten(piece: str) -> str:
        start = _ANY_TAG.search(piece)
        return (
            piece[: start.start()]
            if start and len(piece) - start.start() > _MAX_TAG_CHARS
            else piece
        )

    return ">".join(
        piece if len(piece) <= _MAX_TAG_CHARS else shorten(piece) for piece in html.split(">")
    )


def _shallow(html: str) -> str:
    # Building the tree takes time quadratic in its depth: 100,000 nested <div> took two minutes. No honest mail
    # nests one element 200 deep; such an element is taken out of the whole mail, what stands in it remains.
    depth: dict[str, int] = {}
    deep: set[str] = set()
    for slash, name in _ANY_TAG.findall(html):
        name = name.lower()
        if name in _VOID:
            continue
        depth[name] = max(0, depth.get(name, 0) + (-1 if slash else 1))
        if depth[name] > _MAX_NESTING:
            deep.add(name)
    if deep:
        html = re.sub(rf"</?(?:{'|'.join(sorted(deep))})\b[^>]*>", "\n", html, flags=re.IGNORECASE)
    return html


class _Page:
    """Lines as they are laid out."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quote = 0
        self.links: list[tuple[str, int]] = []
        self.preformatted = 0

    def say(self, raw: str) -> None:
        text = unescape(raw)
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

    def tag(self, name: str, attributes: str, *, closing: bool) -> None:
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

    def small(self, name: str, attributes: str, *, closing: bool) -> None:
        if name in ("li", "dt", "dd"):
            self.end_block(spaced=False)
            if name == "li" and not closing:
                self.line.append("- ")
        elif name in ("td", "th") and closing and self.line:
            self.line.append(" ")
        elif name == "img" and (alt := _attribute(attributes, "alt").strip()):
            self.line.append(f"[{alt}]")

    def link(self, attributes: str, *, closing: bool) -> None:
        if not closing:
            self.links.append((_attribute(attributes, "href"), len(self.line)))
        elif self.links:
            target, start = self.links.pop()
            shown = "".join(self.line[start:]).strip()
            bare = target.removeprefix("mailto:").removeprefix("tel:")
            if target and bare.rstrip("/") not in shown and shown not in bare:
                self.line.append(f" ({bare[:500]})")

    def text(self) -> str:
        self.feed()
        return "\n".join(self.lines)


def _attribute(attributes: str, name: str) -> str:
    return next(
        (unescape(value) for key, value in _ATTRIBUTE.findall(attributes) if key == name), ""
    )
