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


def note(held: Mapping[str, Any], within: Mapping[str, Any] | None = None) -> NoteSaid:
    """Something said. `within` is the activity it came in: who it is for may stand there only.

    Raises:
        Malformed: of a kind that says nothing, or it lacks an id.
    """
    kind = _kind(held)
    found = id_of(held.get("id"))
    if not found:
        raise Malformed("It has no id that is an address.")
    tags = [one for one in many(held.get("tag")) if isinstance(one, Mapping)]
    language, content = _content(held, within or {})
    addressed = held if ids_of(held.get("to")) or others_of(held) else within or {}
    mentions = [one for one in tags if "Mention" in many(one.get("type"))]
    return NoteSaid(
        id=found,
        authors=ids_of(held.get("attributedTo")) or ids_of(held.get("actor")),
        content=content,
        media_type=one_line(text_of(held.get("mediaType")), 100) if content else "",
        type=kind,
        summary=one_line(maybe_html(_mapped(held, "summary")), 500),
        # Plain text by the specification; WordPress writes its entities all the same.
        name=one_line(html.unescape(_mapped(held, "name")[:2_000]), 300),
        sensitive=held.get("sensitive") in (True, "true"),
        published=when(held.get("published")),
        updated=when(held.get("updated")),
        answers=list(dict.fromkeys(ids_of(held.get("inReplyTo")))),
        to=ids_of(addressed.get("to")),
        cc=others_of(addressed),
        mentions=[href for one in mentions if (href := id_of(one.get("href")))],
        mentioned=[one_line(text_of(one.get("name")), 300) for one in mentions],
        hashtags=[
            one_line(text_of(one.get("name")), 100).lstrip("#")
            for one in tags
            if "Hashtag" in many(one.get("type"))
        ],
        attachments=_attachments(held, kind),
        quotes=_quotes(held, tags),
        language=language,
        url=page_of(held.get("url")),
        poll=_poll(held) if kind == "Question" or "oneOf" in held or "anyOf" in held else None,
        starts_at=when(held.get("startTime")),
        ends_at=when(held.get("endTime")) if kind != "Question" else None,
        places=_places(held.get("location")),
    )


def _kind(held: Mapping[str, Any]) -> str:
    """Its type: of several the one we know; of a kind we do not know, what it calls itself, when it says something."""
    kinds = [one for one in many(held.get("type")) if isinstance(one, str)]
    known = next((one for one in kinds if one in SAID), "")
    if known:
        return known
    says = any(held.get(name) for name in ("content", "contentMap", "name", "summary"))
    if not kinds or not says or any(one in _SILENT for one in kinds):
        raise Malformed("It is nothing that was said.")
    return one_line(kinds[0], 60)


def _mapped(held: Mapping[str, Any], name: str) -> str:
    """A text, or the first of its map of languages."""
    by_language = held.get(f"{name}Map")
    texts = list(by_language.values()) if isinstance(by_language, Mapping) else []
    return text_of(held.get(name)) or next(filter(None, map(text_of, texts)), "")


def _content(held: Mapping[str, Any], within: Mapping[str, Any]) -> tuple[str, str]:
    """Language and text: of a language map, the one that is the content, else the first that tells a language."""
    source = held.get("source")
    written = text_of(source.get("content")) if isinstance(source, Mapping) else ""
    said = "\n\n".join(filter(None, map(text_of, many(held.get("content")))))
    by_language = held.get("contentMap")
    texts = {}
    if isinstance(by_language, Mapping):
        texts = {str(tag): text_of(value) for tag, value in by_language.items() if text_of(value)}
    same = [tag for tag, value in texts.items() if value == said]
    # One language alone is its language, however the two differ (white space, a title before it).
    chosen = next(iter(same or (texts if not said or len(texts) == 1 else ())), "")
    language = languages.code(chosen) or languages.code(_told_language(held, within))
    return language, said or texts.get(chosen, "") or written


def _told_language(held: Mapping[str, Any], within: Mapping[str, Any]) -> Any:
    """Where no map of languages tells: PeerTube's and Lemmy's `language`, or the context's (JSON-LD 1.1 §4.2.4)."""
    for one in many(held.get("content")):
        if isinstance(one, Mapping) and one.get("@language"):
            return one["@language"]
    language = held.get("language")
    if isinstance(language, Mapping):
        return language.get("identifier")
    if language:
        return language
    for whole in (held, within):
        for one in many(whole.get("@context")):
            if isinstance(one, Mapping) and one.get("@language"):
                return one["@language"]
    return None


def _attachments(held: Mapping[str, Any], kind: str) -> list[Attached]:
    """Everything with it, each address once: what is attached, its picture, and the film or sound that it is itself."""
    found: dict[str, Attached] = {}
    for one in many(held.get("attachment")) + many(held.get("image")):
        if attached := _attached(one):
            found.setdefault(attached.url or f"{attached.kind} {attached.alt}", attached)
    if kind in _KINDS:
        for url, media_type in _renditions(held.get("url")):
            words = one_line(_mapped(held, "name"), 300)
            found.setdefault(url, Attached(url, media_type, words, _KINDS[kind]))
            break
    return list(found.values())[:MOST_FILES]


def _attached(one: Any) -> Attached | None:
    if isinstance(one, str):
        address = jsonvalues.address(one)
        return Attached(address, "", kind="link") if address else None
    if not isinstance(one, Mapping):
        return None
    kinds = many(one.get("type"))
    links = [two for two in many(one.get("url")) if isinstance(two, Mapping)]
    link = links[0] if links else {}
    media_type = text_of(one.get("mediaType")) or text_of(link.get("mediaType"))
    media_type = one_line(media_type, 100).lower() or ("image/jpeg" if "Image" in kinds else "")
    alt = one_line(_mapped(one, "name"), 1_500)
    more = one_line(maybe_html(_mapped(one, "summary")), 1_500)
    url = next(_addresses(one), "")
    if url:
        return Attached(url, media_type, alt or more, _kept_as(kinds, media_type, url))
    # Without an address there is still what it says of itself.
    told = jsonvalues.text(one.get("value"))
    if told:
        return Attached("", "", alt, "fact", one_line(maybe_html(told), 1_500))
    return Attached("", media_type, alt or more, "lost") if kinds and (alt or more or media_type) else None  # fmt: skip


def _addresses(one: Mapping[str, Any]) -> Iterator[str]:
    """Where it is: addresses of files may be longer than those of documents."""
    for held in (*many(one.get("url")), one.get("href")):
        written = held.get("href") or held.get("url") if isinstance(held, Mapping) else held
        if address := jsonvalues.address(written):
            yield address


def _kept_as(kinds: list[Any], media_type: str, url: str) -> str:
    first = media_type.partition("/")[0]
    by_type = {"video": "film", "audio": "sound", "image": "file"}.get(first)
    if by_type:
        return by_type
    if media_type in _WEB or (not media_type and _PAGES & {one for one in kinds if isinstance(one, str)}):  # fmt: skip
        return "link"
    known = next((_KINDS[one] for one in kinds if isinstance(one, str) and one in _KINDS), "")
    if known or media_type:
        return known or "file"
    # Of an unknown kind: a name with an ending is a file's, any other a page's.
    return "file" if re.search(r"\.(?!html?$|php$)[a-z0-9]{2,5}$", urlsplit(url).path.lower()) else "link"  # fmt: skip


def _renditions(value: Any) -> Iterator[tuple[str, str]]:
    """Addresses of the film or sound itself among what `url` holds, also where PeerTube hides them in a playlist."""
    for one in many(value):
        if not isinstance(one, Mapping):
            continue
        media_type = one_line(text_of(one.get("mediaType")), 100).lower()
        if media_type.startswith(("video/", "audio/", "image/")) and (url := id_of(one)):
            yield url, media_type
        elif media_type == "application/x-mpegurl":
            yield from _renditions(one.get("tag"))
            if url := id_of(one):
                yield url, media_type


def _quotes(held: Mapping[str, Any], tags: list[Mapping[str, Any]]) -> list[str]:
    found = [url for name in _QUOTES for url in ids_of(held.get(name))]
    found += [
        url
        for one in tags
        if "Link" in many(one.get("type"))
        and re.search("activity|ld[+]json", text_of(one.get("mediaType")))
        and (url := id_of(one.get("href")))
    ]
    return list(dict.fromkeys(found))[:10]


def _poll(held: Mapping[str, Any]) -> Poll | None:
    several = bool(many(held.get("anyOf")))
    options = []
    for one in many(held.get("anyOf" if several else "oneOf"))[:100]:
        if isinstance(one, str):
            options.append((one_line(one, 300), 0))
        elif isinstance(one, Mapping):
            replies = one.get("replies")
            count = replies.get("totalItems") if isinstance(replies, Mapping) else 0
            votes = min(jsonvalues.whole(count), 2**31 - 1)
            name = one_line(_mapped(one, "name") or to_text(text_of(one.get("content"))), 300)
            options.append((name, votes))
    if not options:
        return None
    closed = held.get("closed")
    # A time is when it closes, which may be still to come (Pleroma).
    ends_at = when(held.get("endTime")) or when(closed)
    return Poll([one for one in options if one[0]], several, ends_at, closed is True)


def _places(value: Any) -> list[Place]:
    found = []
    for one in many(value)[:10]:
        if isinstance(one, str):
            found.append(Place(one_line(one, 200)))
        elif isinstance(one, Mapping):
            found.append(_place(one))
    return [one for one in found if one.name or one.address or one.where]


def _place(held: Mapping[str, Any]) -> Place:
    parts: list[Any] = [held.get("address")]
    if isinstance(parts[0], Mapping):
        names = ("streetAddress", "postalCode", "addressLocality", "addressCountry")
        parts = [parts[0].get(name) for name in names]
    address = one_line(", ".join(filter(None, map(jsonvalues.text, parts))), 300)
    spot = [held.get("latitude"), held.get("longitude")]
    known = all(isinstance(one, int | float) and not isinstance(one, bool) for one in spot)
    where = f"geo:{spot[0]},{spot[1]}" if known else id_of(held.get("url"))
    return Place(one_line(_mapped(held, "name"), 200), address, where)
