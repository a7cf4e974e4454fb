"""The HTML of posts, notes and articles on other networks to plain text; the HTML itself is never kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from torget.protocols import html as reader
from torget.protocols.plaintext import clean, one_line

MOST_CHARS = 100_000
_CUT = " […]"
_MOST_ADDRESS_CHARS = 2_000
_MOST_LINK_PARTS = 200
_MOST_NESTED = 8  # lists and quotes are told apart no deeper
_PARAGRAPHS = frozenset(
    "p ul ol dl blockquote pre table figure section article h1 h2 h3 h4 h5 h6".split()  # noqa: SIM905
)
_LINES = frozenset(
    {"br", "div", "li", "tr", "hr", "dt", "dd", "figcaption", "summary", "caption", "option"}
)
_DROPPED = frozenset({"script", "style", "template", "mx-reply", "head", "title"})
_PLAYED = {"video": "film", "audio": "sound", "iframe": "embedded", "embed": "embedded"}
# While it is laid out: a space that stays, and where a quote begins and ends. Strangers' own are taken away first.
_SPACE, _QUOTE, _UNQUOTE, _BREAK = "\x01", "\x02", "\x03", "\x04"
_MARKS = re.compile("[\x01-\x04]")
# However many elements begin or end at a place, it is one line break; a written one, or a paragraph, counts alone.
_BREAKS = re.compile("(?<![ \n\x04])[ \n\x04]+")
_MARKS_OF_QUOTES = re.compile("[\x02\x03]")
_WRAPPED = {
    "blockquote": (_QUOTE, _UNQUOTE),
    **dict.fromkeys(("del", "s", "strike"), ("~~", "~~")),
    "q": ("«", "»"),
    "hr": ("---", ""),
}
_SPACES = re.compile(r"[ \t\r\n\f]+")
_MANY_SPACES = re.compile(r" {2,}")
# Marked sections have no place in HTML: the signs go, the words in them stay (SGML, ISO 8879 §10.4).
_SECTION = re.compile(r"<!\[(?:cdata|[a-z0-9 !&|()]{0,40})\[|\]\]>|<!\[(?:end)?if[^\[\]<>]{0,60}\]>", re.IGNORECASE)  # fmt: skip
# A declaration or an instruction somebody wrote as text; comments are left to the reader.
_DECLARATION = re.compile(r"<(?=!(?!--|doctype)|\?)", re.IGNORECASE)
# Whom a name in Matrix stands for (specification, client-server API §11.20).
_PILL = re.compile(r"https://matrix\.to/#/(?:@|%40)")
_NAMED = re.compile(r"[@#＃][\w.·-]+(?:@[\w.:-]+)?", re.UNICODE)

_HTML = re.compile(
    r"</?(?:p|br|div|span|a|b|i|u|em|strong|img|ul|ol|li|sub|sup|small|code)\b[^<>]*>|&(?:#\d+|[a-z]+);",
    re.IGNORECASE,
)

Picture = Callable[[str, str, str], str]


def _plain(_kind: str, words: str, address: str) -> str:
    """What cannot be kept, named by its description and address alone."""
    return f" [{words}] {address} " if words else f" {address} "


@dataclass(slots=True)
class _Post:
    """Lays the words out as the page would; what is no word is named where it stands."""

    base: str
    named: Picture
    parts: list[str] = field(default_factory=list)
    lists: reader.Lists = field(default_factory=lambda: reader.Lists("–"))
    # Address and where its words begin.
    links: list[tuple[str, int]] = field(default_factory=list)
    kept: int = 0  # how many elements are open that keep their white space
    cells: int = 0  # of the table row that is open
    waiting: str = ""  # a film or sound that has not told its address

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._part(tag)
        if tag in _WRAPPED:
            self.parts.append(_WRAPPED[tag][0])
        elif tag == "a":
            self.links.append((self._address(attributes.get("href", "")), len(self.parts)))
        elif tag == "img" or tag in _PLAYED or tag == "source":
            self._show(tag, attributes)
        elif tag == "pre":
            self.kept += 1
        elif tag in ("tr", "td", "th"):
            self.cells = 0 if tag == "tr" else self.cells + 1
            self.parts.append(" | " if self.cells > 1 else "")
        else:
            self._list(tag, attributes)

    def _list(self, tag: str, attributes: dict[str, str]) -> None:
        mark = self.lists.start(tag, attributes)
        inset = len(mark) - len(mark.lstrip())
        self.parts.append(_SPACE * inset + mark[inset:])

    def end(self, tag: str) -> None:
        if tag in _WRAPPED:
            self.parts.append(_WRAPPED[tag][1])
        elif tag in ("ul", "ol"):
            self.lists.end(tag)
        elif tag == "a" and self.links:
            self._close_link(*self.links.pop())
        elif tag == "pre":
            self.kept = max(0, self.kept - 1)
        if tag != "br":
            self._part(tag)

    def _part(self, tag: str) -> None:
        """Begin a new paragraph or line, where the page would."""
        if tag in _PARAGRAPHS:
            # A list within a list is no paragraph of its own.
            self.parts.append(_BREAK if self.lists.open and tag in ("ul", "ol") else "\n\n")
        elif tag in _LINES:
            self.parts.append("\n" if tag == "br" else _BREAK)

    def say(self, text: str) -> None:
        text = _MARKS.sub("", text)
        if self.kept:
            text = text.expandtabs(4) if "\t" in text else text
            self.parts.append(text.replace("\r", "").replace(" ", _SPACE))
        else:
            self.parts.append(_SPACES.sub(" ", text))

    def _show(self, tag: str, attributes: dict[str, str]) -> None:
        """A picture, film or sound; one that has its address in the first of several sources is told there."""
        if tag == "source":
            if self.waiting and attributes.get("src"):
                waiting, self.waiting = self.waiting, ""
                self.parts.append(self._told(waiting, attributes))
        elif tag in ("video", "audio") and not attributes.get("src"):
            self.waiting = tag
        elif (
            attributes.get("width", "") not in ("0", "1")
            or attributes.get("height") != attributes["width"]
        ):
            self.parts.append(self._told(tag, attributes))

    def _told(self, tag: str, attributes: dict[str, str]) -> str:
        words = one_line(attributes.get("alt") or attributes.get("title") or "", 1_500)
        classes = attributes.get("class", "").lower()
        if tag == "img" and ("emoji" in classes or "data-mx-emoticon" in attributes):
            return words
        return self.named(_PLAYED.get(tag, "picture"), words, self._address(attributes.get("src", "")))  # fmt: skip

    def _address(self, written: str) -> str:
        """The whole address of a link; "" for one that leads nowhere a person should go."""
        written = written.strip()
        if not written or written.startswith("#") or len(written) > _MOST_ADDRESS_CHARS:
            return written[:_MOST_ADDRESS_CHARS] if written.startswith(("http:", "https:")) else ""
        try:
            whole = urljoin(self.base, written)
            scheme = urlsplit(whole).scheme.lower()
        except ValueError:
            return ""
        if scheme in ("mailto", "tel", "sms"):
            return one_line(whole.partition(":")[2].partition("?")[0], 300)
        return one_line(whole, _MOST_ADDRESS_CHARS) if scheme in ("http", "https", "matrix", "geo") else ""  # fmt: skip

    def _close_link(self, address: str, begun: int) -> None:
        # Links inside links would have the same words looked through again and again.
        words = "".join(self.parts[begun : begun + _MOST_LINK_PARTS])
        words = words[: _MOST_ADDRESS_CHARS + 100].strip()
        # Friendica and Hubzilla write the sign of a name outside its link.
        sign = self.parts[begun - 1][-1:] if begun else ""
        name = f"{sign}{words}" if sign in ("@", "#") and words[:1] not in ("@", "#") else words
        if not address or address in words or _is_name(name, address):
            return
        self.parts.append(f" ({address})" if words and not _same(words, address) else "")
        if not words:
            self.parts.append(address)


def _bare(address: str) -> str:
    return re.sub(r"\Ahttps?://", "", address.strip(), flags=re.IGNORECASE).rstrip("/")


def _same(words: str, address: str) -> bool:
    """Whether a link's words are its own address (Mastodon hides the ends of long ones from sight)."""
    return _bare(words) == _bare(address)


def _is_name(words: str, address: str) -> bool:
    """Whether it is a person or a hashtag, written as such: "@kari" that leads to a page of a kari's, "#ferge"."""
    if _PILL.match(address):
        return True
    if not _NAMED.fullmatch(words):
        return False
    name, _at, host = words[1:].partition("@")
    low = address.lower()
    return name.lower() in low and host.lower() in low


def to_text(html: str, *, base: str = "", named: Picture = _plain) -> str:
    """What a reader sees of a post, with line breaks, and the addresses of links whose words are not their address.

    `base` is where relative addresses start. `named` gives the words for a picture, film, sound or embedded page (its
    kind, description and address) that stands in the text. Numbers of lists, quotes ("> ") and white space in `pre` are
    kept. Nothing is fetched. What is beyond `MOST_CHARS` is left out, and said to be.
    """
    post = _Post(base, named)
    cut = len(html) > MOST_CHARS
    written = _SECTION.sub("", html[: MOST_CHARS - len(_CUT)])
    written = _DECLARATION.sub("&lt;", written)
    reader.read(written, post, most_chars=2 * MOST_CHARS, dropped=_DROPPED)
    text = clean("\n".join(_laid("".join(post.parts)))).strip("\n")
    return text + _CUT if cut else text


def looks_like_html(text: str) -> bool:
    """Whether a text that nobody says the kind of has tags or entities of HTML in it."""
    return _HTML.search(text) is not None


def maybe_html(text: str) -> str:
    """What is HTML by its specification and plain text by what most programs write: HTML when it has tags of it."""
    return to_text(text[:5_000]) if looks_like_html(text) else text


def _broken(run: re.Match[str]) -> str:
    return "\n" * max(1, run[0].count("\n")) if _BREAK in run[0] else run[0]


def _laid(text: str) -> list[str]:
    """The lines, quotes marked, with at most one blank line after another."""
    lines: list[str] = []
    depth = 0
    for line in _BREAKS.sub(_broken, text).split("\n"):
        depth += line.count(_QUOTE)
        words = _MANY_SPACES.sub(" ", _MARKS_OF_QUOTES.sub("", line)).strip(" ")
        words = words.replace(_SPACE, " ").rstrip()
        mark = "> " * min(depth, _MOST_NESTED)
        written = f"{mark}{words}".rstrip()
        if words or (lines and lines[-1].strip("> ")):
            lines.append(written)
        depth = max(0, depth - line.count(_UNQUOTE))
    # A blank line before a quote ends belongs to neither.
    return [
        "" if not line.strip("> ") and _last(lines, place) else line
        for place, line in enumerate(lines)
    ]


def _last(lines: list[str], place: int) -> bool:
    """Whether the line after is quoted less deep, or is none."""
    after = lines[place + 1] if place + 1 < len(lines) else ""
    return not after.startswith(">")
