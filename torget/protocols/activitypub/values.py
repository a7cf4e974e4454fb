"""The plain values ActivityPub documents become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


class Malformed(ValueError):  # noqa: N818 - names the verdict
    """Not the document it should be; the text says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class ActorSaid:
    """Somebody's actor document. `keys` are (id, kind of writing "pem" or "multikey", the key)."""

    id: str
    type: str
    username: str
    name: str
    inbox: str
    shared_inbox: str = ""
    followers: str = ""
    url: str = ""
    moved_to: str = ""
    keys: Sequence[tuple[str, str, str]] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """Who is said to do what: all of an activity that is read while nobody has proved to have sent it."""

    type: str
    actor: str
    object_id: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """Somebody does something. `object` is the embedded document, {} when only its id was given."""

    id: str
    type: str
    actor: str
    object_id: str = ""
    object_type: str = ""
    object: Mapping[str, Any] = field(default_factory=dict)
    to: Sequence[str] = ()
    cc: Sequence[str] = ()
    target: str = ""
    content: str = ""
    objects: Sequence[str] = ()  # all ids of a Flag
    published: datetime | None = None
    bodies: Sequence[Mapping[str, Any]] = ()  # every embedded document; `object` is the first
    named: Sequence[str] = ()  # every document that is only named by its address
    whole: Mapping[str, Any] = field(default_factory=dict)  # as it came

    @property
    def addressed(self) -> set[str]:
        """Everybody it is for."""
        return {*self.to, *self.cc}


@dataclass(frozen=True, slots=True)
class Attached:
    """Something with a note: a "file" to keep; "film", "sound", "link" to tell of; "lost" without an address; a "fact"."""

    url: str
    media_type: str
    alt: str = ""
    kind: str = "file"
    description: str = ""


@dataclass(frozen=True, slots=True)
class Poll:
    """A Question: its options with their votes."""

    options: Sequence[tuple[str, int]]
    multiple: bool = False
    ends_at: datetime | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is."""

    name: str = ""
    address: str = ""
    where: str = ""  # coordinates


@dataclass(frozen=True, slots=True)
class NoteSaid:
    """A Note, or something near enough one (Article, Question, Event, Page …). `content` is as its `media_type` says."""

    id: str
    authors: Sequence[str]
    content: str
    media_type: str = ""
    type: str = "Note"
    summary: str = ""
    name: str = ""
    sensitive: bool = False
    published: datetime | None = None
    updated: datetime | None = None
    answers: Sequence[str] = ()  # what it answers
    to: Sequence[str] = ()
    cc: Sequence[str] = ()
    mentions: Sequence[str] = ()
    mentioned: Sequence[str] = ()  # as written: "@nordvaag@square.example.no"
    hashtags: Sequence[str] = ()
    attachments: Sequence[Attached] = ()
    quotes: Sequence[str] = ()
    language: str = ""
    url: str = ""
    poll: Poll | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    places: Sequence[Place] = ()

    @property
    def in_reply_to(self) -> str:
        """The first of what it answers."""
        return self.answers[0] if self.answers else ""

    @property
    def addressed(self) -> set[str]:
        """Everybody it is for."""
        return {*self.to, *self.cc}

    @property
    def is_public(self) -> bool:
        """For everybody, listed or not. A chat message never is."""
        return PUBLIC in self.addressed and self.type != "ChatMessage"

    @property
    def is_vote(self) -> bool:
        """An answer to a poll: a name and nothing said, and nobody called."""
        words = self.content.strip() or self.mentions
        return bool(self.name and self.in_reply_to and not words and self.type == "Note")
