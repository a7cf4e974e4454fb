"""What every adapter must be able to do, in plain values: no models cross this seam."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a network can do; the desk and the outbox ask here instead of asking for the network's name."""

    read_public: bool = False
    read_private: bool = False
    reply: bool = False
    attachments: bool = False
    look_up: bool = False
    max_body_chars: int = 100_000


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """One of our accounts on a network, as an adapter may know it; secrets are decrypted."""

    id: int
    network: str
    address: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """Something received, before it is understood: what intake stores, byte for byte.

    `external_id` is the network's own id of it, or one made from the bytes when it has none.
    """

    external_id: str
    body: bytes
    media_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Author:
    """Who speaks, as the network knows them. `external_id` is stable there (address, handle id)."""

    external_id: str
    name: str = ""
    verified: str = ""  # how: "dkim", "signature" …; empty: not at all


@dataclass(frozen=True, slots=True)
class File:
    """An attachment as it came."""

    name: str
    media_type: str
    content: bytes
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing somebody said, edited or took back, out of an envelope.

    `case` is the conversation's key when the message carries ours (plus-address, subject token, secret link);
    `parents` are external ids it answers, nearest first; `folded` is what was cut from the body (quotes,
    signature), kept so that nothing is lost.
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
    attachments: Sequence[File] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """News that is not an utterance: a bounce of something we sent, an automatic reply, our own message coming back.

    `of` is the external id of our message it concerns, when known.
    """

    kind: Literal["bounce", "auto_reply", "own", "receipt", "loop"]
    of: str = ""
    detail: str = ""


class Unparseable(Exception):  # noqa: N818 - names the envelope's state
    """The bytes cannot be understood; the envelope goes to quarantine with this sentence."""


class BadSignature(Exception):  # noqa: N818 - names the verdict
    """An inbound webhook is not from whom it says."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One thing to be sent, complete: an adapter needs nothing else.

    `idempotency_key` is ours and unique; the adapter derives the network's own idempotency id from it.
    """

    idempotency_key: str
    recipient: str
    body: str
    subject: str = ""
    signature: str = ""
    case: str = ""
    case_url: str = ""
    parent: str = ""
    references: Sequence[str] = ()
    language: str = "nb"
    recipient_name: str = ""
    attachments: Sequence[File] = ()
    automatic: bool = False  # receipts and notices: marked so that machines do not answer them


@dataclass(frozen=True, slots=True)
class Receipt:
    """The network took it. `external_id` is its id of our message."""

    external_id: str
    detail: str = ""


class SendError(Exception):
    """A send did not succeed.

    Attributes:
        permanent: trying again cannot help (unknown recipient, refused content).
        ambiguous: it may have gone out: only a look-up may settle it, never another send.
        account: the fault is the account's (bad token, closed): stop sending from it, tell a person.
        retry_after_seconds: what the network asked for, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        permanent: bool = False,
        ambiguous: bool = False,
        account: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.ambiguous = ambiguous
        self.account = account
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class Health:
    """What a check of an account found; `detail` is a sentence for the person who must mend it."""

    ok: bool
    detail: str = ""
    expires_at: datetime | None = None


class Adapter(Protocol):
    """One outside network. Modules named in TORGET_ADAPTERS hold one instance as `adapter`."""

    network: str
    capabilities: Capabilities

    def verify(self, account: AccountFacts, headers: Mapping[str, str], body: bytes) -> Item:
        """Check an inbound webhook's signature on the raw body; the item to store.

        Raises:
            BadSignature: missing, wrong or too old.
        """
        ...

    def parse(
        self, item: Item, account: AccountFacts, *, received_at: datetime
    ) -> Sequence[Utterance | Notice]:
        """Understand an envelope. Pure: the same bytes give the same values.

        Raises:
            Unparseable: with a sentence for the quarantine view.
        """
        ...

    def send(self, out: Outgoing, account: AccountFacts) -> Receipt:
        """Send once, now. Never retries by itself.

        Raises:
            SendError: classified by type and code.
        """
        ...

    def look_up(self, out: Outgoing, account: AccountFacts) -> Receipt | None:
        """Read-only: did this go out? None: it certainly did not.

        Raises:
            SendError: `ambiguous` when it cannot be told.
        """
        ...

    def check(self, account: AccountFacts) -> Health:
        """Can we receive and send there now?"""
        ...
