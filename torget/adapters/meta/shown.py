"""What stands beside the words in Meta's networks: pictures, films, sound, shared links and posts, places, stickers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torget.channels import beside
from torget.channels.contract import File
from torget.protocols import jsonvalues

MOST_FILES = 10
_KEPT = {"image": ("bilde.jpg", "image/jpeg"), "file": ("fil", "application/octet-stream")}
_SHARES = frozenset(
    {"share", "ig_reel", "reel", "ig_post", "story_mention", "ig_story", "post", "video_share"}
)
_TOLD: Mapping[str, Callable[[str, str], beside.Enclosure]] = {
    "video": beside.film,
    "animated_image": beside.film,
    "audio": beside.sound,
    "file": beside.file,
    "image": beside.picture,
}


def _https(value: Any) -> str:
    return jsonvalues.address(value, secure=True)


def picture(url: Any, alt: str = "") -> list[File]:
    """A picture to fetch."""
    return [File("bilde.jpg", "image/jpeg", b"", alt, _https(url))] if _https(url) else []


def pictures(value: Mapping[str, Any]) -> list[File]:
    """The pictures of a comment or a post: one, or several."""
    photo = value.get("photo") or (value.get("link") if value.get("item") == "photo" else None)
    files = [
        file for url in (photo, *jsonvalues.many(value.get("photos"))) for file in picture(url)
    ]
    return list(dict.fromkeys(files))[:MOST_FILES]


def of_post(value: Mapping[str, Any], item: str) -> list[beside.Enclosure]:
    """What a comment or a post of a page's feed shows beside its words."""
    enclosures = []
    title, words = (jsonvalues.text(value.get(name)) for name in ("title", "description"))
    link, film = _https(value.get("link")), _https(value.get("video"))
    if film or item == "video":
        enclosures.append(beside.film(film or link, title))
    elif link and item != "photo":
        enclosures.append(beside.share(link, title, words) if item == "share" else beside.link(link, title, words))  # fmt: skip
    more = jsonvalues.many(value.get("photos"))[MOST_FILES:]
    enclosures += [beside.picture(_https(url)) for url in more]
    return enclosures + of_attachment(value.get("attachment"))


def of_attachment(value: Any) -> list[beside.Enclosure]:
    """The attachment of a comment, as the Graph API tells it (…/reference/story-attachment)."""
    enclosures = []
    for attachment in jsonvalues.tables(value):
        kind = jsonvalues.text(attachment.get("type"))
        url = _https(attachment.get("url")) or _https(
            jsonvalues.within(attachment, "target", "url")
        )
        texts = [jsonvalues.text(attachment.get(name)) for name in ("title", "description")]
        if "video" in kind:
            enclosures.append(beside.film(url, texts[0]))
        elif "sticker" in kind:
            enclosures.append(beside.sticker(url, texts[0]))
        elif kind not in ("photo", "album") and (url or any(texts)):
            enclosures.append(beside.link(url, *texts))
    return enclosures


def of_message(message: Mapping[str, Any]) -> tuple[list[File], list[beside.Enclosure]]:
    """The files of a message that are fetched, and everything else it shows."""
    files: list[File] = []
    enclosures: list[beside.Enclosure] = []
    for attachment in jsonvalues.tables(message.get("attachments")):
        file = _file(attachment) if len(files) < MOST_FILES else None
        if file is not None:
            files.append(file)
        else:
            enclosures.append(_enclosure(attachment))
    if story := _https(jsonvalues.within(message, "reply_to", "story", "url")):
        enclosures.append(beside.quote(story))
    return files, enclosures


def _url(attachment: Mapping[str, Any]) -> str:
    return _https(jsonvalues.within(attachment, "payload", "url")) or _https(attachment.get("url"))


def _is_sticker(attachment: Mapping[str, Any]) -> bool:
    return bool(jsonvalues.key(jsonvalues.within(attachment, "payload", "sticker_id")))


def _file(attachment: Mapping[str, Any]) -> File | None:
    kind = jsonvalues.text(attachment.get("type"))
    if kind not in _KEPT or not _url(attachment) or _is_sticker(attachment):
        return None
    name, media_type = _KEPT[kind]
    return File(name, media_type, b"", url=_url(attachment))


def _enclosure(attachment: Mapping[str, Any]) -> beside.Enclosure:
    kind = jsonvalues.text(attachment.get("type"))
    payload = jsonvalues.table(attachment.get("payload"))
    title = jsonvalues.text(attachment.get("title")) or jsonvalues.text(payload.get("title"))
    if _is_sticker(attachment):
        return beside.sticker(_url(attachment))
    if kind in _TOLD:
        return _TOLD[kind](_url(attachment), title)
    if kind in _SHARES:
        return beside.share(_url(attachment), title)
    if kind == "location":
        return _place(payload, title, _url(attachment))
    if kind == "template":
        texts = [_words(each) for each in jsonvalues.tables(payload.get("elements"))]
        return beside.card(title, jsonvalues.text(payload.get("text")), *texts)
    if kind in ("fallback", "link"):
        return beside.link(_url(attachment), title)
    return beside.unseen(kind or "attachment", _url(attachment))


def _words(element: Mapping[str, Any]) -> str:
    texts = (jsonvalues.text(element.get(name)) for name in ("title", "subtitle"))
    return ": ".join(line for line in texts if line)


def _place(payload: Mapping[str, Any], title: str, url: str) -> beside.Enclosure:
    spot = jsonvalues.table(payload.get("coordinates"))
    where = [jsonvalues.text(spot.get(name)) for name in ("lat", "long")]
    return beside.place(title, where=url or (f"geo:{','.join(where)}" if all(where) else ""))


def of_media(media: Mapping[str, Any]) -> tuple[Sequence[File], list[beside.Enclosure]]:
    """The picture of a reply on Threads, and everything else it shows (…/threads/reply-management)."""
    kind = jsonvalues.text(media.get("media_type")).upper()
    url, alt = media.get("media_url"), jsonvalues.text(media.get("alt_text"))
    enclosures = []
    if kind == "VIDEO":
        enclosures.append(beside.film(_https(url), alt))
    elif kind == "AUDIO":
        enclosures.append(beside.sound(_https(url), alt))
    if gif := _https(media.get("gif_url")):
        enclosures.append(beside.film(gif))
    if link := _https(media.get("link_attachment_url")):
        enclosures.append(beside.link(link))
    if poll := jsonvalues.table(media.get("poll_attachment")):
        options = [jsonvalues.text(poll.get(f"option_{letter}")) for letter in "abcd"]
        enclosures.append(beside.poll([option for option in options if option]))
    files = picture(url, alt) if kind in ("IMAGE", "CAROUSEL_ALBUM") else []
    return files, enclosures
