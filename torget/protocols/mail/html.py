"""HTML mail to plain text; the HTML itself is never kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from torget.protocols import html as reader
from torget.protocols.mail.transfer import from_base64
from torget.protocols.mail.values import MAX_TEXT_CHARS
from torget.protocols.plaintext import clean, one_line

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
        "details",
        "summary",
        "figure",
        "figcaption",
        "caption",
        "main",
        "aside",
        "textarea",
    ),
    *("h1", "h2", "h3", "h4", "h5", "h6", "center", "fieldset", "form"),
}
_KEPT_SPACE = ("pre", "break-spaces")
_MOST_BLANK = 20  # lines between the end of a link and its last words
_PLAYED = {"video", "audio", "embed"}
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
_VOID = {"br", "hr", "img", "input"}
# What is struck out is not what they say now.
_AROUND = {
    **dict.fromkeys(("s", "del", "strike"), ("~~", "~~")),
    "q": ("«", "»"),
    "option": (" ", ""),
}
_TYPED = {"text", "email", "tel", "number", "date", "time", "url", "search"}
_DATA_ADDRESS = re.compile(r"data:[a-z]+/[^\s\"'>]{100,}", re.IGNORECASE)
_EMBEDDED = re.compile(
    rb"(\b(?:src|href|background)\s{0,20}=\s{0,20})"
    rb"(?:\"\s{0,20}data:([^\"]*)\"|'\s{0,20}data:([^']*)'|data:([^\s\"'<>]*))",
    re.IGNORECASE,
)
_MOST_PICTURES = 30
_MOST_NAMED = 20
_PICTURE_ADDRESS = re.compile(
    r"https?://[^\s\"'<>]{1,500}\.(?:jpe?g|png|gif|webp|heic)(?:\?|\Z)", re.IGNORECASE
)
_BRACES = re.compile(r"[{}]")
_HIDES = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_CLASS = re.compile(r"[.#]([\w-]{1,80})\s*(?=,|\Z)")
_MOST_STYLES, _MOST_STYLE_CHARS = 20, 50_000


@dataclass(frozen=True, slots=True)
class Embedded:
    """A picture, or another file, written into the markup (RFC 2397)."""

    name: str
    media_type: str
    content: bytes


def without_pictures(raw: bytes) -> tuple[bytes, list[Embedded]]:
    """The markup without the files written into it, and those; dots that only tell that a mail was opened are no files."""
    pictures: list[Embedded] = []

    def taken(match: re.Match[bytes]) -> bytes:
        if len(pictures) < _MOST_PICTURES and (picture := _embedded(match, len(pictures) + 1)):
            pictures.append(picture)
        return match[1] + b'""'

    return _EMBEDDED.sub(taken, raw), pictures


def _embedded(match: re.Match[bytes], number: int) -> Embedded | None:
    head, comma, written = (match[2] or match[3] or match[4] or b"").partition(b",")
    declared, *parameters = head[:200].decode("ascii", "replace").lower().split(";")
    media_type = declared.strip() or "text/plain"
    content = unquote_to_bytes(written)
    if any(parameter.strip() == "base64" for parameter in parameters):
        content = from_base64(content)[0]
    if not comma or not content or _is_dot(content):
        return None
    kind = "bilde" if media_type.startswith("image/") else "fil"
    suffix = _SUFFIXES.get(media_type, media_type.rpartition("/")[2][:8])
    return Embedded(f"{kind}-{number}.{suffix}", media_type, content)


_SUFFIXES = {"image/jpeg": "jpg", "image/svg+xml": "svg", "text/plain": "txt"}


def _is_dot(content: bytes) -> bool:
    if content.startswith((b"GIF87a", b"GIF89a")):
        return content[6:10] == b"\x01\0\x01\0"
    return content.startswith(b"\x89PNG") and content[16:24] == b"\0\0\0\x01\0\0\0\x01"


def to_text(html: str) -> tuple[str, bool]:
    """The text a reader would see, quotes marked with `> `, links with their address; and whether it was cut.

    Scripts, styles and hidden markup are dropped with their content. Lists keep their numbers; films, sound and pictures
    that stand elsewhere are named by their address.
    """
    page = _Page(_unseen(html))
    # Pictures written into the markup are no text, and would use up what is read of it.
    html = _DATA_ADDRESS.sub("", html)
    cut = reader.read(html, page, most_chars=MAX_TEXT_CHARS, dropped=_DROPPED)
    return clean(page.text()), cut


def _unseen(html: str) -> frozenset[str]:
    """The names of classes the mail's own style hides, but for some widths of the screen."""
    names: set[str] = set()
    low = html.lower() if "<style" in html[:_MOST_STYLE_CHARS].lower() else ""
    at = low.find("<style")
    for _each in range(_MOST_STYLES):
        end = low.find("</style", at)
        if at < 0 or end < 0:
            break
        names.update(_hidden_by(html[at : min(end, at + _MOST_STYLE_CHARS)].partition(">")[2]))
        at = low.find("<style", end)
    return frozenset(names)


def _hidden_by(style: str) -> Iterator[str]:
    """The names in the rules of a style sheet that stand by themselves and hide what they name."""
    depth = begin = 0
    selector = ""
    for brace in _BRACES.finditer(style):
        selectors = style[begin : brace.start()]
        begin = brace.end()
        if brace[0] == "{":
            selector = selectors.strip() if not depth else selector
            depth += 1
            continue
        depth = max(0, depth - 1)
        if not depth and not selector.startswith("@") and _HIDES.search(selectors):
            yield from _CLASS.findall(selector[-1_000:])


class _Page:
    """Lines as they are laid out."""

    def __init__(self, unseen: frozenset[str] = frozenset()) -> None:
        self.unseen = unseen
        self.silent = 0
        self.lists = reader.Lists()
        self.named = 0
        self.mark = ""  # of a point that has no words yet
        # Of each element that is open, whether it keeps its white space.
        self.kept: list[bool] = []
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quote = 0
        self.links: list[tuple[str, int, int]] = []
        self.preformatted = 0

    def say(self, text: str) -> None:
        if self.silent:
            return
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
        if self.mark and self.line == [self.mark]:
            return
        if self.line:
            self.feed()
        if spaced and self.lines and self.lines[-1].strip("> "):
            self.feed()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.silent or (self.unseen and self._is_unseen(attributes)):
            self.silent += 1
            return
        self.tag(tag, attributes, closing=False)
        if tag in _PLAYED:
            self.silent += 1  # what stands in it is for programs that cannot play it
            return
        keeps = tag in ("pre", "textarea") or reader.style_of(attributes).get(
            "white-space", ""
        ).startswith(_KEPT_SPACE)
        self.kept.append(keeps)
        self.preformatted += keeps

    def end(self, tag: str) -> None:
        if self.silent:
            self.silent -= 1
            return
        if self.kept:
            self.preformatted -= self.kept.pop()
        if tag not in _VOID:
            self.tag(tag, {}, closing=True)

    def _is_unseen(self, attributes: dict[str, str]) -> bool:
        names = {*attributes.get("class", "")[:500].split(), attributes.get("id", "")}
        return not self.unseen.isdisjoint(names)

    def tag(self, name: str, attributes: dict[str, str], *, closing: bool) -> None:
        if name in _BLOCKS or name == "blockquote":
            self.block(name, attributes, closing=closing)
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

    def block(self, name: str, attributes: dict[str, str], *, closing: bool) -> None:
        # A list within a list is no paragraph of its own.
        inner = name in ("ul", "ol") and len(self.lists.open) > int(closing)
        self.end_block(spaced=name in _SPACED and not inner)
        step = -1 if closing else 1
        if name == "blockquote":
            self.quote = max(0, self.quote + step)
        self._list(name, attributes, closing=closing)

    def _list(self, name: str, attributes: dict[str, str], *, closing: bool) -> None:
        if closing:
            self.lists.end(name)
        elif mark := self.lists.start(name, attributes):
            self.mark = mark
            self.line.append(mark)

    def small(self, name: str, attributes: dict[str, str], *, closing: bool) -> None:
        if name in ("li", "dt", "dd"):
            self.end_block(spaced=False)
            if name == "li":
                self._list(name, attributes, closing=closing)
        elif name in ("td", "th") and closing and self.line:
            self.line.append(" ")
        elif name == "img":
            self._picture(attributes)
        elif name in _AROUND:
            self.line.append(_AROUND[name][int(closing)])
        elif name == "input" and not closing:
            self._field(attributes)
        elif name in _PLAYED and not closing:
            words = attributes.get("title") or attributes.get("aria-label") or ""
            self.end_block(spaced=False)
            self._name(words, attributes.get("src") or "")
            self.end_block(spaced=False)

    def _field(self, attributes: dict[str, str]) -> None:
        """What somebody has filled in a form with that they send."""
        kind = attributes.get("type", "text").lower()
        if kind in ("checkbox", "radio"):
            self.line.append("[x]" if "checked" in attributes else "[ ]")
        elif kind in _TYPED:
            self.line.append(one_line(attributes.get("value", ""), 1_000))

    def _picture(self, attributes: dict[str, str]) -> None:
        alt = one_line(attributes.get("alt", ""), 1_000)
        if alt:
            # An emoji is a letter of its own.
            is_sign = len(alt) <= 8 and not any(letter.isalnum() for letter in alt)
            self.line.append(alt if is_sign else f"[{alt}]")
        elif not _is_small(attributes) and _PICTURE_ADDRESS.match(attributes.get("src", "")):
            self._name("", attributes["src"])

    def _name(self, words: str, address: str) -> None:
        """What cannot be kept is named where it stands."""
        address = address if address.startswith(("https://", "http://")) else ""
        text = one_line(f"{words} {address}", 700)
        if text and self.named < _MOST_NAMED:
            self.named += 1
            self.line.append(f"[{text}]")

    def link(self, attributes: dict[str, str], *, closing: bool) -> None:
        if not closing:
            target = _address(attributes.get("href", ""))
            self.links.append((target, len(self.lines), len(self.line)))
            return
        if not self.links:
            return
        target, line, place = self.links.pop()
        # Links inside links would have the same words looked through again and again.
        before = self.lines[line : line + _MOST_LINK_PARTS]
        words = self.line[0 if before else place :][:_MOST_LINK_PARTS]
        shown = "".join([*before, *words])[:_MOST_LINK_CHARS].strip()
        if not target or target.rstrip("/") in shown or (shown and shown in target):
            return
        if self.line or not before:
            self.line.append(f" ({target})" if shown else f"{target} ")
            return
        # The words were a block of their own: the address stands at the end of its last line.
        ends = range(len(self.lines) - 1, max(line, len(self.lines) - _MOST_BLANK) - 1, -1)
        last = next((at for at in ends if self.lines[at].strip("> ")), len(self.lines) - 1)
        self.lines[last] += f" ({target})"

    def text(self) -> str:
        self.feed()
        return "\n".join(self.lines)


def _is_small(attributes: dict[str, str]) -> bool:
    sides = (attributes.get(side, "").strip().removesuffix("px") for side in ("width", "height"))
    return any(side.isdecimal() and len(side) < 6 and int(side) < 20 for side in sides)


def _address(href: str) -> str:
    """A link's address, when it is of a kind people follow."""
    href = one_line(href, 2_000)
    scheme = _SCHEME.match(href)
    kind = scheme[1].lower() if scheme else ""
    if href.startswith("#") or (kind and kind not in _SCHEMES):
        return ""
    if kind in ("mailto", "tel"):
        return href.partition(":")[2].partition("?")[0]
    return href
