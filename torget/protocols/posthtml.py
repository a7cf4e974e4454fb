"""The HTML of posts on Mastodon and in Matrix to plain text; the HTML itself is never kept."""

from __future__ import annotations

from html.parser import HTMLParser

from torget.protocols.plaintext import clean

MOST_CHARS = 200_000
_PARAGRAPHS = frozenset({"p", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
_LINES = frozenset({"br", "div", "li", "tr", "hr"})
_DROPPED = frozenset({"script", "style", "template", "mx-reply"})


class _Text(HTMLParser):
    """Collects text; breaks lines where the page would."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.held: list[str] = []
        self.dropped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self.dropped += 1
        elif tag in _PARAGRAPHS and self.held:
            self.held.append("\n\n")
        elif tag in _LINES and (tag == "br" or self.held):
            self.held.append("\n")
        if tag == "li":
            self.held.append("– ")

    def handle_endtag(self, tag: str) -> None:
        if tag in _DROPPED and self.dropped:
            self.dropped -= 1

    def handle_data(self, data: str) -> None:
        if not self.dropped:
            self.held.append(data)


def to_text(html: str) -> str:
    """What a reader sees of a post: links whole (their shortened parts are only hidden by style), line breaks kept."""
    reader = _Text()
    # Declarations have no place in a post, and the parser gives up on broken ones.
    reader.feed(html[:MOST_CHARS].replace("<!", "&lt;!").replace("<?", "&lt;?"))
    reader.close()
    return clean("".join(reader.held)).strip()
