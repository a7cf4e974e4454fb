"""What every adapter must be able to do, in plain values: no models cross this seam."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

MOST_WAIT = 7 * 24 * 3600.0  # seconds, whatever a server asks for
# What a delivery does. `say` tells one person something; `publish` posts on our own page; `edit` and `withdraw` change
# what we said; `hide`, `show` and `remove` act on what others said there.
Act = Literal["say", "publish", "edit", "withdraw", "hide", "show", "remove"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a network can do; the desk and the outbox ask here instead of asking for the network's name."""

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
    idempotent: bool = False  # the network itself takes the same key only once
    ours: bool = False  # people speak on our own pages, or in a system of ours: what is public is shown on our square
    polls: bool = False  # we ask (`Adapter.poll`), every `poll_seconds`
    poll_seconds: float = 30.0
    verify_asks: bool = False  # `verify` may ask the network: it is run beside the event loop
    proof: Literal["", "network"] = ""  # what proves who speaks when the message tells nothing
    # Others than the author (a room's moderator, the platform) take words away, and only the network tells us so.
    deletes_for_others: bool = False
    ids_are_shared: bool = False  # an id names the same message at all our accounts there
    max_body_chars: int = 100_000  # in the unit `Adapter.preview` counts in


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """One of our accounts on a network, as an adapter may know it; secrets are decrypted."""

    id: int
    network: str
    address: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    language: str = "nb"  # our own words are in it


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
    held: bool = False  # it waits there until we let it through (pre-moderation)
    changed_at: datetime | None = None  # of an edit: when; an older one changes nothing
    reply_to: str = ""  # where they asked to be answered, when that is another address than theirs
    copied_to: Sequence[str] = ()  # others it was sent to; none of them ours
    attachments: Sequence[File] = ()
    whole: bool = False  # of an edit: these are all the files it has now
    warning: str = ""  # the content warning its author put before it
    claimed_at: datetime | None = None  # when its sender says, where that is not believed
    remarks: Sequence[tuple[str, Mapping[str, str]]] = ()  # codes of `conversations.remarks`
    extra: Mapping[str, Any] = field(default_factory=dict)


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
    extra: Mapping[str, Any] = field(default_factory=dict)
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
    ) -> None:
        super().__init__(message)
        self.limited = limited
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.account = account
        wait = retry_after_seconds
        self.retry_after_seconds = None if wait is None else min(max(wait, 0.0), MOST_WAIT)


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


class Adapter(Protocol):
    """One outside network. Packages named in TORGET_ADAPTERS hold one instance as `adapter`; most extend `base.Base`.

    A package with `models` becomes a Django app of its own, and its `urls` are served, without another line anywhere.
    """

    network: str
    label: Any  # what people call the network
    icon: str  # by name, of the icons in design
    capabilities: Capabilities
    hide_means: Any  # what "hide" does there, in a sentence for the desk
    fields: Sequence[Field]  # what connecting takes; for `oauth`, before the owner is asked
    oauth: bool  # the owner is sent to the network to say yes

    def verify(self, account: AccountSnapshot, headers: Mapping[str, str], body: bytes) -> RawItem:
        """Check an inbound webhook's signature on the raw body; the item to store.

        `headers` are in lower case; `:method` and `:path` (with its query) are among them.

        Raises:
            BadSignature, NothingToKeep
        """
        ...

    def verify_webhook(self, account: AccountSnapshot, query: Mapping[str, str]) -> str | None:
        """The answer to a network that asks (by GET) whether our webhook address is ours; None when it may not know."""
        ...

    def news(self, account: AccountSnapshot, stop: threading.Event) -> Iterator[None]:
        """Yield each time `poll` is worth calling, until told to stop; waits in between."""
        ...

    def poll(self, account: AccountSnapshot, cursor: Mapping[str, Any]) -> Polled:
        """Ask for what is new since the cursor ({} the first time). May wait up to 20 seconds for something to come.

        Raises:
            SendError: as in `send`; `account` when the token is bad.
        """
        ...

    def parse(
        self, item: RawItem, account: AccountSnapshot, *, received_at: datetime
    ) -> Sequence[InboundMessage | NetworkEvent]:
        """Understand an envelope. Pure: the same bytes give the same values.

        Raises:
            Unparseable: with a sentence for the quarantine view.
        """
        ...

    def on_event(self, event: NetworkEvent, account: AccountSnapshot, *, at: datetime) -> None:
        """Do what news of the kind "network" asks for, in the caller's transaction; no network call."""
        ...

    def preview(self, out: Outgoing, account: AccountSnapshot) -> Preview:
        """How this would go out. Pure."""
        ...

    def send(self, out: Outgoing, account: AccountSnapshot) -> Receipt:
        """Do `out.act` once, now. Never retries by itself.

        Raises:
            SendError: classified by type and code.
        """
        ...

    def own_id(self, idempotency_key: str, account: AccountSnapshot) -> str:
        """The external id that what we send with that key bears there. Pure."""
        ...

    def look_up(self, out: Outgoing, account: AccountSnapshot) -> Receipt | None:
        """Read-only: did this go out? None: it certainly did not.

        Raises:
            SendError: `ambiguous` when it cannot be told.
        """
        ...

    def check(self, account: AccountSnapshot) -> Health:
        """Can we receive and send there now?"""
        ...

    def profile_url(self, account: AccountSnapshot) -> str:
        """Where people find our account; "" when it has no page."""
        ...

    def manage_path(self, account: AccountSnapshot) -> str:
        """A page of the adapter's own where staff steer what only this network has, under /desk/; "" for none."""
        ...

    def connect(self, account: AccountSnapshot) -> Connected:
        """The account that was filled in, as we keep it: its address found, its keys made. May ask the network.

        Raises:
            SendError: the network does not know it, or refuses us; with a sentence for whoever connects.
        """
        ...

    def authorise_url(self, account: AccountSnapshot, *, redirect_uri: str, state: str) -> str:
        """Where to send the owner to say yes (`oauth` only); `account` holds what the fields were filled with."""
        ...

    def redeem(self, account: AccountSnapshot, *, redirect_uri: str, code: str) -> Connected:
        """The account, for the code the network sent the owner back with.

        Raises:
            SendError: the network did not give it.
        """
        ...
