"""What every adapter must be able to do, in plain values: no models cross this seam."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

MOST_WAIT = 7 * 24 * 3600.0  # seconds, whatever a server asks for
# What a delivery does: `say` to one person, `publish` on our page, change what we said, act on what others said there.
Act = Literal["say", "publish", "edit", "withdraw", "hide", "show", "remove"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a network can do; the desk and the outbox ask here instead of asking for the network's name.

    Of adapters that extend `base.Base` what shows in their methods is derived: `reply` from `say`, `look_up` from
    `find`, `polls`, `rereads`, and those named as acts.
    """

    read_public: bool = False
    read_private: bool = False
    reply: bool = False  # answers reach the one who spoke, the way they spoke
    private_reply: bool = False  # who spoke in public can be answered in private
    by_page: bool = False  # answers stand on a page of ours: nothing is sent
    by_sender: bool = False  # private messages of one sender belong together: no subjects (SMS)
    publish: bool = False
    edit: bool = False  # what we said can be corrected there
    withdraw: bool = False  # what we said can be taken away there
    hide: bool = False  # what others said can be hidden (and shown again); `Adapter.hide_means` says what that is
    remove: bool = False  # what others said can be deleted
    pre_moderate: bool = False  # what others say waits until we let it through (`show`)
    attachments: bool = False
    max_pictures: int = 0
    alt_text: bool = False
    warnings: bool = False  # content warnings
    look_up: bool = False  # an unknown outcome can be settled by reading
    finds_only_what_went: bool = (
        False  # `find` proves that something went out, never that it did not
    )
    rereads: bool = (
        False  # it tells us of no deletions: `Adapter.reread` looks again at what we have
    )
    idempotent: bool = False  # the network itself takes the same key only once
    ours: bool = False  # people speak on our own pages, or in a system of ours: what is public is shown on our square
    usual: bool = False  # the ordinary way in, which pages need not name
    letters: bool = False  # whoever has an address may be written to first; case is no matter
    polls: bool = False  # we ask (`Adapter.poll`), every `poll_seconds`
    poll_seconds: float = 30.0
    verify_asks: bool = False  # `verify` may ask the network: it is run beside the event loop
    proof: Literal["", "network"] = ""  # what proves who speaks when the message tells nothing
    deletes_for_others: bool = False  # the network tells that a moderator or itself took words away
    ids_are_shared: bool = False  # an id names the same message at all our accounts there
    max_body_chars: int = 100_000  # in the unit `Adapter.preview` counts in


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """One of our accounts on a network, as an adapter may know it: without what it takes to act as it."""

    id: int
    network: str
    address: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    language: str = field(default="nb", kw_only=True)  # our own words are in it


@dataclass(frozen=True, slots=True)
class AccountAccess(AccountSnapshot):
    """An account with its credentials, decrypted: for asking its network, and for nothing else."""

    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawItem:
    """Something received, before it is understood, byte for byte; `external_id` is the network's own, or made from it."""

    external_id: str
    body: bytes
    media_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Author:
    """Who speaks, as the network knows them. `external_id` is stable there (address, handle id)."""

    external_id: str
    name: str = ""
    verified: str = ""  # what proves this once that it is theirs (`Message.Proof`); empty: see `Capabilities.proof`
    handle: str = ""  # what people read: "@kari@mastodon.example", "+47 900 00 000"
    url: str = ""  # their page there, https only
    vouched_by: str = ""  # whose proof it is: the domain that signed, the server of the account


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as it came; with `url` and no content it is fetched before the message is filed."""

    name: str
    media_type: str
    content: bytes
    alt: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One thing somebody said, edited or took back, out of an envelope.

    `case` is the conversation's key when the message carries ours (plus-address, subject token, secret link);
    `parents` are external ids it answers, nearest first; `folded` is what was cut from the body (quotes, signature).
    """

    external_id: str
    author: Author
    body: str
    occurred_at: datetime
    kind: Literal["new", "edit", "delete"] = "new"
    subject: str = ""
    visibility: Literal["public", "private"] = "private"
    case: str = ""
    parents: Sequence[str] = ()
    folded: str = ""
    language: str = ""
    url: str = ""  # where it can be read there
    pending: bool = False  # it waits there until we let it through (pre-moderation)
    changed_at: datetime | None = None  # of an edit: when; an older one changes nothing
    reply_to: str = ""  # where they asked to be answered, when that is another address than theirs
    copied_to: Sequence[str] = ()  # others it was sent to; none of them ours
    attachments: Sequence[File] = ()
    whole: bool = False  # of an edit: these are all the files it has now
    warning: str = ""  # the content warning its author put before it
    claimed_at: datetime | None = None  # when its sender says, where that is not believed
    remarks: Sequence[tuple[str, Mapping[str, str]]] = ()  # codes of `conversations.remarks`
    reaction: str = ""  # a sign on what we wrote and no words: nobody waits for an answer
    ref_hint: str = ""  # a case number that stands in it; believed of somebody known only
    machine: str = ""  # what kind of machine wrote it ("list", "auto"); empty: a person
    may_answer: bool = True  # an automatic answer may go to its sender
    encrypted: bool = False
    # What our own pages tell: of which network the author is, to which unit, what kind of conversation it opens,
    # whether the name may be shown, and the files that are kept here already.
    identity_network: str = ""
    unit: str = ""
    conversation_kind: str = "question"
    show_name: bool = False
    stored_files: Sequence[Mapping[str, Any]] = ()
    files_lost: bool = False  # one of its files could not be had


@dataclass(frozen=True, slots=True)
class NetworkEvent:
    """News that is not a message: a bounce of something we sent, an automatic reply, our own message coming back.

    `of` is the external id of our message it concerns, or its idempotency key, when known. "network" is news only the
    network itself understands (a new follower): its adapter heeds it, in the transaction that files the envelope.
    "unread" is a piece of the envelope that could not be read (`piecewise`): it is set aside, the rest is filed.
    """

    kind: Literal["bounce", "auto_reply", "own", "receipt", "loop", "network", "unread"]
    of: str = ""
    detail: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


class Unparseable(Exception):  # noqa: N818 - names the envelope's state
    """The bytes cannot be understood; the envelope goes to quarantine with this sentence."""


class BadSignature(Exception):  # noqa: N818 - names the verdict
    """An inbound webhook is not from whom it says."""


class NothingToKeep(Exception):  # noqa: N818 - names the verdict
    """A delivery that can mean nothing to us, whoever sent it: it is answered with thanks and forgotten."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One thing to be sent or done, complete: an adapter needs nothing else.

    `idempotency_key` is ours and unique; the adapter derives the network's own idempotency id from it. `target` is the
    external id of what `edit`, `withdraw`, `hide`, `show` and `remove` act on; `parent` of what an answer answers.
    `link` leads to the whole text on our square, for networks that take less of it.
    """

    idempotency_key: str
    recipient: str
    body: str
    subject: str = ""
    signature: str = ""  # who says so: "Martin, Servicetorget"
    organisation: str = ""  # for whom: "Nordvåg kommune"
    case: str = ""
    case_url: str = ""
    parent: str = ""
    references: Sequence[str] = ()
    language: str = "nb"
    recipient_name: str = ""
    attachments: Sequence[File] = ()
    act: Act = "say"
    target: str = ""
    visibility: Literal["public", "private"] = "private"
    link: str = ""
    warning: str = ""  # a content warning shown before the text, where the network has them
    was: Act | Literal[""] = (
        ""  # of a correction: what is corrected, an answer ("say") or a post ("publish")
    )
    public_url: str = ""  # where a post stands on our square
    poll: Mapping[str, Any] = field(default_factory=dict)  # options, ends_at, several
    event: Mapping[str, Any] = field(default_factory=dict)  # name, starts_at, ends_at, place
    picture_urls: Sequence[
        tuple[str, str]
    ] = ()  # addresses to fetch pictures at, with descriptions
    automatic: bool = False  # receipts and notices: marked so that machines do not answer them


@dataclass(frozen=True, slots=True)
class Receipt:
    """The network took it. `external_id` is its id of our message; `url` where people read it."""

    external_id: str
    detail: str = ""
    url: str = ""
    remark: str = ""  # a sentence for whoever wrote it


class SendError(Exception):
    """A send did not succeed.

    Attributes:
        permanent: trying again cannot help (unknown recipient, refused content).
        ambiguous: it may have gone out: only a look-up may settle it, never another send.
        account: the fault is the account's (bad token, closed): stop sending from it, tell a person.
        retry_after_seconds: what the network asked for, if it did.
        limited: the network's limit is reached: nothing more from this account until then.
        status: the HTTP status; 0 when no answer came, or it is no HTTP.
        code: what the network itself calls it ("RecordNotFound", "190/33"); "" when it has no name for it.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        account: bool = False,
        retry_after_seconds: float | None = None,
        limited: bool = False,
        status: int = 0,
        code: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.limited = limited
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.account = account
        wait = retry_after_seconds
        self.retry_after_seconds = None if wait is None else min(max(wait, 0.0), MOST_WAIT)

    @property
    def is_gone(self) -> bool:
        """What was asked for does not exist (any more)."""
        return self.status in {404, 410}


@dataclass(frozen=True, slots=True)
class Health:
    """What a check of an account found: a sentence for who must mend it, when its token ends, permissions we lack."""

    ok: bool
    detail: str = ""
    expires_at: datetime | None = None
    missing: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Polled:
    """What asking brought. The cursor is kept, and `settle` called, only when every item is committed.

    `more`: ask again at once. `reconciled`: it asked for what webhooks should have brought.
    """

    items: Sequence[RawItem] = ()
    cursor: Mapping[str, Any] = field(default_factory=dict)
    more: bool = False
    settle: Callable[[], None] | None = None
    reconciled: bool = False


@dataclass(frozen=True, slots=True)
class Reach:
    """How far something we sent to many servers came: how many have it, of how many; `lost` names those given up."""

    reached: int
    addressed: int
    lost: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A message as we have it, for an adapter to compare with what stands there now."""

    external_id: str
    body: str
    author: str  # its author's external id


@dataclass(frozen=True, slots=True)
class Preview:
    """How a text goes out: its parts, how much of the network's measure (`unit`, in words) it uses, what is worth saying."""

    parts: Sequence[str]
    used: int
    most: int
    unit: str
    remarks: Sequence[str] = ()

    @property
    def fits(self) -> bool:
        """The network takes it."""
        return self.used <= self.most


@dataclass(frozen=True, slots=True)
class Field:
    """One thing an administrator fills in to connect an account; secret ones are kept encrypted and never shown.

    `label` and `help` are translated when shown.
    """

    name: str
    label: Any
    help: Any = ""
    secret: bool = False
    required: bool = True
    choices: Sequence[tuple[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Connected:
    """An account as a network gave it to us after its owner said yes."""

    address: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    expires_at: datetime | None = None
