"""Texts, keys and addresses of the AT Protocol (Bluesky): plain values, in bytes where the protocol counts bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import regex  # type: ignore[import-untyped]  # the package ships no types

from torget.protocols import jsonvalues, threads
from torget.protocols.plaintext import graphemes

MOST_GRAPHEMES = 300  # lexicon app.bsky.feed.post: text, maxGraphemes
MOST_BYTES = 3000  # the same: maxLength, in bytes of UTF-8
MOST_TAG_GRAPHEMES = 64  # lexicon app.bsky.richtext.facet#tag
MOST_FACETS = 200  # of one text: the lexicon sets no limit, people write a few
MOST_PARTS = threads.MOST_PARTS

_URL = regex.compile(r"(?<![\w@])https?://[^\s<>\"\u201c\u201d\u00ab\u00bb]+", regex.IGNORECASE)
_MENTION = regex.compile(
    r"(?<![\w/@.])@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?)(?![\w@])",
    regex.IGNORECASE,
)
_TAG = regex.compile(r"(?<![\w&/#@])#((?=[\p{M}\p{N}_]*+\p{L})[\p{L}\p{M}\p{N}_]+)")
_AT_URI = re.compile(
    r"\Aat://(did:[a-z]+:[A-Za-z0-9._:%-]{1,240})/([a-z][A-Za-z0-9.-]{2,300})/([A-Za-z0-9._:~-]{1,512})\Z"
)
_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
_EPOCH_MICROSECONDS = (
    1_672_531_200_000_000  # 2023-01-01: keys made of a hash look like times of that year
)
_YEAR_MICROSECONDS = 365 * 24 * 3600 * 1_000_000
_TRAILING = ".,;:!?'\"»”…"


@dataclass(frozen=True, slots=True)
class AtUri:
    """The address of a record: whose, of which kind, by which key (AT URI syntax, restricted form)."""

    repo: str
    collection: str
    rkey: str

    def __str__(self) -> str:
        return f"at://{self.repo}/{self.collection}/{self.rkey}"


def at_uri(text: str) -> AtUri | None:
    """The parts of an address of a record with a DID; None when it is something else."""
    match = _AT_URI.match(text)
    return AtUri(*match.groups()) if match else None


def tid(key: str) -> str:
    """A record key made of ours: the same key gives the same 13 characters (TID syntax), so nothing is written twice.

    54 bits come from the hash of the key: two among 100,000 posts of one account share a key with a probability below
    one in a million. Read as a time it lies in 2023.
    """
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:12], "big")
    moment, clock = divmod(number, 1024)
    value = ((_EPOCH_MICROSECONDS + moment % _YEAR_MICROSECONDS) << 10) | clock
    letters = []
    for _place in range(13):
        value, digit = divmod(value, 32)
        letters.append(_SORTABLE[digit])
    return "".join(reversed(letters))


def part_key(first: str, number: int) -> str:
    """The record key of part `number` (from 0) of a thread whose first part has that key."""
    return first if number == 0 else tid(f"{first}/{number}")


# Facets ----------------------------------------------------------------------------------------


def _untrailed(url: str) -> str:
    """Without the punctuation of the sentence it stands in; a closing bracket stays when it was opened inside."""
    end = len(url)
    unopened = url.count(")") - url.count("(")
    while end and (url[end - 1] in _TRAILING or (url[end - 1] == ")" and unopened > 0)):
        end -= 1
        unopened -= url[end] == ")"
    return url[:end]


def _facet(start: int, end: int, feature: Mapping[str, str]) -> dict[str, Any]:
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [dict(feature)]}


def mentioned(text: str) -> list[str]:
    """Handles the text mentions, each once, in lower case."""
    return list(dict.fromkeys(match.group(1).lower() for match in _MENTION.finditer(text)))


def facets(text: str, did_of: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """What in the text is a link, a mention or a hashtag: at byte offsets in UTF-8, in order, never overlapping.

    A handle nobody has (`did_of` gives None) stays plain text. Source: lexicon app.bsky.richtext.facet.
    """
    spans: list[tuple[int, int, dict[str, str]]] = []
    for hit in _URL.finditer(text):
        url = _untrailed(hit.group())
        if len(url) > len("https://"):
            kind = {"$type": "app.bsky.richtext.facet#link", "uri": url}
            spans.append((hit.start(), hit.start() + len(url), kind))
    spans += [
        (*hit.span(), {"$type": "app.bsky.richtext.facet#mention", "did": did})
        for hit in _MENTION.finditer(text)
        if (did := did_of(hit.group(1).lower()))
    ]
    for hit in _TAG.finditer(text):
        if len(graphemes(hit.group(1))) <= MOST_TAG_GRAPHEMES:
            kind = {"$type": "app.bsky.richtext.facet#tag", "tag": hit.group(1)}
            spans.append((*hit.span(), kind))
    kept: list[dict[str, Any]] = []
    last = octets = 0
    for start, end, feature in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= last:
            begins = octets + len(text[last:start].encode())
            octets = begins + len(text[start:end].encode())
            kept.append(_facet(begins, octets, feature))
            last = end
    return kept


def unfolded(text: str, facet_rows: Sequence[Any]) -> str:
    """A stranger's text with the addresses of its links: shortened ones ("kommune.no/sak…") whole, hidden ones after.

    Facets that make no sense, or begin or end inside a letter, are left alone: the text is what people read.
    """
    raw = text.encode("utf-8", "surrogatepass")
    swaps: list[tuple[int, int, bytes]] = []
    for facet in facet_rows[:MOST_FACETS]:
        start, end = (jsonvalues.within(facet, "index", name) for name in ("byteStart", "byteEnd"))
        features = jsonvalues.tables(jsonvalues.within(facet, "features"))
        addresses = [
            address for feature in features if (address := jsonvalues.address(feature.get("uri")))
        ]
        if not addresses or type(start) is not int or type(end) is not int:
            continue
        if not 0 <= start < end <= len(raw) or _inside(raw, start) or _inside(raw, end):
            continue
        shown = raw[start:end].decode("utf-8", "replace")
        if shown.endswith(("…", "...")):
            swaps.append((start, end, addresses[0].encode("utf-8", "replace")))
        elif _bare(shown) != _bare(addresses[0]):
            swaps.append((end, end, f" ({addresses[0]})".encode("utf-8", "replace")))
    made, at = bytearray(), 0
    for start, end, link in sorted(swaps):
        if start >= at:
            made += raw[at:start] + link
            at = end
    return bytes(made + raw[at:]).decode("utf-8", "replace")


def _inside(raw: bytes, at: int) -> bool:
    return at < len(raw) and raw[at] & 0xC0 == 0x80


def _bare(address: str) -> str:
    return address.strip().removeprefix("https://").removeprefix("http://").rstrip("/")


def parts(text: str) -> list[str]:
    """The text in posts that fit (see `threads.parts`)."""
    return threads.parts(
        text, MOST_GRAPHEMES, lambda piece: len(graphemes(piece)), most_bytes=MOST_BYTES
    )
