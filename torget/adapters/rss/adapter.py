"""RSS, Atom and JSON Feed as a channel that only listens: entries that name the municipality become conversations."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from torget.channels import beside, http
from torget.channels.base import Base, News
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    Author,
    Capabilities,
    Connected,
    Field,
    Health,
    InboundMessage,
    Polled,
    RawItem,
    SendError,
)
from torget.protocols import clocks, feedreading, jsonvalues
from torget.protocols.feedreading import BadFeed, Entry, Source
from torget.protocols.plaintext import clean, one_line

MOST_HOPS = 3
UNREAD = "unread"  # in an envelope's headers: an item of a feed that is none
MOST_SEEN = 1000
FIRST_SECONDS = 7 * 24 * 3600.0
SHOWN_CHARS = 2000
ACCEPT = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.8"


@dataclass(frozen=True, slots=True)
class Fetched:
    """A feed as it was got; `source` is None when it is as it was."""

    source: Source | None
    url: str
    marks: Mapping[str, str]


class RssAdapter(Base):
    """One feed an account. Settings: docs/channels/rss.md."""

    network = "rss"
    label = gettext_lazy("Nyhetsstrøm (RSS)")
    icon = "mark:rss"
    capabilities = Capabilities(read_public=True, poll_seconds=900.0)
    unreadable = gettext_lazy("Dette er ikke en nyhetssak vi forstår.")
    fields = (
        Field(
            "url",
            gettext_lazy("Adresse"),
            gettext_lazy("Adressen til strømmen (RSS, Atom eller JSON Feed), ikke til nettsiden."),
        ),
        Field(
            "words",
            gettext_lazy("Ord å se etter"),
            gettext_lazy(
                "Med komma mellom, for eksempel Nordvåg kommune, ordføreren. "
                "Bare saker der et av dem står, kommer inn."
            ),
        ),
    )

    def connect(self, account: AccountAccess) -> Connected:
        url = str(account.settings.get("url", "")).strip()
        fetched = fetch(url, {})
        title = fetched.source.title if fetched.source else ""
        kept = {**account.settings, "url": fetched.url}
        return Connected(fetched.url, account.name or title, kept, account.secrets)

    def poll(self, account: AccountAccess, cursor: Mapping[str, Any]) -> Polled:
        fetched = fetch(
            str(account.settings.get("url") or account.address), cursor.get("marks", {})
        )
        if fetched.source is None:
            return Polled(cursor=cursor)
        seen: dict[str, str] = dict(cursor.get("seen", {}))
        first = "seen" not in cursor
        items = []
        for entry in fetched.source.entries:
            if not names(entry, str(account.settings.get("words", ""))):
                continue
            # One that had its id in common with another keeps the id it was given when that other is gone.
            if _digest(entry.id) not in seen and _digest(entry.other_id) in seen:
                entry = replace(entry, id=entry.other_id)
            key, now = _digest(entry.id), _digest(f"{entry.title}\n{entry.text}")
            before = seen.pop(key, None)
            seen[key] = now
            if before != now and not (first and _is_old(entry)):
                items.append(_item(entry, fetched.source, key, now, changed=before is not None))
        items += [_unread(piece) for piece in fetched.source.bad]
        recent = dict(list(seen.items())[-MOST_SEEN:])
        return Polled(items, {"marks": dict(fetched.marks), "seen": recent})

    def read(self, item: RawItem, account: AccountSnapshot, received_at: datetime) -> list[News]:
        if item.headers.get(UNREAD):
            raise ValueError("not an item of a feed")
        return [_message(jsonvalues.load(item.body), account, received_at)]

    def check(self, account: AccountAccess) -> Health:
        try:
            fetched = fetch(str(account.settings.get("url") or account.address), {})
        except SendError as fault:
            return Health(False, str(fault))
        count = len(fetched.source.entries) if fetched.source else 0
        return Health(True, _("Strømmen kan leses, med %(count)s saker.") % {"count": count})

    def profile_url(self, account: AccountSnapshot) -> str:
        return ""  # the feed is somebody else's: it does not stand among our accounts


def fetch(url: str, marks: Mapping[str, str]) -> Fetched:
    """Get a feed if it has changed; redirects are followed, each address checked anew.

    Raises:
        SendError: nobody answers; `account` when there is no feed there any more.
    """
    headers = {"accept": ACCEPT}
    for name, field in (("etag", "if-none-match"), ("last-modified", "if-modified-since")):
        if marks.get(name):
            headers[field] = marks[name]
    for _hop in range(MOST_HOPS + 1):
        answer = _get(url, headers)
        if answer.status not in {301, 302, 303, 307, 308}:
            return _read(answer, url)
        url = urljoin(url, answer.headers.get("location", ""))
    raise SendError(_("Adressen sender oss videre for mange ganger."), account=True)


def _get(url: str, headers: Mapping[str, str]) -> http.Response:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise SendError(_("Skriv en adresse som begynner med https://."), account=True)
    try:
        return http.request("GET", url, headers=headers)
    except http.HttpError as fault:
        raise SendError(str(fault)) from fault


def _read(answer: http.Response, url: str) -> Fetched:
    if answer.status == 304:
        return Fetched(None, url, {})
    if answer.status in {401, 403, 404, 410}:
        raise SendError(
            _("Det er ingen strøm på adressen (HTTP %(status)s).") % {"status": answer.status},
            account=True,
        )
    if answer.status != 200:
        wait = http.seconds_told(answer.headers.get("retry-after", ""))
        raise SendError(f"HTTP {answer.status}", retry_after_seconds=wait)
    try:
        source = feedreading.read(answer.body, url=url, words=beside.of_html)
    except BadFeed as fault:
        raise SendError(
            _("Det som ligger på adressen, er ikke en nyhetsstrøm."), account=True
        ) from fault
    marks = {name: answer.headers.get(name, "")[:500] for name in ("etag", "last-modified")}
    return Fetched(source, url, marks)


def names(entry: Entry, words: str) -> bool:
    """Whether one of the words stands in it, also with an ending ("Nordvågs"); without words everything does."""
    wanted = [re.escape(word.strip().casefold()) for word in words.split(",") if word.strip()]
    text = f"{entry.title}\n{entry.text}\n{entry.more}".casefold()
    return not wanted or re.search(rf"(?<!\w)(?:{'|'.join(wanted)})", text) is not None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def _is_old(entry: Entry) -> bool:
    at = entry.published_at
    return at is not None and time.time() - at.timestamp() > FIRST_SECONDS


def _unread(piece: str) -> RawItem:
    """An item nobody can read: as an envelope it goes to quarantine, where a person sees it."""
    body = piece.encode("utf-8", "replace")
    return RawItem(f"unread:{_digest(piece)}", body, "application/json", {UNREAD: "1"})


def _item(entry: Entry, source: Source, key: str, version: str, *, changed: bool) -> RawItem:
    """An entry as an envelope: a changed one is another."""
    value = {
        "id": entry.id,
        "url": entry.url,
        "title": entry.title,
        "text": entry.text,
        "author": entry.author,
        "published": entry.published_at.isoformat() if entry.published_at else "",
        "changed": changed,
        "source": source.title,
        "home": source.home,
        "files": [list(file) for file in entry.files],
    }
    body = json.dumps(value, ensure_ascii=False).encode()
    return RawItem(f"{key}:{version}", body, "application/json")


def _message(
    value: Mapping[str, Any], account: AccountSnapshot, received_at: datetime
) -> InboundMessage:
    """A piece as a public message of its paper: the title, the beginning, and where to read on."""
    named = jsonvalues.needed(value["id"], "the piece", 420)
    title, url = one_line(_text(value, "title"), 300), _text(value, "url")
    text = clean(_text(value, "text"))
    if len(text) > SHOWN_CHARS:
        text = text[:SHOWN_CHARS].rsplit(" ", 1)[0] + " …"
    body = beside.join(
        "\n\n".join(part for part in (title, text) if part), _files(value.get("files"))
    )
    changed = value.get("changed") is True
    return InboundMessage(
        external_id=named,
        author=Author(
            account.address[:320],
            one_line(_text(value, "source"), 120) or account.name,
            url=jsonvalues.address(value.get("home"), secure=True)[:500],
        ),
        body="\n\n".join(part for part in (body, url) if part),
        occurred_at=clocks.when(value.get("published")) or received_at.astimezone(UTC),
        kind="edit" if changed else "new",
        changed_at=received_at if changed else None,
        subject=title,
        visibility="public",
        url=jsonvalues.address(url, secure=True),
    )


def _files(value: Any) -> list[beside.Enclosure]:
    """Films and sound: media type, address, title."""
    files = [row for row in jsonvalues.many(value) if isinstance(row, list) and len(row) == 3]
    return [beside.kept_out(*map(jsonvalues.text, file)) for file in files]


def _text(value: Mapping[str, Any], name: str) -> str:
    return jsonvalues.text(value.get(name))
