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
        activity = reading.activity(reading.load(item.body))
        if activity.type in NEWS:
            return [_news(single) for single in _one_by_one(activity)]
        act = _ACTS.get(activity.type)
        return act(activity, mine, item, received_at) if act else []
    except Malformed as fault:
        raise Unparseable(f"Not an activity we understand: {fault}") from fault


def _one_by_one(activity: Activity) -> list[Activity]:
    """An activity on several objects as several; a Flag stays one: its objects belong together."""
    members = [*activity.bodies, *activity.named]
    if len(members) < 2 or activity.type == "Flag":
        return [activity]
    return [
        replace(
            activity,
            object=member if isinstance(member, Mapping) else {},
            object_id=reading.id_of(member),
            object_type=reading.type_of(member) if isinstance(member, Mapping) else "",
        )
        for member in members[:MOST_OBJECTS]
    ]


def _each(activity: Activity, item: RawItem, read: Callable[[Mapping[str, Any]], Parsed]) -> Parsed:
    """What all the documents of an activity say: those in it, and those it names, where they could be fetched.

    Raises:
        Malformed: there is none.
        Unparseable: none of them can be read.
    """
    fetched = named.documents(item.headers)
    if not activity.bodies and not activity.named:
        raise Malformed("What was said is not with it.")

    def one(piece: Any) -> Parsed:
        document = fetched.get(piece) if isinstance(piece, str) else piece
        try:
            if document is None:
                raise Malformed("What was said is not with it.")
            return read(document)
        except Malformed as fault:
            raise Unparseable(f"Not an activity we understand: {fault}") from fault

    members: list[Any] = [*activity.bodies, *activity.named][:MOST_OBJECTS]
    return piecewise.each(members, one, why="Not an activity we understand.")


def _news(activity: Activity) -> NetworkEvent:
    """News for the channel itself; `network_events` knows what to do."""
    data = {
        "what": activity.type,
        "actor": activity.actor,
        "id": activity.id,
        "object": activity.object_id,
        "object_type": activity.object_type,
        "of": reading.id_of(activity.object.get("object")),
        "objects": list(activity.objects),
        "target": activity.target,
        "content": activity.content,
    }
    return NetworkEvent("network", of=activity.object_id, data=data)


def _author(activity: Activity, item: RawItem) -> Author:
    return Author(
        activity.actor,
        item.headers.get("actor-name", ""),
        "signature",
        item.headers.get("actor-handle", ""),
        item.headers.get("actor-page", ""),
        vouched_by=reading.host_of(activity.actor),
    )


def _own_note(activity: Activity, document: Mapping[str, Any]) -> NoteSaid:
    note = notes.note(document, activity.whole)
    # Who wrote it need not stand in it; that it stands on their server then tells.
    wrote = activity.actor in note.authors or not note.authors
    if not wrote or reading.host_of(note.id) != reading.host_of(activity.actor):
        raise Malformed("Somebody speaks for somebody else.")
    return note


def _is_for(activity: Activity, note: NoteSaid, mine: Ours) -> bool:
    addressed = {*activity.addressed, *note.addressed, *note.mentions}
    by_name = {mine.handle.lower(), mine.handle[1:].lower()} & {
        name.lower() for name in note.mentioned
    }
    return mine.actor in addressed or bool(by_name) or any(map(mine.is_ours, note.answers))


def _create(activity: Activity, mine: Ours, item: RawItem, received_at: datetime) -> Parsed:
    return _each(
        activity, item, lambda document: _created(activity, document, mine, item, received_at)
    )


def _created(
    activity: Activity,
    document: Mapping[str, Any],
    mine: Ours,
    item: RawItem,
    received_at: datetime,
) -> Parsed:
    note = _own_note(activity, document)
    if not _is_for(activity, note, mine):
        return []
    ours = next(filter(mine.is_ours, note.answers), "")
    if note.is_vote:
        data = {"what": "Vote", "actor": activity.actor, "id": note.id, "object": ours, "option": note.name}  # fmt: skip
        return [NetworkEvent("network", of=ours, data=data)]
    news: list[InboundMessage | NetworkEvent] = [_message(activity, note, mine, item, received_at)]
    if note.is_public and ours:
        data = {"what": "Reply", "actor": activity.actor, "id": note.id, "object": ours}
        if item.headers.get("silenced"):
            data["hidden"] = "1"
        news.append(NetworkEvent("network", of=ours, data=data))
    return news


def _message(
    activity: Activity, note: NoteSaid, mine: Ours, item: RawItem, received_at: datetime
) -> InboundMessage:
    return InboundMessage(
        external_id=note.id,
        author=_author(activity, item),
        body=_body(note, mine),
        occurred_at=note.published or activity.published or received_at,
        subject=note.name or note.summary,
        visibility="public" if note.is_public else "private",
        parents=note.answers,
        language=note.language,
        url=note.url if note.url.startswith("https://") else "",
        pending=bool(item.headers.get("silenced")),
        attachments=[
            File(_file_name(file.url), file.media_type, b"", file.alt, file.url)
            for file in note.attachments
            if file.kind == "file"
        ][:MOST_FILES],
        warning=(note.summary if _warns(note) else "")
        or (_("Merket som følsomt innhold") if note.sensitive else ""),
    )


def _file_name(url: str) -> str:
    return one_line(unquote(urlsplit(url).path.rpartition("/")[2]), 120) or "vedlegg"


def _body(note: NoteSaid, mine: Ours) -> str:
    """The words without names of ours before them; under them what else the note shows."""
    here = f"{mine.origin}/ap/"
    also = [uri.removeprefix(here) for uri in note.mentions if uri.startswith(here)]
    names = "|".join(re.escape(name) for name in {mine.username, *also})
    host = re.escape(mine.host)
    text = beside.of_content(note.content, note.media_type, base=note.url or note.id)
    text = re.sub(rf"^\s*(@({names})(@{host})?\s+)+", "", text, flags=re.IGNORECASE).strip()
    # What stands above the text and is shown nowhere else: an article's summary, the title of an answer.
    above = [note.name] if note.in_reply_to else []
    if not _warns(note):
        above.append(note.summary)
    lines = [line for line in above if line and line not in text]
    return beside.join("\n\n".join([*lines, *([text] if text else [])]), _enclosures(note))


def _warns(note: NoteSaid) -> bool:
    """Whether its summary is a content warning; an article's is what it is about."""
    return note.sensitive or note.type in ("Note", "Question", "ChatMessage")


def _enclosures(note: NoteSaid) -> list[beside.Enclosure]:
    """Everything beside the words of a note."""
    enclosures = []
    if note.poll:
        options = [name for name, _votes in note.poll.options]
        enclosures.append(beside.poll(options, several=note.poll.multiple, ends_at=note.poll.ends_at, closed=note.poll.closed))  # fmt: skip
    if note.starts_at:
        enclosures.append(beside.at_time(note.starts_at, note.ends_at))
    enclosures += [beside.place(place.name, place.address, place.where) for place in note.places]
    kinds: Mapping[str, Callable[[str, str], beside.Enclosure]]
    kinds = {"film": beside.film, "sound": beside.sound, "link": beside.link}
    files = [file for file in note.attachments if file.kind == "file"][MOST_FILES:]
    enclosures += [
        kinds[file.kind](file.url, file.alt) for file in note.attachments if file.kind in kinds
    ]
    files += [file for file in note.attachments if file.kind == "lost"]
    enclosures += [beside.kept_out(file.media_type, file.url, file.alt) for file in files]
    facts = [file for file in note.attachments if file.kind == "fact"]
    enclosures += [beside.fact(fact.alt, fact.description) for fact in facts]
    if note.type in ("Video", "Audio") and note.url:
        enclosures.append(beside.link(note.url))
    return enclosures + [beside.quote(url) for url in note.quotes]


def _update(activity: Activity, mine: Ours, item: RawItem, received_at: datetime) -> Parsed:
    if activity.object_type in reading.ACTORS or activity.object_id == activity.actor:
        return [NetworkEvent("network", data={"what": "Update", "actor": activity.actor})]
    return _each(
        activity, item, lambda document: _updated(activity, document, mine, item, received_at)
    )


def _updated(
    activity: Activity,
    document: Mapping[str, Any],
    mine: Ours,
    item: RawItem,
    received_at: datetime,
) -> Parsed:
    note = _own_note(activity, document)
    if not _is_for(activity, note, mine):
        return []
    # A poll's counts change by Update as well: only one that says when it was edited is an edit.
    if note.poll and not note.updated:
        return []
    made = _message(activity, note, mine, item, received_at)
    changed_at = note.updated or activity.published or received_at
    return [replace(made, kind="edit", changed_at=changed_at, whole=True)]


def _delete(activity: Activity, mine: Ours, item: RawItem, received_at: datetime) -> Parsed:
    """Everything it takes back; a tombstone that does not say whose it is takes back nothing."""

    def gone(uri: str) -> Sequence[InboundMessage | NetworkEvent]:
        if reading.host_of(uri) != reading.host_of(activity.actor):
            raise Unparseable("Somebody takes back what somebody else said.")
        if uri == activity.actor:
            return [NetworkEvent("network", data={"what": "Gone", "actor": activity.actor})]
        return _taken_back(activity, uri, item, received_at)

    objects = list(dict.fromkeys(activity.objects))[:MOST_OBJECTS]
    return piecewise.each(objects, gone, why="Somebody takes back what somebody else said.")


def _taken_back(activity: Activity, uri: str, item: RawItem, received_at: datetime) -> Parsed:
    data = {"what": "Unsaid", "actor": activity.actor, "object": uri}
    return [
        InboundMessage(
            external_id=uri,
            author=_author(activity, item),
            body="",
            occurred_at=activity.published or received_at,
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
