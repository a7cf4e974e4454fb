"""Activities → messages and news. Pure: who the actor is called stands in the envelope's headers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from torget.adapters.activitypub import named
from torget.adapters.activitypub import ours as our
from torget.adapters.activitypub.ours import Ours
from torget.channels import beside, piecewise
from torget.channels.contract import (
    AccountSnapshot,
    Author,
    File,
    InboundMessage,
    NetworkEvent,
    RawItem,
    Unparseable,
)
from torget.protocols.activitypub import Activity, Malformed, NoteSaid, notes, reading
from torget.protocols.plaintext import one_line

Parsed = Sequence[InboundMessage | NetworkEvent]
MOST_OBJECTS = 100  # of one activity
MOST_FILES = 16  # of one note that are fetched
NEWS = frozenset(
    {"Follow", "Undo", "Like", "Announce", "Move", "Block", "Flag", "Accept", "Reject"}
)


def parse(item: RawItem, account: AccountSnapshot, *, received_at: datetime) -> Parsed:
    """What an envelope says to this account; nothing when it is not for it.

    Raises:
        Unparseable: no activity, or somebody speaks for somebody else.
    """
    mine = our.of(account)
    try:
        said = reading.activity(reading.load(item.body))
        if said.type in NEWS:
            return [_news(one) for one in _one_by_one(said)]
        act = _ACTS.get(said.type)
        return act(said, mine, item, received_at) if act else []
    except Malformed as fault:
        raise Unparseable(f"Not an activity we understand: {fault}") from fault


def _one_by_one(said: Activity) -> list[Activity]:
    """An activity on several objects as several; a Flag stays one: its objects belong together."""
    members = [*said.bodies, *said.named]
    if len(members) < 2 or said.type == "Flag":
        return [said]
    return [
        replace(
            said,
            object=one if isinstance(one, Mapping) else {},
            object_id=reading.id_of(one),
            object_type=reading.type_of(one) if isinstance(one, Mapping) else "",
        )
        for one in members[:MOST_OBJECTS]
    ]


def _each(said: Activity, item: RawItem, read: Callable[[Mapping[str, Any]], Parsed]) -> Parsed:
    """What all the documents of an activity say: those in it, and those it names, where they could be fetched.

    Raises:
        Malformed: there is none.
        Unparseable: none of them can be read.
    """
    fetched = named.documents(item.headers)
    if not said.bodies and not said.named:
        raise Malformed("What was said is not with it.")

    def one(piece: Any) -> Parsed:
        document = fetched.get(piece) if isinstance(piece, str) else piece
        try:
            if document is None:
                raise Malformed("What was said is not with it.")
            return read(document)
        except Malformed as fault:
            raise Unparseable(f"Not an activity we understand: {fault}") from fault

    members: list[Any] = [*said.bodies, *said.named][:MOST_OBJECTS]
    return piecewise.each(members, one, why="Not an activity we understand.")


def _news(said: Activity) -> NetworkEvent:
    """News for the channel itself; `network_events` knows what to do."""
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
    return NetworkEvent("network", of=said.object_id, data=data)


def _author(said: Activity, item: RawItem) -> Author:
    return Author(
        said.actor,
        item.headers.get("actor-name", ""),
        "signature",
        item.headers.get("actor-handle", ""),
        item.headers.get("actor-page", ""),
        vouched_by=reading.host_of(said.actor),
    )


def _own_note(said: Activity, held: Mapping[str, Any]) -> NoteSaid:
    note = notes.note(held, said.whole)
    # Who wrote it need not stand in it; that it stands on their server then tells.
    wrote = said.actor in note.authors or not note.authors
    if not wrote or reading.host_of(note.id) != reading.host_of(said.actor):
        raise Malformed("Somebody speaks for somebody else.")
    return note


def _is_for(said: Activity, note: NoteSaid, mine: Ours) -> bool:
    addressed = {*said.addressed, *note.addressed, *note.mentions}
    by_name = {mine.handle.lower(), mine.handle[1:].lower()} & {
        one.lower() for one in note.mentioned
    }
    return mine.actor in addressed or bool(by_name) or any(map(mine.is_ours, note.answers))


def _create(said: Activity, mine: Ours, item: RawItem, received_at: datetime) -> Parsed:
    return _each(said, item, lambda held: _created(said, held, mine, item, received_at))


def _created(
    said: Activity, held: Mapping[str, Any], mine: Ours, item: RawItem, received_at: datetime
) -> Parsed:
    note = _own_note(said, held)
    if not _is_for(said, note, mine):
        return []
    ours = next(filter(mine.is_ours, note.answers), "")
    if note.is_vote:
        data = {"what": "Vote", "actor": said.actor, "id": note.id, "object": ours, "option": note.name}  # fmt: skip
        return [NetworkEvent("network", of=ours, data=data)]
    told: list[InboundMessage | NetworkEvent] = [_message(said, note, mine, item, received_at)]
    if note.is_public and ours:
        data = {"what": "Reply", "actor": said.actor, "id": note.id, "object": ours}
        if item.headers.get("silenced"):
            data["hidden"] = "1"
        told.append(NetworkEvent("network", of=ours, data=data))
    return told


def _message(
    said: Activity, note: NoteSaid, mine: Ours, item: RawItem, received_at: datetime
) -> InboundMessage:
    return InboundMessage(
        external_id=note.id,
        author=_author(said, item),
        body=_body(note, mine),
        occurred_at=note.published or said.published or received_at,
        subject=note.name or note.summary,
        visibility="public" if note.is_public else "private",
        parents=note.answers,
        language=note.language,
        url=note.url if note.url.startswith("https://") else "",
        held=bool(item.headers.get("silenced")),
        attachments=[
            File(_file_name(one.url), one.media_type, b"", one.alt, one.url)
            for one in note.attachments
            if one.kind == "file"
        ][:MOST_FILES],
        warning=(note.summary if _warns(note) else "")
        or (_("Merket som følsomt innhold") if note.sensitive else ""),
    )


def _file_name(url: str) -> str:
    return one_line(unquote(urlsplit(url).path.rpartition("/")[2]), 120) or "vedlegg"


def _body(note: NoteSaid, mine: Ours) -> str:
    """The words without names of ours before them; under them what else the note shows."""
    here = f"{mine.origin}/ap/"
    also = [one.removeprefix(here) for one in note.mentions if one.startswith(here)]
    names = "|".join(re.escape(name) for name in {mine.username, *also})
    host = re.escape(mine.host)
    text = beside.of_content(note.content, note.media_type, base=note.url or note.id)
    text = re.sub(rf"^\s*(@({names})(@{host})?\s+)+", "", text, flags=re.IGNORECASE).strip()
    # What stands above the text and is shown nowhere else: an article's summary, the title of an answer.
    above = [note.name] if note.in_reply_to else []
    if not _warns(note):
        above.append(note.summary)
    told = [one for one in above if one and one not in text]
    return beside.join("\n\n".join([*told, *([text] if text else [])]), _enclosures(note))


def _warns(note: NoteSaid) -> bool:
    """Whether its summary is a content warning; an article's is what it is about."""
    return note.sensitive or note.type in ("Note", "Question", "ChatMessage")


def _enclosures(note: NoteSaid) -> list[beside.Enclosure]:
    """Everything beside the words of a note."""
    found = []
    if note.poll:
        options = [name for name, _votes in note.poll.options]
        found.append(beside.poll(options, several=note.poll.multiple, ends_at=note.poll.ends_at, closed=note.poll.closed))  # fmt: skip
    if note.starts_at:
        found.append(beside.at_time(note.starts_at, note.ends_at))
    found += [beside.place(one.name, one.address, one.where) for one in note.places]
    kinds: Mapping[str, Callable[[str, str], beside.Enclosure]]
    kinds = {"film": beside.film, "sound": beside.sound, "link": beside.link}
    files = [one for one in note.attachments if one.kind == "file"][MOST_FILES:]
    found += [kinds[one.kind](one.url, one.alt) for one in note.attachments if one.kind in kinds]
    files += [one for one in note.attachments if one.kind == "lost"]
    found += [beside.kept_out(one.media_type, one.url, one.alt) for one in files]
    facts = [one for one in note.attachments if one.kind == "fact"]
    found += [beside.fact(one.alt, one.description) for one in facts]
    if note.type in ("Video", "Audio") and note.url:
        found.append(beside.link(note.url))
    return found + [beside.quote(url) for url in note.quotes]


def _update(said: Activity, mine: Ours, item: RawItem, received_at: datetime) -> Parsed:
    if said.object_type in reading.ACTORS or said.object_id == said.actor:
        return [NetworkEvent("network", data={"what": "Update", "actor": said.actor})]
    return _each(said, item, lambda held: _updated(said, held, mine, item, received_at))


def _updated(
    said: Activity, held: Mapping[str, Any], mine: Ours, item: RawItem, received_at: datetime
) -> Parsed:
    note = _own_note(said, held)
    if not _is_for(said, note, mine):
        return []
    # A poll's counts change by Update as well: only one that says when it was edited is an edit.
    if note.poll and not note.updated:
        return []
    made = _message(said, note, mine, item, received_at)
    changed_at = note.updated or said.published or received_at
    return [replace(made, kind="edit", changed_at=changed_at, whole=True)]


def _delete(said: Activity, mine: Ours, item: RawItem, received_at: datetime) -> Parsed:
    """Everything it takes back; a tombstone that does not say whose it is takes back nothing."""

    def gone(uri: str) -> Sequence[InboundMessage | NetworkEvent]:
        if reading.host_of(uri) != reading.host_of(said.actor):
            raise Unparseable("Somebody takes back what somebody else said.")
        if uri == said.actor:
            return [NetworkEvent("network", data={"what": "Gone", "actor": said.actor})]
        return _taken_back(said, uri, item, received_at)

    objects = list(dict.fromkeys(said.objects))[:MOST_OBJECTS]
    return piecewise.each(objects, gone, why="Somebody takes back what somebody else said.")


def _taken_back(said: Activity, uri: str, item: RawItem, received_at: datetime) -> Parsed:
    data = {"what": "Unsaid", "actor": said.actor, "object": uri}
    return [
        InboundMessage(
            external_id=uri,
            author=_author(said, item),
            body="",
            occurred_at=said.published or received_at,
            kind="delete",
            visibility="public",
        ),
        NetworkEvent("network", of=uri, data=data),
    ]


_ACTS: Mapping[str, Callable[[Activity, Ours, RawItem, datetime], Parsed]] = {
    "Create": _create,
    "Update": _update,
    "Delete": _delete,
}
