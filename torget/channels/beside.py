"""What stands beside the words of a message, told in words at one place for all channels.

Link cards, polls, films, sound, quotes, stickers, places: whatever a network shows that is neither text nor a file we
keep. Each is a line of its own under the text, in square brackets, with its address after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from torget.design import times
from torget.protocols import posthtml
from torget.protocols.plaintext import clean, one_line

MOST_CHARS = 1_500  # of one description
MOST_LINES = 50
_ADDRESS_CHARS = 2_000
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # times are written with their year


@dataclass(frozen=True, slots=True)
class Enclosure:
    """One thing beside the words: what it is, what is said of it, where it is found, and lines under it."""

    label: str
    words: str = ""
    url: str = ""
    lines: Sequence[str] = ()
    # It only repeats an address: said already, when that stands in the text.
    is_address: bool = False

    def written(self, body: str) -> str:
        """As it stands under the text; an address the text has is not repeated."""
        url = "" if _stands_in(self.url, body) else one_line(self.url, _ADDRESS_CHARS)
        if self.is_address and not self.words and not url:
            return ""
        named = f"{self.label}: {self.words}" if self.words else self.label
        return "\n".join([f"[{named}] {url}".rstrip(), *self.lines])


def _stands_in(url: str, body: str) -> bool:
    at = body.find(url) if url else -1
    # An address that goes on is another address.
    return at >= 0 and not body[at + len(url) : at + len(url) + 1].strip(".,;:!?)]}>\"'» \n\t")


def join(body: str, enclosures: Sequence[Enclosure]) -> str:
    """The text with everything beside it under it, each once."""
    lines = dict.fromkeys(
        line
        for enclosure in enclosures[:MOST_LINES]
        if (line := enclosure.written(body)) and line not in body
    )
    more = len(enclosures) - MOST_LINES
    if more > 0:
        lines[_("[Og %(count)s ting til. Se dem der det ble sagt.]") % {"count": more}] = None
    return "\n\n".join(part for part in (body, "\n".join(lines)) if part)


def has_the_words(body: str, words: str) -> bool:
    """Whether a text `join` made has these words and, after them, only what stands beside them."""
    rest = body.removeprefix(words)
    return body.startswith(words) and (not rest or rest.removeprefix("\n\n").startswith("["))


def _of(*words: str) -> str:
    return " – ".join(dict.fromkeys(line for word in words if (line := one_line(word, MOST_CHARS))))


def link(url: str, title: str = "", description: str = "") -> Enclosure:
    """A link with its card, where the network made one."""
    return Enclosure(_("Lenke"), _of(title, description), url, is_address=True)


def film(url: str, description: str = "") -> Enclosure:
    """A film or an animation."""
    return Enclosure(_("Film"), _of(description), url)


def sound(url: str, description: str = "") -> Enclosure:
    """A recording, a voice message, music."""
    return Enclosure(_("Lyd"), _of(description), url)


def picture(url: str, description: str = "") -> Enclosure:
    """A picture that is not fetched."""
    return Enclosure(_("Bilde"), _of(description), "" if url.startswith("data:") else url)


def file(url: str, name: str = "", description: str = "") -> Enclosure:
    """A file that is not fetched."""
    return Enclosure(_("Fil"), _of(name, description), url)


def sticker(url: str = "", description: str = "") -> Enclosure:
    """A sticker."""
    return Enclosure(_("Klistremerke"), _of(description), url)


def reaction(words: str) -> Enclosure:
    """A reaction that stands for a message."""
    return Enclosure(_("Reaksjon"), _of(words))


def quote(url: str, author: str = "", words: str = "") -> Enclosure:
    """What somebody else said, shown with it."""
    shown = one_line(words, MOST_CHARS)
    words = _of(author, f"«{shown}»" if shown else "")
    return Enclosure(_("Siterer"), words, url, is_address=True)


def share(url: str, title: str = "", words: str = "") -> Enclosure:
    """A post of somebody else's that is passed on."""
    return Enclosure(_("Deler"), _of(title, words), url)


def place(name: str = "", address: str = "", where: str = "") -> Enclosure:
    """A place: its name, its address, and its coordinates or where a map shows it."""
    return Enclosure(_("Sted"), _of(name, address), where)


def card(*words: str) -> Enclosure:
    """Somebody's name, number and address."""
    return Enclosure(_("Kontakt"), _of(*words))


def fact(name: str, value: str) -> Enclosure:
    """Something with a name of its own, as its network calls it."""
    return Enclosure(one_line(name, 100) or _("Opplysning"), _of(value))


def at_time(begins: datetime | None, ends: datetime | None = None) -> Enclosure:
    """When something takes place."""
    span = [times.moment(moment, now=_LONG_AGO) for moment in (begins, ends) if moment]
    return Enclosure(_("Tid"), _of(*span))


def poll(
    options: Sequence[str],
    *,
    several: bool = False,
    ends_at: datetime | None = None,
    closed: bool = False,
    question: str = "",
) -> Enclosure:
    """A poll with its options."""
    until = times.moment(ends_at, now=_LONG_AGO) if ends_at else ""
    terms = [
        _("flere svar er mulig") if several else "",
        _("åpen til %(when)s") % {"when": until} if until and not closed else "",
        _("avsluttet") if closed else "",
    ]
    lines = [f"• {one_line(option, 300)}" for option in options[:MOST_LINES]]
    return Enclosure(_("Avstemning"), _of(question, ", ".join(filter(None, terms))), lines=lines)


def unseen(what: str, url: str = "") -> Enclosure:
    """Something of a kind we do not know: named, so that a person can look where it was said."""
    named = one_line(what, 100)
    return Enclosure(_("Noe vi ikke kan vise her. Se det der det ble sagt"), named, url)


def kept_out(kind: str, url: str, description: str = "") -> Enclosure:
    """By its media type ("video/mp4", "image"): a file that is named and not fetched."""
    first = kind.partition("/")[0].lower()
    known = {"video": film, "gifv": film, "audio": sound, "image": picture, "gif": film}
    return known.get(first, file)(url, description)


def _in_text(kind: str, words: str, address: str) -> str:
    known = {"picture": picture, "film": film, "sound": sound}
    enclosure = (
        known[kind](address, words) if kind in known else Enclosure(_("Innebygd"), words, address)
    )
    return f" {enclosure.written('')} " if words or enclosure.url else ""


def of_html(html: str, base: str = "") -> str:
    """The words of a post in HTML, with what stands in it named where it stands. `base` begins relative addresses."""
    return posthtml.to_text(html, base=base, named=_in_text)


def of_source(text: str) -> str:
    """Markdown, BBCode or plain text: what was written, sign for sign."""
    return clean(text, posthtml.MOST_CHARS)


def of_content(text: str, media_type: str = "", base: str = "") -> str:
    """The words of a content in HTML, or in what its media type says it is."""
    kind = media_type.partition(";")[0].strip().lower()
    is_html = kind in ("", "text/html", "application/xhtml+xml")
    return of_html(text, base) if is_html else of_source(text)
