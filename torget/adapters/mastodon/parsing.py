"""What the account's envelopes mean: posts that mention us, their edits and deletions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from torget.adapters.mastodon import rest
from torget.channels import beside
from torget.channels.contract import (
    AccountSnapshot,
    Author,
    File,
    InboundMessage,
    NetworkEvent,
    RawItem,
    SendError,
    Unparseable,
)
from torget.protocols import clocks, jsonvalues, languages
from torget.protocols.plaintext import one_line

PUBLIC = frozenset({"public", "unlisted"})
SPEAKING = frozenset({"mention", "status", "update", "quote"})
MOST_FILES = 10


def parse(
    item: RawItem, account: AccountSnapshot, received_at: datetime
) -> list[InboundMessage | NetworkEvent]:
    """The message or event of one envelope.

    Raises:
        Unparseable: the bytes are not what we stored, or not what the documentation says.
    """
    try:
        value = jsonvalues.load(item.body)
        what, here = value["what"], rest.host(account)
        if what == "notification":
            notification = value["notification"]
            kind = jsonvalues.text(notification["type"])
            if kind not in SPEAKING or notification.get("status") is None:
                return [NetworkEvent("network", data={"type": one_line(kind, 40)})]
            change = "edit" if kind == "update" else "new"
            return [
                _message(notification["status"], here, received_at, change, value.get("ancestors"))
            ]
        if what == "edit":
            return [_message(value["status"], here, received_at, "edit")]
        if what == "gone":
            return [_gone(value, here, received_at)]
    except SendError as fault:  # an account without a server
        raise Unparseable(str(fault)) from fault
    raise Unparseable("Not a Mastodon event we store.")


def text(value: Any) -> str:
    """A text, or "" for none."""
    return jsonvalues.text(value)


def name_of(status_id: Any, here: str) -> str:
    """Our name for a post: its number means something on its own server only."""
    number = jsonvalues.key(status_id, 100)
    if not number:
        raise ValueError("a post without a number")
    return f"mastodon:{here}:{number}"


def number_of(name: str) -> str:
    """The server's own number in our name for a post; "" when it is none."""
    return name.rsplit(":", 1)[1] if name.startswith("mastodon:") else ""


def handle_of(account: Mapping[str, Any], here: str) -> str:
    """Who it is everywhere: name@server. Accounts of the same server are named without it there."""
    acct = one_line(text(account["acct"]), 300).lower()
    if not acct:
        raise ValueError("an account without a name")
    return acct if "@" in acct else f"{acct}@{here}"


def _author(account: Mapping[str, Any], here: str) -> Author:
    handle = handle_of(account, here)
    url = text(account.get("url"))
    return Author(
        external_id=handle[:320],
        name=one_line(text(account.get("display_name")), 120) or handle.split("@")[0][:120],
        handle=f"@{handle}",
        url=url[:500] if url.startswith("https://") and url.isprintable() else "",
    )


def words_of(status: Mapping[str, Any]) -> str:
    """What a post says in words; a content warning stands first, as people see it first."""
    warning = one_line(text(status.get("spoiler_text")), 500)
    base = jsonvalues.address(status.get("url")) or jsonvalues.address(status.get("uri"))
    words = beside.of_html(text(status.get("content")), base)
    # Pleroma's and its kin's own names for the same.
    if not words:
        words = beside.of_source(
            text(jsonvalues.within(status, "pleroma", "content", "text/plain"))
        )
    return f"[{warning}]\n\n{words}".strip() if warning else words


def body_of(status: Mapping[str, Any]) -> str:
    """What a post says, and under it what else it shows."""
    return beside.join(words_of(status), _enclosures(status))


def says_the_same(status: Mapping[str, Any], body: str) -> bool:
    """Whether the words are those we hold. The server adds link cards later, which is no edit."""
    return body == body_of(status) or beside.has_the_words(body, words_of(status))


def _enclosures(status: Mapping[str, Any]) -> list[beside.Enclosure]:
    enclosures = []
    if options := jsonvalues.tables(jsonvalues.within(status, "poll", "options")):
        poll = jsonvalues.table(status.get("poll"))
        enclosures.append(
            beside.poll(
                [text(option.get("title")) for option in options],
                several=poll.get("multiple") is True,
                ends_at=clocks.when(poll.get("expires_at")),
            )
        )
    enclosures += [_told(media) for media in _media(status) if not _is_picture(media)]
    enclosures += [_told(media) for media in list(filter(_is_picture, _media(status)))[MOST_FILES:]]
    card = jsonvalues.table(status.get("card"))
    if url := jsonvalues.address(card.get("url")):
        enclosures.append(beside.link(url, text(card.get("title")), text(card.get("description"))))
    return enclosures + _quoted(status)


def _quoted(status: Mapping[str, Any]) -> list[beside.Enclosure]:
    """Mastodon 4.5 tells the post in `quote`, others in `quote` or `pleroma.quote` themselves."""
    addresses = []
    for quoted in (status.get("quote"), jsonvalues.within(status, "pleroma", "quote")):
        post = jsonvalues.table(jsonvalues.table(quoted).get("quoted_status") or quoted)
        url = jsonvalues.address(post.get("url")) or jsonvalues.address(post.get("uri"))
        words = beside.of_html(text(post.get("content")), url)
        acct = text(jsonvalues.within(post, "account", "acct"))
        if url or words:
            addresses.append(beside.quote(url, f"@{acct}" if acct else "", words))
    return addresses


def _media(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return jsonvalues.tables(status.get("media_attachments"))


def _source(media: Mapping[str, Any]) -> str:
    """Where it is; one the server has not fetched is only at its origin."""
    names = ("url", "remote_url", "preview_url")
    return next((url for name in names if (url := jsonvalues.address(media.get(name)))), "")


def _is_picture(media: Mapping[str, Any]) -> bool:
    return text(media.get("type")) == "image" and bool(_source(media))


def _told(media: Mapping[str, Any]) -> beside.Enclosure:
    return beside.kept_out(text(media.get("type")), _source(media), text(media.get("description")))


def _message(
    status: Mapping[str, Any], here: str, received_at: datetime, kind: Any, above: Any = None
) -> InboundMessage:
    answers = [status.get("in_reply_to_id"), *jsonvalues.many(above)]
    return InboundMessage(
        external_id=name_of(status["id"], here),
        author=_author(status["account"], here),
        body=body_of(status),
        occurred_at=clocks.when(status.get("created_at")) or received_at,
        kind=kind,
        visibility="public" if text(status.get("visibility")) in PUBLIC else "private",
        parents=list(
            dict.fromkeys(name_of(number, here) for number in answers if jsonvalues.key(number))
        ),
        language=languages.code(status.get("language")),
        url=jsonvalues.address(status.get("url"), secure=True)[:500],
        changed_at=(clocks.when(status.get("edited_at")) or received_at)
        if kind == "edit"
        else None,
        attachments=_files(status),
        whole=kind == "edit",
    )


def _files(status: Mapping[str, Any]) -> Sequence[File]:
    return [
        File(
            "bilde",
            "image/jpeg",
            b"",
            one_line(text(media.get("description")), 2000),
            _source(media),
        )
        for media in filter(_is_picture, _media(status))
    ][:MOST_FILES]


def _gone(value: Mapping[str, Any], here: str, received_at: datetime) -> InboundMessage:
    at = clocks.when(value["seen_at"]) or received_at
    author = Author(jsonvalues.needed(value["author"], "its author", 320))
    return InboundMessage(name_of(value["id"], here), author, "", at, kind="delete", changed_at=at)
