"""What others say, in documents of many kinds (Note, Article, Question, Video …) → one plain value."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from torget.protocols import jsonvalues, languages
from torget.protocols.activitypub.reading import (
    ACTORS,
    id_of,
    ids_of,
    many,
    others_of,
    page_of,
    text_of,
    when,
)
from torget.protocols.activitypub.values import Attached, Malformed, NoteSaid, Place, Poll
from torget.protocols.plaintext import one_line
from torget.protocols.posthtml import maybe_html, to_text

SAID = frozenset(
    {"Note", "Article", "Question", "Event", "Page", "Image", "Video", "Audio", "ChatMessage"}
)
# What never says anything, whatever stands in it.
_SILENT = ACTORS | {"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage", "Tombstone", "Link"}  # fmt: skip
MOST_FILES = 50
_WEB = frozenset({"text/html", "application/xhtml+xml", "application/activity+json"})
_PAGES = frozenset({"Link", "Page", "Article", "Note", "Event"})
_KINDS = {"Video": "film", "Audio": "sound", "Image": "file"}
# Of a quote: Fediverse Enhancement Proposals 044f and e232, and what Misskey and Fedibird wrote before them.
_QUOTES = ("quote", "quoteUri", "quoteUrl", "_misskey_quote", "quoteURL")


def note(value: Mapping[str, Any], within: Mapping[str, Any] | None = None) -> NoteSaid:
    """Something said. `within` is the activity it came in: who it is for may stand there only.

    Raises:
        Malformed: of a kind that says nothing, or it lacks an id.
    """
    kind = _kind(value)
    uri = id_of(value.get("id"))
    if not uri:
        raise Malformed("It has no id that is an address.")
    tags = [tag for tag in many(value.get("tag")) if isinstance(tag, Mapping)]
    language, content = _content(value, within or {})
    addressed = value if ids_of(value.get("to")) or others_of(value) else within or {}
    mentions = [tag for tag in tags if "Mention" in many(tag.get("type"))]
    return NoteSaid(
        id=uri,
        authors=ids_of(value.get("attributedTo")) or ids_of(value.get("actor")),
        content=content,
        media_type=one_line(text_of(value.get("mediaType")), 100) if content else "",
        type=kind,
        summary=one_line(maybe_html(_mapped(value, "summary")), 500),
        # Plain text by the specification; WordPress writes its entities all the same.
        name=one_line(html.unescape(_mapped(value, "name")[:2_000]), 300),
        sensitive=value.get("sensitive") in (True, "true"),
        published=when(value.get("published")),
        updated=when(value.get("updated")),
        answers=list(dict.fromkeys(ids_of(value.get("inReplyTo")))),
        to=ids_of(addressed.get("to")),
        cc=others_of(addressed),
        mentions=[href for mention in mentions if (href := id_of(mention.get("href")))],
        mentioned=[one_line(text_of(mention.get("name")), 300) for mention in mentions],
        hashtags=[
            one_line(text_of(tag.get("name")), 100).lstrip("#")
            for tag in tags
            if "Hashtag" in many(tag.get("type"))
        ],
        attachments=_attachments(value, kind),
        quotes=_quotes(value, tags),
        language=language,
        url=page_of(value.get("url")),
        poll=_poll(value) if kind == "Question" or "oneOf" in value or "anyOf" in value else None,
        starts_at=when(value.get("startTime")),
        ends_at=when(value.get("endTime")) if kind != "Question" else None,
        places=_places(value.get("location")),
    )


def _kind(value: Mapping[str, Any]) -> str:
    """Its type: of several the one we know; of a kind we do not know, what it calls itself, when it says something."""
    kinds = [kind for kind in many(value.get("type")) if isinstance(kind, str)]
    known = next((kind for kind in kinds if kind in SAID), "")
    if known:
        return known
    says = any(value.get(name) for name in ("content", "contentMap", "name", "summary"))
    if not kinds or not says or any(kind in _SILENT for kind in kinds):
        raise Malformed("It is nothing that was said.")
    return one_line(kinds[0], 60)


def _mapped(value: Mapping[str, Any], name: str) -> str:
    """A text, or the first of its map of languages."""
    by_language = value.get(f"{name}Map")
    texts = list(by_language.values()) if isinstance(by_language, Mapping) else []
    return text_of(value.get(name)) or next(filter(None, map(text_of, texts)), "")


def _content(value: Mapping[str, Any], within: Mapping[str, Any]) -> tuple[str, str]:
    """Language and text: of a language map, the one that is the content, else the first that tells a language."""
    source = value.get("source")
    written = text_of(source.get("content")) if isinstance(source, Mapping) else ""
    content = "\n\n".join(filter(None, map(text_of, many(value.get("content")))))
    by_language = value.get("contentMap")
    texts = {}
    if isinstance(by_language, Mapping):
        texts = {str(tag): text_of(value) for tag, value in by_language.items() if text_of(value)}
    same = [tag for tag, value in texts.items() if value == content]
    # One language alone is its language, however the two differ (white space, a title before it).
    chosen = next(iter(same or (texts if not content or len(texts) == 1 else ())), "")
    language = languages.code(chosen) or languages.code(_told_language(value, within))
    return language, content or texts.get(chosen, "") or written


def _told_language(value: Mapping[str, Any], within: Mapping[str, Any]) -> Any:
    """Where no map of languages tells: PeerTube's and Lemmy's `language`, or the context's (JSON-LD 1.1 §4.2.4)."""
    for content in many(value.get("content")):
        if isinstance(content, Mapping) and content.get("@language"):
            return content["@language"]
    language = value.get("language")
    if isinstance(language, Mapping):
        return language.get("identifier")
    if language:
        return language
    for whole in (value, within):
        for content in many(whole.get("@context")):
            if isinstance(content, Mapping) and content.get("@language"):
                return content["@language"]
    return None


def _attachments(value: Mapping[str, Any], kind: str) -> list[Attached]:
    """Everything with it, each address once: what is attached, its picture, and the film or sound that it is itself."""
    by_address: dict[str, Attached] = {}
    for row in many(value.get("attachment")) + many(value.get("image")):
        if attached := _attached(row):
            by_address.setdefault(attached.url or f"{attached.kind} {attached.alt}", attached)
    if kind in _KINDS:
        for url, media_type in _renditions(value.get("url")):
            words = one_line(_mapped(value, "name"), 300)
            by_address.setdefault(url, Attached(url, media_type, words, _KINDS[kind]))
            break
    return list(by_address.values())[:MOST_FILES]


def _attached(row: Any) -> Attached | None:
    if isinstance(row, str):
        address = jsonvalues.address(row)
        return Attached(address, "", kind="link") if address else None
    if not isinstance(row, Mapping):
        return None
    kinds = many(row.get("type"))
    links = [two for two in many(row.get("url")) if isinstance(two, Mapping)]
    link = links[0] if links else {}
    media_type = text_of(row.get("mediaType")) or text_of(link.get("mediaType"))
    media_type = one_line(media_type, 100).lower() or ("image/jpeg" if "Image" in kinds else "")
    alt = one_line(_mapped(row, "name"), 1_500)
    more = one_line(maybe_html(_mapped(row, "summary")), 1_500)
    url = next(_addresses(row), "")
    if url:
        return Attached(url, media_type, alt or more, _kept_as(kinds, media_type, url))
    # Without an address there is still what it says of itself.
    description = jsonvalues.text(row.get("value"))
    if description:
        return Attached("", "", alt, "fact", one_line(maybe_html(description), 1_500))
    return Attached("", media_type, alt or more, "lost") if kinds and (alt or more or media_type) else None  # fmt: skip


def _addresses(row: Mapping[str, Any]) -> Iterator[str]:
    """Where it is: addresses of files may be longer than those of documents."""
    for link in (*many(row.get("url")), row.get("href")):
        written = link.get("href") or link.get("url") if isinstance(link, Mapping) else link
        if address := jsonvalues.address(written):
            yield address


def _kept_as(kinds: list[Any], media_type: str, url: str) -> str:
    first = media_type.partition("/")[0]
    by_type = {"video": "film", "audio": "sound", "image": "file"}.get(first)
    if by_type:
        return by_type
    if media_type in _WEB or (not media_type and _PAGES & {kind for kind in kinds if isinstance(kind, str)}):  # fmt: skip
        return "link"
    known = next((_KINDS[kind] for kind in kinds if isinstance(kind, str) and kind in _KINDS), "")
    if known or media_type:
        return known or "file"
    # Of an unknown kind: a name with an ending is a file's, any other a page's.
    return "file" if re.search(r"\.(?!html?$|php$)[a-z0-9]{2,5}$", urlsplit(url).path.lower()) else "link"  # fmt: skip


def _renditions(value: Any) -> Iterator[tuple[str, str]]:
    """Addresses of the film or sound itself among what `url` holds, also where PeerTube hides them in a playlist."""
    for rendition in many(value):
        if not isinstance(rendition, Mapping):
            continue
        media_type = one_line(text_of(rendition.get("mediaType")), 100).lower()
        if media_type.startswith(("video/", "audio/", "image/")) and (url := id_of(rendition)):
            yield url, media_type
        elif media_type == "application/x-mpegurl":
            yield from _renditions(rendition.get("tag"))
            if url := id_of(rendition):
                yield url, media_type


def _quotes(value: Mapping[str, Any], tags: list[Mapping[str, Any]]) -> list[str]:
    quotes = [url for name in _QUOTES for url in ids_of(value.get(name))]
    quotes += [
        url
        for tag in tags
        if "Link" in many(tag.get("type"))
        and re.search("activity|ld[+]json", text_of(tag.get("mediaType")))
        and (url := id_of(tag.get("href")))
    ]
    return list(dict.fromkeys(quotes))[:10]


def _poll(value: Mapping[str, Any]) -> Poll | None:
    several = bool(many(value.get("anyOf")))
    options = []
    for option in many(value.get("anyOf" if several else "oneOf"))[:100]:
        if isinstance(option, str):
            options.append((one_line(option, 300), 0))
        elif isinstance(option, Mapping):
            replies = option.get("replies")
            count = replies.get("totalItems") if isinstance(replies, Mapping) else 0
            votes = min(jsonvalues.whole(count), 2**31 - 1)
            name = one_line(_mapped(option, "name") or to_text(text_of(option.get("content"))), 300)
            options.append((name, votes))
    if not options:
        return None
    closed = value.get("closed")
    # A time is when it closes, which may be still to come (Pleroma).
    ends_at = when(value.get("endTime")) or when(closed)
    return Poll([option for option in options if option[0]], several, ends_at, closed is True)


def _places(value: Any) -> list[Place]:
    places = []
    for row in many(value)[:10]:
        if isinstance(row, str):
            places.append(Place(one_line(row, 200)))
        elif isinstance(row, Mapping):
            places.append(_place(row))
    return [place for place in places if place.name or place.address or place.where]


def _place(value: Mapping[str, Any]) -> Place:
    parts: list[Any] = [value.get("address")]
    if isinstance(parts[0], Mapping):
        names = ("streetAddress", "postalCode", "addressLocality", "addressCountry")
        parts = [parts[0].get(name) for name in names]
    address = one_line(", ".join(filter(None, map(jsonvalues.text, parts))), 300)
    spot = [value.get("latitude"), value.get("longitude")]
    known = all(isinstance(number, int | float) and not isinstance(number, bool) for number in spot)
    where = f"geo:{spot[0]},{spot[1]}" if known else id_of(value.get("url"))
    return Place(one_line(_mapped(value, "name"), 200), address, where)
