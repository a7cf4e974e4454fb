"""The one reader of strangers' HTML: its tags and texts, in order, to a page that lays them out. Nothing is run or kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from lxml import etree  # type: ignore[import-untyped]  # the package ships no types

# An end tag is looked for among all that is open: deeper than this the reader begins anew, so that a million open tags
# cost a million steps and not a million times a million. No honest page is half as deep.
MOST_DEPTH = 500
_PIECE_CHARS = 1_000
_SURROGATE = re.compile("[\ud800-\udfff]")
# Marked sections have no place in HTML: the signs go, the words in them stay.
_SECTION = re.compile(r"<!\[cdata\[|\]\]>(?!-->)", re.IGNORECASE)
# Signs somebody wrote as text: a declaration there is none of, an address in angles. Comments, what Word says to itself
# (`<![if …]>`) and the document type are none.
_WRITTEN = re.compile(
    r"<(?=!(?!--|doctype\b|\[(?:if|endif)\b))|<(?=[^\s<>\"'=@]{1,300}@[^\s<>\"'=]{1,300}>)"
    r"|<(?=(?:https?|mailto):[^\s<>\"']{1,2000}>)",
    re.IGNORECASE,
)
# A word in angles that is no element: somebody wrote it ("the film <filmen>").
_WORD = re.compile(r"<(?=/?([^\W\d_]\w{0,40})/?>)")
_ELEMENTS = (
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo bgsound big blink blockquote body br "
    "button canvas caption center cite code col colgroup command content data datalist dd del details dfn dialog dir div "
    "dl dt element em embed fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header "
    "hgroup hr html i iframe image img input ins isindex kbd keygen label legend li link listing main map mark marquee "
    "math menu menuitem meta meter multicol nav nextid nobr noembed noframes noscript object ol optgroup option output p "
    "param picture plaintext pre progress q rb rbc rp rt rtc ruby s samp script search section select shadow slot small "
    "source spacer span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead time title "
    "tr track tt u ul var video wbr xml xmp path g"
)
_KNOWN = frozenset(_ELEMENTS.split())
_MOST_STYLE_CHARS = 2_000
_LETTERED = {
    "a": "a",
    "lower-alpha": "a",
    "lower-latin": "a",
    "upper-alpha": "A",
    "upper-latin": "A",
}
_ROMAN = {"i": False, "lower-roman": False, "I": True, "upper-roman": True}
_ROMAN_SIGNS = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LIST_STYLE = re.compile(r"(?:lower|upper)-(?:alpha|latin|roman)")


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
        if self.silent or tag in self.dropped or is_hidden(attributes):
            self.silent += 1
        else:
            self.page.start(tag, attributes)

    def end(self, tag: str) -> None:
        self.depth -= 1
        if self.silent:
            self.silent -= 1
        else:
            self.page.end(tag)

    def data(self, text: str) -> None:
        if not self.silent:
            self.page.say(text)

    def comment(self, _text: str) -> None:
        return None

    def close(self) -> None:
        return None


def style_of(attributes: Mapping[str, str]) -> dict[str, str]:
    """The element's own style, in lower case and without spaces."""
    if "style" not in attributes:
        return {}
    flat = "".join(attributes["style"][:_MOST_STYLE_CHARS].lower().split()).replace(
        "!important", ""
    )
    return {
        name: value
        for name, _colon, value in (declaration.partition(":") for declaration in flat.split(";"))
    }


def is_hidden(attributes: Mapping[str, str]) -> bool:
    """Whether nobody sees the element: what a newsletter shows in the list of mails only (its preheader)."""
    style = style_of(attributes)
    sides = {style.get(side) for side in ("height", "max-height", "width", "max-width")}
    flat = sides & {"0", "0px", "0em"}
    # In one program this hides, in the others so small a letter does.
    tiny = style.get("mso-hide") == "all" and style.get("font-size") in ("0", "0px", "1px")
    return (
        "hidden" in attributes
        or style.get("display") == "none"
        or style.get("visibility") in ("hidden", "collapse")
        or style.get("opacity") in ("0", "0.0", ".0")
        or style.get("color") == "transparent"
        or tiny
        or bool(flat and style.get("overflow", "").startswith("hidden"))
    )


@dataclass(slots=True)
class _List:
    number: int = 1
    step: int = 1
    ordered: bool = False
    style: str = ""


class Lists:
    """The marks before the points of lists, as a browser counts them (WHATWG HTML §4.4.5, §4.4.8)."""

    def __init__(self, bullet: str = "-") -> None:
        self.bullet = bullet
        self.open: list[_List] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> str:
        """An element begins; what stands before it, when it is a point: "3. ", indented as deep as its list."""
        if tag in ("ul", "ol"):
            own = style_of(attributes)
            match = _LIST_STYLE.search(own.get("list-style-type") or own.get("list-style", ""))
            style = match[0] if match else attributes.get("type", "").strip()
            step = -1 if "reversed" in attributes else 1
            self.open.append(_List(_whole(attributes.get("start"), 1), step, tag == "ol", style))
        if tag != "li":
            return ""
        current = self.open[-1] if self.open else _List()
        indent = "  " * min(max(len(self.open) - 1, 0), 8)
        if not current.ordered:
            return f"{indent}{self.bullet} "
        number = _whole(attributes.get("value"), current.number)
        current.number = number + current.step
        return f"{indent}{_numbered(number, current.style)}. "

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag in ("ul", "ol") and self.open:
            self.open.pop()


def _whole(written: str | None, otherwise: int) -> int:
    number = re.fullmatch(r"\s*(-?[0-9]{1,6})\s*", written or "")
    return int(number[1]) if number else otherwise


def _numbered(number: int, style: str) -> str:
    if style in _ROMAN and 0 < number < 4000:
        signs = ""
        for worth, sign in _ROMAN_SIGNS:
            signs += sign * (number // worth)
            number %= worth
        return signs.upper() if _ROMAN[style] else signs
    first = _LETTERED.get(style, style)
    if first in ("a", "A") and 0 < number <= 26:
        return chr(ord(first) + number - 1)
    return str(number)


def read(html: str, page: Page, *, most_chars: int, dropped: frozenset[str]) -> bool:
    """Tell the page what stands there, in time linear in it; whether it was cut at `most_chars`.

    Broken markup is mended as browsers do it (WHATWG HTML §13.2.5), nothing is fetched. Of `dropped` elements, of hidden
    ones and of comments nothing is told. Declarations HTML has none of, and addresses in angles, are text.
    """
    report = _Told(page, dropped)
    parser = _parser(report)
    written = _WRITTEN.sub("&lt;", _SECTION.sub("", html[:most_chars]))
    written = _WORD.sub(_as_written, written)
    for piece in _pieces(_SURROGATE.sub("\ufffd", written)):
        parser.feed(piece)
        if report.depth > MOST_DEPTH:
            parser.close()
            report.depth = report.silent = 0
            parser = _parser(report)
    parser.close()
    return len(html) > most_chars


def _as_written(sign: re.Match[str]) -> str:
    return "<" if sign[1].lower() in _KNOWN else "&lt;"


def _parser(report: _Told) -> etree.HTMLParser:
    parser = etree.HTMLParser(target=report, recover=True, no_network=True, huge_tree=True)
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
