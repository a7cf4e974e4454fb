"""What people wrote, as HTML that is safe to show: the municipality's Markdown and residents' plain words."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS: Final = {
    "p",
    "br",
    "em",
    "strong",
    "ul",
    "ol",
    "li",
    "a",
    "blockquote",
    "code",
    "pre",
    "hr",
    "h2",
    "h3",
    "h4",
}
_HEADINGS: Final = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}
_ADDRESS: Final = re.compile(
    r"https?://[^\s<>\"'\u200b\u202a-\u202e\u2066-\u2069]{3,500}", re.IGNORECASE
)
_TAIL: Final = ".,:;!?…»”"
# Bidirectional overrides may make text read as something else than what is stored; the isolates are harmless.
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\ufeff]")

_markdown = MarkdownIt("commonmark", {"html": False, "linkify": False}).disable("image")


def visible(text: str) -> str:
    """Without control characters and direction overrides, with one kind of line ending."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def markdown(text: str, *, by_resident: bool = False) -> SafeString:
    """Markdown (CommonMark) as HTML through an allow-list: no images, no raw HTML, no script addresses.

    Headings begin at level 2, since the page owns the first.
    """
    html = _markdown.render(visible(text))
    html = re.sub(r"(</?)(h[1-6])>", lambda match: f"{match[1]}{_HEADINGS[match[2]]}>", html)
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="nofollow noopener ugc" if by_resident else "noopener",
    )
    return mark_safe(clean)  # noqa: S308 - nh3 has just cleaned it


def plain(text: str) -> SafeString:
    """Residents' words as they stand: escaped, in paragraphs, with web addresses as links nobody profits from."""
    paragraphs = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", visible(text).strip())]
    html = "".join(f"<p>{_lines(part)}</p>" for part in paragraphs if part)
    return mark_safe(html)  # noqa: S308 - every piece is escaped in _lines


def highlighted(words: str, query: str, most: int = 0) -> SafeString:
    """The words with those of the query in `<mark>`; longer than `most`, an extract around the first hit."""
    asked = [re.escape(word) for word in re.findall(r"\w{2,40}", query)[:20]]
    pattern = re.compile(rf"\b({'|'.join(asked)})", re.IGNORECASE) if asked else None
    if most and len(words) > most:
        hit = pattern.search(words) if pattern else None
        start = max(0, hit.start() - most // 3) if hit else 0
        start = words.find(" ", start - 1) + 1 if start else 0
        cut = words[start : start + most].rsplit(" ", 1)[0]
        words = ("… " if start else "") + cut + (" …" if start + len(cut) < len(words) else "")
    if pattern is None:
        return mark_safe(escape(words))  # noqa: S308 - escaped
    pieces = pattern.split(words)
    html = "".join(
        f"<mark>{escape(piece)}</mark>" if at % 2 else escape(piece)
        for at, piece in enumerate(pieces)
    )
    return mark_safe(html)  # noqa: S308 - every piece is escaped


def _lines(text: str) -> str:
    out: list[str] = []
    at = 0
    for match in _ADDRESS.finditer(text):
        address = _trimmed(match.group())
        out.append(escape(text[at : match.start()]))
        out.append(
            f'<a class="ds-link" href="{escape(address)}" rel="nofollow noopener ugc">{escape(address)}</a>'
        )
        at = match.start() + len(address)
    out.append(escape(text[at:]))
    return "".join(out).replace("\n", "<br>")


def _trimmed(address: str) -> str:
    address = address.rstrip(_TAIL)
    while address.endswith(")") and address.count("(") < address.count(")"):
        address = address[:-1].rstrip(_TAIL)
    return address


def slug(text: str, most_chars: int) -> str:
    """A text in the letters of addresses, as Norwegian spells without its own: "Sør-Odal på ø" is "soer-odal-paa-oe"."""
    spelt = text.casefold().translate({ord("æ"): "ae", ord("ø"): "oe", ord("å"): "aa"})
    bare = unicodedata.normalize("NFKD", spelt).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", bare).strip("-")[:most_chars].strip("-")
