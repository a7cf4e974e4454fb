"""XML of feeds as it is met in the wild → a tree: what is bad is mended, nothing is emptied, nothing is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # the package ships no types

from torget.protocols import encodings

_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)  # fmt: skip
_DECLARED_BYTES = 4_000  # a warning of a program before it is seldom longer
_BEGINS = re.compile(r"<(?:[\w-]{1,20}:)?(?:rss|feed|rdf)(?=[\s>/]|$)", re.IGNORECASE)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]{0,1000}(?:\[[^\]]{0,100000}\])?[^>]{0,100}>", re.IGNORECASE)
_ENTITY = re.compile(r"<!ENTITY\s+([\w.-]{1,40})\s+(?:\"([^\"]*)\"|'([^']*)')?")
_SECTIONS = (("<![CDATA[", "]]>"), ("<!--", "-->"))
_AMPERSAND = re.compile(r"&(?:#(\d{1,7}|[xX][0-9a-fA-F]{1,6});|([A-Za-z][\w.-]{0,39});)?")
_NAKED = re.compile(r"<(?![A-Za-z_/!?])")
# HTML's empty elements, written as HTML writes them, would hold everything after them.
_EMPTY = re.compile(r"<(br|hr|img|wbr|input)\b([^<>]{0,4000}?)/?>(?:</\1>)?", re.IGNORECASE)
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_LONGEST_VALUE = 200
_HEAD_CHARS = 20_000


def tree(body: bytes) -> Any | None:
    """The root of a feed; None when there is no feed in it."""
    declared = _DECLARED.search(body[:_DECLARED_BYTES])
    text = encodings.decode(body, declared[1].decode("ascii") if declared else "")
    begins = _BEGINS.search(text)
    if begins is None:
        return None
    # What a program wrote before it is no part of it.
    head, rest = text[: begins.start()], text[begins.start() :]
    mended = _mended(rest, _entities(head[-_HEAD_CHARS:]))
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(mended.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        return None


def _entities(head: str) -> dict[str, str]:
    """What a document type declares: short texts as they are, everything else as nothing, so that no bomb goes off."""
    doctype = _DOCTYPE.search(head)
    if doctype is None:
        return {}
    entities: dict[str, str] = {}
    for name, double, other in _ENTITY.findall(doctype[0]):
        value = double or other
        plain = len(value) <= _LONGEST_VALUE and not set("&%<") & set(value)
        entities.setdefault(name, value if plain else "")
    return entities


def _mended(text: str, entities: dict[str, str]) -> str:
    """Entities of HTML and naked signs as letters, HTML's empty elements closed; what is marked as text is left alone."""
    made = []
    for is_marked, piece in _pieces(_ILLEGAL.sub("", text)):
        if not is_marked:
            piece = _AMPERSAND.sub(lambda hit: _letter(hit, entities), piece)
            piece = _EMPTY.sub(r"<\1\2/>", _NAKED.sub("&lt;", piece))
        made.append(piece)
    return "".join(made)


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """The text in pieces, and whether each is marked as text, or a comment. One that never ends is neither."""
    at = 0
    starts = {begin: text.find(begin) for begin, _end in _SECTIONS}
    while True:
        for begin, place in starts.items():
            if 0 <= place < at:
                starts[begin] = text.find(begin, at)
        start, end = min(
            ((starts[begin], end) for begin, end in _SECTIONS if starts[begin] >= 0),
            default=(-1, ""),
        )
        close = text.find(end, start) if start >= 0 else -1
        if start < 0:
            yield False, text[at:]
            return
        if close < 0:
            # None of its kind ends any more.
            starts = {begin: -1 if ends == end else starts[begin] for begin, ends in _SECTIONS}
            continue
        yield False, text[at:start]
        yield True, text[start : close + len(end)]
        at = close + len(end)


def _letter(hit: re.Match[str], entities: dict[str, str]) -> str:
    number, name = hit[1], hit[2]
    if number:
        code = int(number[1:], 16) if number[0] in "xX" else int(number)
        # Windows' letters, where XML has control characters (WHATWG HTML §13.2.5.84).
        if 0x80 <= code <= 0x9F:
            return bytes([code]).decode("cp1252", "replace")
        legal = code < 0x110000 and not _ILLEGAL.match(chr(code))
        return hit[0] if legal else ""
    if not name:
        return "&amp;"
    if name in _XML:
        return hit[0]
    if name in entities:
        return entities[name]
    letter = html5.get(f"{name};")
    return f"&amp;{name};" if letter is None else letter.replace("&", "&amp;").replace("<", "&lt;")
