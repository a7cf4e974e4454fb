"""The HTML of posts on Mastodon and in Matrix to plain text; the HTML itself is never kept."""

from __future__ import annotations

from torget.protocols import html as reader
from torget.protocols.plaintext import clean

MOST_CHARS = 50_000
_PARAGRAPHS = frozenset({"p", "ul", "ol", "blockquote", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
_LINES = frozenset({"br", "div", "li", "tr", "hr"})
_DROPPED = frozenset({"script", "style", "template", "mx-reply"})


class _Post:
    """Collects text; breaks lines where the page would."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def start(self, tag: str, _attributes: dict[str, str]) -> None:
        if tag in _PARAGRAPHS and self.words:
            self.words.append("\n\n")
        elif tag in _LINES and (tag == "br" or self.words):
            self.words.append("\n")
        if tag == "li":
            self.words.append("– ")

    def end(self, _tag: str) -> None:
        return None

    def say(self, text: str) -> None:
        self.words.append(text)


def to_text(html: str) -> str:
    """What a reader sees of a post: links whole (their shortened parts are only hidden by style), line breaks kept."""
    post = _Post()
    # Declarations have no place in a post: somebody wrote the signs.
    written = html[:MOST_CHARS].replace("<!", "&lt;!").replace("<?", "&lt;?")
    reader.read(written, post, most_chars=4 * MOST_CHARS, dropped=_DROPPED)
    return clean("".join(post.words)).strip()
