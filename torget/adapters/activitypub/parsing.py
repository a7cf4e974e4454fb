"""Activities → utterances and news. Pure: who the actor is called stands in the envelope's headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from torget.adapters.activitypub import ours as our
from torget.adapters.activitypub.ours import Ours
from torget.channels.contract import (
    AccountFacts,
    Author,
    File,
    Item,
    Notice,
    Unparseable,
    Utterance,
)
from torget.protocols.activitypub import Activity, Malformed, NoteSaid, reading
from torget.protocols.plaintext import one_line

Parsed = Sequence[Utterance | Notice]
NEWS = frozenset(
    {"Follow", "Undo", "Like", "Announce", "Move", "Block", "Flag", "Accept", "Reject"}
)


def parse(item: Item, account: AccountFacts, *, received_at: datetime) -> Parsed:
    """What an envelope says to this account; nothing when it is not for it.

    Raises:
        Unparseable: no activity, or somebody speaks for somebody else.
    """
    mine = our.of(account)
    try:
        said = reading.activity(reading.load(item.body))
        if said.type in NEWS:
            return [_news(said)]
        act = _ACTS.get(said.type)
        return act(said, mine, item, received_at) if act else []
    except Malformed as fault:
        raise Unparseable(f"Not an activity we understand: {fault}") from fault


def _news(said: Activity) -> Notice:
    """News for the channel itself; `heeding` knows what to do."""
    data = {
        "what": said.type,
        "actor": said.actor,
        "id": said.id,
        "object": said.object_id,
        "object_type": said.object_type,
        "of": reading.id_of(said.object.get("object")),
        "objects": list(said.objects),
        "target": said.target,
        "content": said.content,
    }
    return Notice("network", of=said.object_id, data=data)


def _author(said: Activity, item: Item) -> Author:
    return Author(
        said.actor,
        item.headers.get("actor-name", ""),
        "signature",
        item.headers.get("actor-handle", ""),
        item.headers.get("actor-page", ""),
        vouched_by=reading.host_of(said.actor),
    )


def _own_note(said: Activity) -> NoteSaid:
    note = reading.note(said.object)
    if note.author != said.actor or reading.host_of(note.id) != reading.host_of(said.actor):
        raise Malformed("Somebody speaks for somebody else.")
    return note


def _is_for(note: NoteSaid, mine: Ours) -> bool:
    named = {*note.addressed, *note.mentions}
    return mine.actor in named or mine.is_ours(note.in_reply_to)


def _create(said: Activity, mine: Ours, item: Item, received_at: datetime) -> Parsed:
    if not said.object:
        raise Malformed("What was said is not with it.")
    note = _own_note(said)
    if not _is_for(note, mine):
        return []
    if note.is_vote:
        data = {"what": "Vote", "actor": said.actor, "id": note.id, "object": note.in_reply_to, "option": note.name}  # fmt: skip
        return [Notice("network", of=note.in_reply_to, data=data)]
    told: list[Utterance | Notice] = [_utterance(said, note, mine, item, received_at)]
    if note.is_public and mine.is_ours(note.in_reply_to):
        data = {"what": "Reply", "actor": said.actor, "id": note.id, "object": note.in_reply_to}
        if item.headers.get("silenced"):
            data["hidden"] = "1"
        told.append(Notice("network", of=note.in_reply_to, data=data))
    return told


def _utterance(
    said: Activity, note: NoteSaid, mine: Ours, item: Item, received_at: datetime
) -> Utterance:
    return Utterance(
        external_id=note.id,
        author=_author(said, item),
        body=_body(note, mine),
        occurred_at=note.published or said.published or received_at,
        subject=note.name or note.summary,
        visibility="public" if note.is_public else "private",
        parents=[note.in_reply_to] if note.in_reply_to else [],
        language=note.language,
        url=note.url if note.url.startswith("https://") else "",
        held=bool(item.headers.get("silenced")),
        attachments=[
            File(_file_name(one.url), one.media_type, b"", one.alt, one.url)
            for one in note.attachments
        ],
        warning=note.summary or (_("Merket som følsomt innhold") if note.sensitive else ""),
        extra={"hashtags": list(note.hashtags)},
    )


def _file_name(url: str) -> str:
    return one_line(unquote(urlsplit(url).path.rpartition("/")[2]), 120) or "vedlegg"


def _body(note: NoteSaid, mine: Ours) -> str:
    """The words without names of ours before them; a poll's options and an event's time and place after them."""
    here = f"{mine.origin}/ap/"
    also = [one.removeprefix(here) for one in note.mentions if one.startswith(here)]
    names = "|".join(re.escape(name) for name in {mine.username, *also})
    host = re.escape(mine.host)
    text = re.sub(rf"^\s*(@({names})(@{host})?\s+)+", "", note.text, flags=re.IGNORECASE)
    lines = [text.strip()]
    if note.poll:
        lines += [f"• {option}" for option, _votes in note.poll.options]
    if note.starts_at:
        span = [one.isoformat(timespec="minutes") for one in (note.starts_at, note.ends_at) if one]
        lines.append(" – ".join(span))
    lines.append(note.place)
    return "\n".join(line for line in lines if line)


def _update(said: Activity, mine: Ours, item: Item, received_at: datetime) -> Parsed:
    if said.object_type in reading.ACTORS or said.object_id == said.actor:
        return [Notice("network", data={"what": "Update", "actor": said.actor})]
    if not said.object:
        raise Malformed("What it says now is not with it.")
    note = _own_note(said)
    if not _is_for(note, mine):
        return []
    # A poll's counts change by Update as well: only one that says when it was edited is an edit.
    if note.poll and not note.updated:
        return []
    made = _utterance(said, note, mine, item, received_at)
    changed_at = note.updated or said.published or received_at
    return [replace(made, kind="edit", changed_at=changed_at, whole=True)]


def _delete(said: Activity, mine: Ours, item: Item, received_at: datetime) -> Parsed:
    if not said.object_id or reading.host_of(said.object_id) != reading.host_of(said.actor):
        raise Malformed("Somebody takes back what somebody else said.")
    if said.object_id == said.actor:
        return [Notice("network", data={"what": "Gone", "actor": said.actor})]
    data = {"what": "Unsaid", "actor": said.actor, "object": said.object_id}
    return [
        Utterance(
            external_id=said.object_id,
            author=_author(said, item),
            body="",
            occurred_at=said.published or received_at,
            kind="delete",
            visibility="public",
        ),
        Notice("network", of=said.object_id, data=data),
    ]


_ACTS: Mapping[str, Callable[[Activity, Ours, Item, datetime], Parsed]] = {
    "Create": _create,
    "Update": _update,
    "Delete": _delete,
}
