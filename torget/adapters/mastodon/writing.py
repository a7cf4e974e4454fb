"""What we do on a Mastodon server: answer, post, correct, take back; each with a key of ours."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import regex  # type: ignore[import-untyped]  # the package ships no types
from django.utils import timezone

from torget.adapters.mastodon import parsing, rest
from torget.adapters.mastodon.reading import status_of
from torget.adapters.mastodon.rest import Limits, call
from torget.channels import pictures
from torget.channels.contract import (
    AccountAccess,
    AccountSnapshot,
    File,
    Outgoing,
    Receipt,
    SendError,
)
from torget.outbox.receipts import is_claimed
from torget.protocols import clocks, threads
from torget.protocols.plaintext import graphemes

PROCESSING_SECONDS = 8.0
CANDIDATES = 10
LOOK_BACK = timedelta(days=2)
_URL = regex.compile(r"https?://\S+", regex.IGNORECASE)
_REMOTE = regex.compile(r"(?<![\w/])@([\w.-]+)@[\w.-]+\w")
_ADDRESSED = re.compile(r"\A(?:@[\w.-]+(?:@[\w.-]+)?\s+)+")
_PART = re.compile(r" \((\d+)/(\d+)\)\Z")


@dataclass(frozen=True, slots=True)
class Saying:
    """What is to be said: the parts, to whom it answers, who may see it."""

    parts: Sequence[str]
    answers: str
    visibility: str


def length(text: str, limits: Limits) -> int:
    """Characters as the server counts them: every address is one length, of a mention only the name counts."""
    shorter = _REMOTE.sub(r"@\1", _URL.sub("x" * limits.url_characters, text))
    return len(graphemes(shorter))


def parts(text: str, before: str, limits: Limits) -> list[str]:
    """The text in posts the server takes, each beginning with whom it speaks to."""
    return threads.parts(
        text, limits.characters, lambda piece: length(piece, limits), before=before
    )


def path(number: str, more: str = "") -> str:
    """The address of a post."""
    return f"/api/v1/statuses/{quote(number, safe='')}{more}"


# Posting ---------------------------------------------------------------------------------------


def saying(out: Outgoing, account: AccountAccess, text: str) -> Saying:
    """Prepare it: an answer names whom it speaks to, or nobody is told, and no more people see it than what it answers.

    Raises:
        SendError: what it answers is gone, or the text is too long even for a thread.
    """
    limits = rest.limits(account)
    before, answers, seen = "", "", "public"
    if out.act == "say":
        answers = parsing.number_of(out.parent)
        parent = status_of(account, answers) if answers else None
        if answers and parent is None and out.visibility == "public":
            raise SendError("The post to answer is not there any more.", permanent=True)
        answers = answers if parent else ""
        before = f"@{_addressed(out, account, parent)} "
        seen = str((parent or {}).get("visibility") or "public")
    text_parts = parts(text, before, limits)
    if not threads.whole(text_parts):
        raise SendError("The text is too long even for a thread.", permanent=True)
    return Saying(
        text_parts, answers, "direct" if out.visibility == "private" and out.act == "say" else seen
    )


def _addressed(out: Outgoing, account: AccountAccess, parent: Mapping[str, Any] | None) -> str:
    author = (parent or {}).get("account")
    if isinstance(author, dict):
        return named(parsing.handle_of(author, rest.host(account)), account)
    if "@" not in out.recipient:
        raise SendError("There is nobody to write to.", permanent=True)
    return named(out.recipient, account)


def named(handle: str, account: AccountSnapshot) -> str:
    """How somebody is addressed there: those on the same server without its name."""
    return handle.lstrip("@").removesuffix(f"@{rest.host(account)}")


def post(out: Outgoing, account: AccountAccess, text: str) -> Receipt:
    """An answer or a post of our own; a long one becomes a thread. The same key within the hour is the same post there.

    Raises:
        SendError: classified; a look-up settles what is ambiguous.
    """
    saying_ = saying(out, account, text)
    media = _uploaded(out.attachments, account)
    answers, first = saying_.answers, Receipt("")
    for number, part in enumerate(saying_.parts):
        payload = _status(out, part, saying_.visibility, answers, media if number == 0 else [])
        key = out.idempotency_key if number == 0 else f"{out.idempotency_key}-{number + 1}"
        made = call(account, "POST", "/api/v1/statuses", payload=payload, key=key, writes=True)
        answers = _id(made)
        first = first if number else _receipt(made, account)
    return first


def _id(made: Any) -> str:
    if not isinstance(made, dict) or not made.get("id"):
        raise SendError("The server did not say what it made.", ambiguous=True)
    return str(made["id"])


def _receipt(made: Any, account: AccountAccess, detail: str = "") -> Receipt:
    name = parsing.name_of(_id(made), rest.host(account))
    url = str(made.get("url") or "")
    return Receipt(name, detail, url if url.startswith("https://") else "")


def _status(
    out: Outgoing, text: str, visibility: str, answers: str, media: Sequence[str]
) -> dict[str, Any]:
    payload: dict[str, Any] = {"status": text, "visibility": visibility, "language": out.language}
    if answers:
        payload["in_reply_to_id"] = answers
    if media:
        payload["media_ids"] = list(media)
    if out.warning:
        payload |= {"spoiler_text": out.warning, "sensitive": True}
    return payload


def _uploaded(attachments: Sequence[File], account: AccountAccess) -> list[str]:
    """Upload pictures; what no post takes into use the server throws away."""
    limits = rest.limits(account)
    media_ids = []
    images = [file for file in attachments if file.media_type.startswith("image/")]
    for file in images[: limits.pictures]:
        content, media_type, _w, _h = pictures.fitting(file.content, limits.picture_bytes)
        sent = {"file": replace(file, content=content, media_type=media_type)}
        fields = {"description": file.alt[:1500]} if file.alt else {}
        made = call(account, "POST", "/api/v2/media", payload=fields, files=sent)
        _wait_for(str(made.get("id")), made, account)
        media_ids.append(str(made.get("id")))
    return media_ids


def _wait_for(media_id: str, made: Mapping[str, Any], account: AccountAccess) -> None:
    """Wait until the server is ready with a picture: until then it has no address, and no post takes it."""
    until = time.monotonic() + PROCESSING_SECONDS
    while not made.get("url"):
        if time.monotonic() > until:
            raise SendError("The server is still working on a picture.", retry_after_seconds=30)
        time.sleep(0.5)
        made = call(account, "GET", f"/api/v1/media/{quote(media_id, safe='')}")


# Correcting and taking back --------------------------------------------------------------------


def edit(out: Outgoing, account: AccountAccess, text: str) -> Receipt:
    """Correct a post of ours: whom it speaks to and its pictures stay.

    Raises:
        SendError: it is gone, or it is or would become a thread: then it must be taken back and written anew.
    """
    number = _number(out)
    status = status_of(account, number)
    if status is None:
        raise SendError("The post to correct is not there any more.", permanent=True)
    corrected = _corrected(number, account, text)
    media = [str(media.get("id")) for media in status.get("media_attachments") or []]
    payload: dict[str, Any] = {"status": corrected, "media_ids": media, "language": out.language}
    warning = out.warning or str(status.get("spoiler_text") or "")
    if warning:
        payload |= {"spoiler_text": warning, "sensitive": True}
    made = call(account, "PUT", path(number), payload=payload, writes=True)
    return _receipt(made, account)


def _corrected(number: str, account: AccountAccess, text: str) -> str:
    before = _ADDRESSED.match(source(account, number))
    text_parts = parts(text, before.group() if before else "", rest.limits(account))
    if len(text_parts) > 1 or continued(account, number):
        raise SendError(
            "A thread cannot be corrected: take it back and write it anew.", permanent=True
        )
    return text_parts[0]


def source(account: AccountAccess, number: str) -> str:
    """The text of a post of ours as we wrote it.

    Raises:
        SendError: the server cannot be asked, or the post is gone.
    """
    answer = call(account, "GET", path(number, "/source"))
    return str(answer.get("text") or "") if isinstance(answer, dict) else ""


def continued(account: AccountAccess, number: str) -> list[str]:
    """The posts in which a thread of ours goes on, in order: our own answers to it, marked "(2/3)" and so on.

    Raises:
        SendError: the server cannot be asked.
    """
    own = own_id(account)
    try:
        context = call(account, "GET", path(number, "/context"))
    except SendError as fault:
        if fault.status in {404, 410}:
            return []
        raise
    numbers, last = [], number
    for status in (context.get("descendants") if isinstance(context, dict) else None) or []:
        ours = str((status.get("account") or {}).get("id")) == own
        if (
            ours
            and str(status.get("in_reply_to_id")) == last
            and _PART.search(parsing.body_of(status))
        ):
            last = str(status.get("id"))
            numbers.append(last)
    return numbers


def own_id(account: AccountAccess) -> str:
    """The server's number of our account.

    Raises:
        SendError: the token is not taken.
    """
    answer = call(account, "GET", "/api/v1/accounts/verify_credentials")
    return str(answer.get("id")) if isinstance(answer, dict) else ""


def _number(out: Outgoing) -> str:
    number = parsing.number_of(out.target)
    if not number:
        raise SendError("Not a post there.", permanent=True)
    return number


def withdraw(out: Outgoing, account: AccountAccess) -> Receipt:
    """Delete our post and what it was continued in. Deleting what is gone already is no fault.

    Raises:
        SendError: classified.
    """
    number = _number(out)
    for part_number in [*reversed(continued(account, number)), number]:
        try:
            call(account, "DELETE", path(part_number), writes=True)
        except SendError as fault:
            if fault.status not in {404, 410}:
                raise
    return Receipt(out.target)


# Looking ---------------------------------------------------------------------------------------


def look_for_post(out: Outgoing, account: AccountAccess, text: str) -> Receipt | None:
    """The post, found by its very words and by what it answers, among our newest forty.

    None when some part of it is missing; sending again then repeats, within the hour, only that part.

    Raises:
        SendError: it cannot be told.
    """
    saying_ = saying(out, account, text)
    newest = _newest(account)
    answers, first = saying_.answers, None
    for part in saying_.parts:
        status = _match(part, answers, newest, account)
        if status is None:
            return None
        answers = str(status.get("id"))
        first = first or status
    return _receipt(first, account, "Looked up.")


def _newest(account: AccountAccess) -> list[dict[str, Any]]:
    query = [("limit", "40"), ("exclude_reblogs", "true")]
    answer = call(account, "GET", f"/api/v1/accounts/{own_id(account)}/statuses", query=query)
    return (
        [row for row in answer if isinstance(row, dict) and not _old(row.get("created_at"))]
        if isinstance(answer, list)
        else []
    )


def _match(
    part: str, answers: str, statuses: Sequence[dict[str, Any]], account: AccountAccess
) -> dict[str, Any] | None:
    same = [row for row in statuses if str(row.get("in_reply_to_id") or "") == answers]
    for status in same[:CANDIDATES]:
        if source(account, str(status.get("id"))).strip() != part.strip():
            continue
        name = parsing.name_of(status.get("id"), rest.host(account))
        # The same words said twice are two posts: one that another delivery claims is not this one.
        if not is_claimed(account.id, name):
            return status
    return None


def _old(created_at: Any) -> bool:
    at = clocks.when(created_at)
    return at is not None and at < timezone.now() - LOOK_BACK


def look_for_edit(out: Outgoing, account: AccountAccess, text: str) -> Receipt | None:
    """Whether our post says so now."""
    number = _number(out)
    status = status_of(account, number)
    if status is None:
        raise SendError("The post to correct is not there any more.", permanent=True)
    now = source(account, number)
    return (
        _receipt(status, account, "Looked up.")
        if now == _corrected(number, account, text)
        else None
    )


def look_for_withdrawal(out: Outgoing, account: AccountAccess) -> Receipt | None:
    """Whether our post is gone."""
    return None if status_of(account, _number(out)) else Receipt(out.target, "Looked up.")
