"""What the account's envelopes mean: posts that mention us, their edits and deletions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from torget.adapters.mastodon import rest
from torget.channels.contract import (
    AccountFacts,
    Author,
    File,
    Item,
    Notice,
    SendError,
    Unparseable,
    Utterance,
)
from torget.protocols.plaintext import one_line
from torget.protocols.posthtml import to_text

PUBLIC = frozenset({"public", "unlisted"})
SPEAKING = frozenset({"mention", "status", "update", "quote"})


def parse(item: Item, account: AccountFacts, received_at: datetime) -> list[Utterance | Notice]:
    """The utterance or notice of one envelope.

    Raises:
        Unparseable: the bytes are not what we stored, or not what the documentation says.
    """
    try:
        held = json.loads(item.body)
        what, here = held["what"], rest.host(account)
        if what == "notification":
            told = held["notification"]
            if text(told["type"]) not in SPEAKING:
                return [Notice("network", data={"type": one_line(told["type"], 40)})]
            kind = "edit" if told["type"] == "update" else "new"
            return [_utterance(told["status"], here, received_at, kind, held.get("ancestors"))]
        if what == "edit":
            return [_utterance(held["status"], here, received_at, "edit")]
        if what == "gone":
            return [_gone(held, here, received_at)]
    except (
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
        OverflowError,
        SendError,
    ) as fault:
        raise Unparseable(f"Not a Mastodon event: {type(fault).__name__}: {fault}") from fault
    raise Unparseable("Not a Mastodon event we store.")


def text(value: Any) -> str:
    """A text, or "" for none.

    Raises:
        TypeError: something else.
    """
    if value is not None and not isinstance(value, str):
        raise TypeError("a text that is no text")
    return value or ""


def name_of(status_id: Any, here: str) -> str:
    """Our name for a post: its number means something on its own server only."""
    number = one_line(text(status_id), 100)
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


def body_of(status: Mapping[str, Any]) -> str:
    """What a post says; a content warning stands first, as people see it first."""
    warning = one_line(text(status.get("spoiler_text")), 500)
    said = to_text(text(status["content"]))
    return f"[{warning}]\n\n{said}".strip() if warning else said


def _utterance(
    status: Mapping[str, Any], here: str, received_at: datetime, kind: Any, above: Any = None
) -> Utterance:
    answers = [status.get("in_reply_to_id"), *(above if isinstance(above, list) else [])]
    url = text(status.get("url"))
    edited = _time(status.get("edited_at"), None)
    return Utterance(
        external_id=name_of(status["id"], here),
        author=_author(status["account"], here),
        body=body_of(status),
        occurred_at=_time(status.get("created_at"), received_at) or received_at,
        kind=kind,
        visibility="public" if text(status["visibility"]) in PUBLIC else "private",
        parents=list(dict.fromkeys(name_of(one, here) for one in answers if one)),
        language=one_line(text(status.get("language")).split("-")[0], 2),
        url=url[:500] if url.startswith("https://") and url.isprintable() else "",
        changed_at=(edited or received_at) if kind == "edit" else None,
        attachments=_files(status.get("media_attachments")),
        whole=kind == "edit",
    )


def _files(media: Any) -> Sequence[File]:
    found = []
    for one in media if isinstance(media, list) else []:
        url = one.get("url") if isinstance(one, dict) else None
        if (
            isinstance(url, str)
            and url.startswith(("https://", "http://"))
            and one.get("type") == "image"
        ):
            alt = one_line(text(one.get("description")), 2000)
            found.append(File("bilde", "image/jpeg", b"", alt, url[:2000]))
    return found[:10]


def _gone(held: Mapping[str, Any], here: str, received_at: datetime) -> Utterance:
    at = _time(held["seen_at"], received_at) or received_at
    author = Author(one_line(text(held["author"]), 320))
    return Utterance(name_of(held["id"], here), author, "", at, kind="delete", changed_at=at)


def _time(value: Any, otherwise: datetime | None) -> datetime | None:
    if not isinstance(value, str):
        return otherwise
    try:
        at = datetime.fromisoformat(value.replace("Z", "+00:00"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return otherwise
